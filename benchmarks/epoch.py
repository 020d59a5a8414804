"""Images per second of whole trainings, beside torchvision's reference loop on the same files.

    python benchmarks/epoch.py [--iterations 20] [--batch 2] [--size 512] [--device cpu] [--amp]

Both load, train and log: torchvision's Mask R-CNN by the loop of its references (loading in
``--workers`` processes that stay, every loss fetched each iteration), ours by ``gains train``'s own
function, the final model's saving included. Drawn cells, ResNet-50-FPN from random weights, one
image size; the first epoch of each, which decodes and warms up, is not counted, so ours finds its
samples in memory where they fit (``--uncached``: where they do not). The share of time that
checkpoints take is measured by saving one; it is of the iterations between two.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from datasets import torchvision_dataset, write_cells
from models import build_ours, build_torchvision
from timing import machine, wait
from torch.utils.data import DataLoader

from gains import checkpoint
from gains.config import RecipeSettings, SplitSettings
from gains.datasets.coco import read_coco
from gains.datasets.splitting import make_split
from gains.training import samples
from gains.training import train as training
from gains.training.job import Job
from gains.training.optimiser import make_optimiser


def their_loop(options: argparse.Namespace, coco: Path) -> float:
    """Return images per second of torchvision's reference loop."""
    device = torch.device(options.device)
    model = build_torchvision(options.size, classes=2, frozen=False).to(device).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(trained, lr=1e-4, momentum=0.9, weight_decay=1e-4)
    data = torchvision_dataset(coco, options.size)
    loader = DataLoader(
        data,
        batch_size=options.batch,
        shuffle=True,
        drop_last=True,
        num_workers=options.workers,
        persistent_workers=options.workers > 0,
        collate_fn=lambda batch: tuple(zip(*batch, strict=True)),
    )
    warm_up, done, began = math.ceil(options.images / options.batch), 0, 0.0
    while True:
        for images, targets in loader:
            if done == warm_up:
                wait(options.device)
                began = time.perf_counter()
            if done == warm_up + options.iterations:
                wait(options.device)
                return options.iterations * options.batch / (time.perf_counter() - began)
            inputs = [image.to(device).float() / 255 for image in images]
            labels = [{key: value.to(device) for key, value in t.items()} for t in targets]
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=options.amp):
                losses = model(inputs, labels)
                total = sum(losses.values())
            _ = {name: loss.item() for name, loss in losses.items()}
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            done += 1


def our_loop(options: argparse.Namespace, coco: Path, folder: Path) -> float:
    """Return images per second of a training by ``gains train``'s own function."""
    split = folder / "split.json"
    lists = folder / "lists.json"
    names = [record.file_name for record in read_coco(coco).images.values()]
    fold = {"train": names[:-1], "val": [], "test": names[-1:]}  # a test part must not be empty
    lists.write_text(json.dumps({"folds": [fold]}))
    make_split(coco, SplitSettings(file=str(lists)), split)
    warm_up = math.ceil(options.images / options.batch)
    recipe = RecipeSettings(
        iterations=warm_up + options.iterations,
        batch_size=options.batch,
        lr=1e-4,
        milestones=(),
        train_sizes=(options.size,),
        test_size=options.size,
        device=options.device,
        threads=options.threads,
        workers=options.workers,
        amp=options.amp,
    )
    backbone = {"name": "resnet50", "norm": "bn", "weights": "none", "freeze_at": 0}
    settings = {
        "method": {"name": options.method, "backbone": backbone},
        "recipe": recipe.model_dump(mode="json"),
        "max_detections": 100,
        "cell_category": 1,
        "maps": None,
    }
    times: list[float] = []
    plain = training.step

    def timed(*arguments: Any) -> Any:
        wait(options.device)
        times.append(time.perf_counter())
        return plain(*arguments)

    training.step = timed
    training.train(Job(settings, coco, split, None, 0, 0, folder / "model.pt", folder / "scratch"))
    training.step = plain
    return options.iterations * options.batch / (time.perf_counter() - times[warm_up])


def checkpoint_seconds(folder: Path, device: str) -> float:
    """Return how long a checkpoint of Mask R-CNN with its momentum takes."""
    model = build_ours("mask_rcnn").to(device)
    optimiser = make_optimiser(model, RecipeSettings())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    content = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
    began = time.perf_counter()
    checkpoint.save(folder / "last.pt", content)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--method", default="mask_rcnn")
    parser.add_argument("--images", type=int, default=8, help="of the data set")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=2, help="that load data")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--amp", action="store_true", help="bf16 autocast on both sides")
    parser.add_argument("--uncached", action="store_true", help="ours reads every sample anew")
    options = parser.parse_args()
    if options.uncached:
        samples.CACHE_BYTES = dict.fromkeys(samples.CACHE_BYTES, 0)
    torch.set_num_threads(options.threads)
    logging.disable()
    with tempfile.TemporaryDirectory() as name:
        coco = write_cells(Path(name), options.images, options.size)
        theirs = their_loop(options, coco)
        ours = our_loop(options, coco, Path(name))
        saved = checkpoint_seconds(Path(name), options.device)
    print(machine(options.device))
    print(f"{options.size} px, batch {options.batch}, {'bf16' if options.amp else 'fp32'}")
    print(f"torchvision's loop {theirs:8.3f} images/s")
    print(f"gains train        {ours:8.3f} images/s   {ours / theirs:.2f} x torchvision's")
    every = RecipeSettings().checkpoint_every
    share = saved / (saved + every * options.batch / ours)
    print(f"checkpoint {saved:.2f} s, every {every} iterations: {share:.2%} of the time")


if __name__ == "__main__":
    main()
