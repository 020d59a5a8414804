"""Compare training steps of Mask R-CNN and GAInS with torchvision's ``maskrcnn_resnet50_fpn``.

    python benchmarks/against_torchvision.py [--size 512] [--batch 1 2] [--device cpu] [--amp]
                                             [--compile]

A step computes the losses and their gradients and updates the weights. All models have a
ResNet-50-FPN with frozen batch norms and adaptive RoIAlign. All get images with 10 objects and the
same proposals, 60 of them foreground, and sample the same number of anchors and RoIs. Each model
trains as in its own loop: ours in channels-last format with a fused optimiser; torchvision's
without these, and its loop reads every loss. ``--compile`` adds our models with a ResNet compiled
by ``torch.compile``; the first step, which compiles, does not count. The models take turns. Images
per second and ratios are computed from medians. On a GPU, ``GiB`` is the maximum memory that a few
steps allocate while no other model exists.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from gains.config.recipe import RecipeSettings
from gains.models.contract import Target
from gains.models.device import to_device
from gains.training.optimiser import make_optimiser
from gains.training.samples import Sample
from gains.training.step import step
from lib.models import build_ours, build_torchvision, fix_proposals, their_targets
from lib.scenes import fixed_proposals, scene
from lib.timing import free_memory, interleave, machine

REFERENCE = "torchvision"
LEARNING_RATE = 1e-12
"""So small that the models stay as they are."""


def our_step(
    name: str, size: int, batch: int, device: torch.device, amp: bool, compiled: bool = False
) -> Callable[[], Any]:
    """Return a training step of one of our methods; it calls the function of our training loop."""
    recipe = RecipeSettings(amp=amp, batch_size=batch, iterations=1, lr=LEARNING_RATE)
    samples = [Sample(str(k), *scene(size, k)) for k in range(batch)]
    model = to_device(build_ours(name), device)
    model.train()
    if compiled:
        model.get_submodule("backbone.body").compile()
    fix_proposals(model, fixed_proposals(samples[0].target, size, 1000).to(device), batch)
    optimiser = make_optimiser(model, recipe)
    generator = torch.Generator(device)
    return lambda: step(model, optimiser, samples, recipe, generator.manual_seed(0), device)


def their_step(size: int, batch: int, device: torch.device, amp: bool) -> Callable[[], Any]:
    """Return a training step of torchvision's reference loop."""
    scenes = [scene(size, k) for k in range(batch)]
    model = build_torchvision(size).to(device).train()
    fix_proposals(model, fixed_proposals(scenes[0][1], size, 1000).to(device), batch)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(trained, lr=LEARNING_RATE, momentum=0.9, weight_decay=1e-4)

    def take() -> None:
        images = [image.to(device).float() / 255 for image, _ in scenes]
        targets = their_targets([Target.to(target, device) for _, target in scenes])
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=amp):
            losses = model(images, targets)
            total = sum(losses.values())
        _ = total.item()  # the reference loop reads every loss
        optimiser.zero_grad()
        total.backward()
        optimiser.step()

    return take


def peak_gib(make: Callable[[], Callable[[], Any]]) -> float:
    """Return the maximum GPU memory in GiB during three steps of a new model."""
    free_memory()
    torch.cuda.reset_peak_memory_stats()
    step = make()
    for _ in range(3):
        step()
    return torch.cuda.max_memory_allocated() / 2**30


def measure(options: argparse.Namespace, batch: int) -> None:
    """Measure and print the steps of all models at one batch size."""
    device, size = torch.device(options.device), options.size
    makers = {REFERENCE: partial(their_step, size, batch, device, options.amp)}
    for name in options.methods:
        makers[name] = partial(our_step, name, size, batch, device, options.amp)
        if options.compile:
            makers[f"{name}, compiled"] = partial(makers[name], compiled=True)
    calls = {name: make() for name, make in makers.items()}
    taken = interleave(calls, options.repetitions, options.device)
    calls.clear()
    print(f"{size} px, batch {batch}, {'bf16' if options.amp else 'fp32'}")
    for name, seconds in taken.items():
        line = f"  {name:20}{seconds * 1e3:9.1f} ms {batch / seconds:8.2f} images/s"
        line += f"   {seconds / taken[REFERENCE]:.2f} x torchvision's"
        if device.type == "cuda":
            line += f"   {peak_gib(makers[name]):.1f} GiB"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--methods", nargs="+", default=["mask_rcnn", "gains"])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", action="store_true", help="Use bfloat16 autocast in all models.")
    parser.add_argument(
        "--compile", action="store_true", help="Also measure our models with a compiled ResNet."
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine(options.device))
    for batch in options.batch:
        measure(options, batch)


if __name__ == "__main__":
    main()
