"""Compare images per second of whole trainings with torchvision's reference loop, on equal files.

    python benchmarks/epoch.py [--methods mask_rcnn] [--size 512] [--batch 2] [--precision fp32]
                               [--iterations 10] [--rounds 3] [--device cpu]

    on a GPU: --device cuda --methods mask_rcnn gains --size 512 800 --batch 1 2 4 8 16
              --precision fp32 bf16 --iterations 60

All trainings load samples, train and write a log. torchvision's Mask R-CNN trains in the loop of
torchvision's references, which loads in ``--workers`` processes and reads every loss in each
iteration. Our methods train in the function of ``gains train``; GAInS also reads its anomaly maps.
The images are drawn cells of one size, and the ResNet-50-FPN starts from random weights. The
trainings take turns. The script prints medians over the rounds, the share of time that the device
was busy, and the maximum memory on a GPU. The first iterations, which read every image once, do not
count, so that our samples are in memory if they fit; ``--uncached`` measures the case that they do
not fit. To find the share of time that checkpoints of Mask R-CNN take, the script saves one.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, RandomSampler

from gains.config.maps import MapSettings
from gains.config.recipe import RecipeSettings
from gains.methods import METHODS
from gains.methods.run_settings import RunSettings
from gains.models import checkpoint
from gains.training import checkpoint_timer, samples
from gains.training.job import Job
from gains.training.optimiser import make_optimiser
from lib.datasets import torchvision_dataset, write_cells
from lib.models import build_ours, build_torchvision
from lib.timing import Gauge, free_memory, machine, wait
from lib.trainings import Measured, maps_of, measure, train_all

REFERENCE = "torchvision"


def joined(batch: list[Any]) -> tuple[Any, ...]:
    return tuple(zip(*batch, strict=True))


def theirs(options: argparse.Namespace, coco: Path, size: int, batch: int, amp: bool) -> Measured:
    """Train in torchvision's reference loop."""
    free_memory()
    device = torch.device(options.device)
    model = build_torchvision(size, classes=2, frozen=False).to(device).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(trained, lr=1e-4, momentum=0.9, weight_decay=1e-4)
    data = torchvision_dataset(coco, size)
    warm_up, gauge, began = math.ceil(options.images / batch), Gauge(options.device), 0.0
    # One long epoch: in many short epochs the loop would wait for the first batch of each.
    wanted = (warm_up + options.iterations + 1) * batch
    loader = DataLoader(
        data,
        batch_size=batch,
        sampler=RandomSampler(data, num_samples=wanted),
        num_workers=options.workers,
        collate_fn=joined,
    )
    for done, (images, targets) in enumerate(loader):
        if done == warm_up:
            wait(options.device)
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()
            gauge.start()
            began = time.perf_counter()
        if done == warm_up + options.iterations:
            break
        inputs = [image.to(device).float() / 255 for image in images]
        labels = [{key: value.to(device) for key, value in t.items()} for t in targets]
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=amp):
            losses = model(inputs, labels)
            total = sum(losses.values())
        _ = {name: loss.item() for name, loss in losses.items()}
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    wait(options.device)
    seconds = (time.perf_counter() - began) / options.iterations
    memory = torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else None
    return Measured(seconds, gauge.stop(), memory)


def ours(
    options: argparse.Namespace, method: str, coco: Path, size: int, batch: int, amp: bool
) -> Measured:
    """Train in the function of ``gains train``."""
    folder = coco.parent
    split = train_all(coco, folder)
    warm_up = math.ceil(options.images / batch)
    recipe = RecipeSettings(
        iterations=warm_up + options.iterations,
        batch_size=batch,
        lr=1e-4,
        milestones=(),
        train_sizes=(size,),
        test_size=size,
        device=options.device,
        threads=options.threads,
        workers=options.workers,
        amp=amp,
    )
    backbone = {"name": "resnet50", "norm": "bn", "weights": "none", "freeze_at": 0}
    record = METHODS.get(method)
    model = record.settings.model_validate({"backbone": backbone})
    settings = RunSettings(
        method=method,
        model=model,
        recipe=recipe,
        maps=MapSettings() if record.needs_maps(model) else None,
        max_detections=100,
        cell_category=1 if record.needs_cell else None,
    )
    maps = maps_of(coco, settings.maps, options.threads) if settings.maps else None
    out = folder / "model.pt"
    return measure(Job(settings, coco, split, maps, 0, 0, out, folder / "scratch"), warm_up)


def checkpoint_seconds(folder: Path, device: str) -> float:
    """Return the seconds that a checkpoint of Mask R-CNN with its momentum takes."""
    model = build_ours("mask_rcnn").to(device)
    optimiser = make_optimiser(model, RecipeSettings())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    content = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
    wait(device)
    began = time.perf_counter()
    checkpoint.save(folder / "last.pt", content)
    return time.perf_counter() - began


def compare(options: argparse.Namespace, coco: Path, size: int, batch: int, amp: bool) -> None:
    """Measure and print all loops at one size, batch and precision."""
    taken: dict[str, list[Measured]] = {name: [] for name in (REFERENCE, *options.methods)}
    for _ in range(options.rounds):
        for name, found in taken.items():
            arguments = (coco, size, batch, amp)
            if name == REFERENCE:
                found.append(theirs(options, *arguments))
            else:
                found.append(ours(options, name, *arguments))
    print(f"{size} px, batch {batch}, {'bf16' if amp else 'fp32'}", flush=True)
    middle = {name: statistics.median(m.seconds for m in found) for name, found in taken.items()}
    for name, found in taken.items():
        line = f"  {name:20}{batch / middle[name]:9.3f} images/s"
        line += f"   {middle[REFERENCE] / middle[name]:.2f} x {REFERENCE}'s"
        busy = [m.busy for m in found if m.busy is not None]
        line += f"   busy {statistics.fmean(busy):.0%}" if busy else ""
        memory = [m.memory_gib for m in found if m.memory_gib is not None]
        print(line + (f"   {max(memory):.1f} GiB" if memory else ""), flush=True)
    if "mask_rcnn" in options.methods:
        saved = checkpoint_seconds(coco.parent, options.device)
        every = RecipeSettings().checkpoint_every
        between = max(every * middle["mask_rcnn"], saved / checkpoint_timer.SHARE)
        print(f"  a checkpoint takes {saved:.2f} s, {saved / (saved + between):.2%} of the time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--methods", nargs="+", default=["mask_rcnn"])
    parser.add_argument("--images", type=int, default=16, help="Number of images in the data set.")
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, nargs="+", default=[2])
    parser.add_argument("--size", type=int, nargs="+", default=[512])
    parser.add_argument("--precision", nargs="+", choices=["fp32", "bf16"], default=["fp32"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--workers", type=int, default=2, help="Number of processes that load data."
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--uncached", action="store_true", help="Read every sample again in our trainings."
    )
    options = parser.parse_args()
    if options.uncached:
        samples.CACHE_BYTES = dict.fromkeys(samples.CACHE_BYTES, 0)
    torch.set_num_threads(options.threads)
    logging.disable()
    print(machine(options.device))
    for size in options.size:
        with tempfile.TemporaryDirectory() as name:
            coco = write_cells(Path(name), options.images, size)
            for batch, precision in itertools.product(options.batch, options.precision):
                compare(options, coco, size, batch, precision == "bf16")


if __name__ == "__main__":
    main()
