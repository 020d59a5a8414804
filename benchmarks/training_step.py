"""Compare the time of every method's training step with the cost of its parts.

    python benchmarks/training_step.py [--methods pointrend ...] [--size 512] [--repetitions 5]

A step computes the losses and their gradients for one image with 10 objects on one core of the CPU.
Each method has its default settings and a ResNet-50 with random weights. All two-stage methods get
the same proposals, 60 of them foreground, including the objects themselves.

The expected cost of a method is a sum of three terms, all measured in the same run:

    Mask R-CNN's step
    + (its FLOPs - Mask R-CNN's) / (Mask R-CNN's FLOPs / Mask R-CNN's step)
    + its RoIAlign, matching and sampling calls - Mask R-CNN's

FLOPs are those of convolutions and matrix products, forward and backward. PyTorch counts none in
RoIAlign, ``grid_sample`` and ``embedding_bag``. The script records these calls, NMS and the
matchings in a step with their arguments and times them separately, also forward and backward.
``ratio`` takes both differences as extra costs, and as 0 where a method has less than Mask R-CNN;
``signed`` lets them be negative, so that the time of RoIs is subtracted for a method without them.

Times are CPU times of this process, medians in ms; the repetitions of all methods are interleaved.
In the output, ``apart`` is the time of the separate calls, and ``sum`` is the sum with extra costs.
The ratios are the time of the step divided by the sums.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import scipy.optimize
import torch
import torchvision
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from gains.detection import matching, roi_align
from gains.detection.proposals import ProposalNetwork
from gains.methods import METHODS
from gains.models.contract import Detector, Target, Task
from lib.scenes import OBJECTS, fixed_proposals, scene

BASE = "mask_rcnn"
BACKBONE = {"name": "resnet50", "weights": "none", "norm": "gn", "freeze_at": 0}
TIMED: tuple[Callable[..., Any], ...] = (
    roi_align.roi_align,
    torchvision.ops.roi_align,
    torchvision.ops.nms,
    torchvision.ops.batched_nms,
    torchvision.ops.box_iou,
    matching.match_boxes,
    matching.sample_boxes,
    torch.nn.functional.grid_sample,
    torch.nn.functional.embedding_bag,
    scipy.optimize.linear_sum_assignment,
)


@dataclass
class Call:
    """A call of a timed function with arguments that are detached from the graph of the step."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def seconds(self) -> float:
        """Return the time of the call and, if it has a gradient, of its backward pass."""
        args, kwargs = tree_map(cut, self.args), tree_map(cut, self.kwargs)
        start = time.process_time()
        for out in tree_leaves(self.function(*args, **kwargs)):
            if isinstance(out, Tensor) and out.requires_grad:
                out.backward(torch.ones_like(out))  # type: ignore[no-untyped-call]
        return time.process_time() - start


def cut(value: Any) -> Any:
    """Return a tensor as a leaf that requires a gradient if the tensor did, or another value."""
    if not isinstance(value, Tensor):
        return value
    return value.detach().requires_grad_(value.requires_grad and torch.is_grad_enabled())


@dataclass
class Entry:
    """A method with its measurements."""

    name: str
    model: Detector
    flops: int = 0
    calls: list[Call] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)


def prepare(name: str, target: Target, size: int) -> Entry:
    """Build the model of a method; it computes its proposals, which fixed ones then replace."""
    torch.manual_seed(0)
    record = METHODS.get(name)
    settings: Any = record.settings.model_validate({"backbone": BACKBONE})
    model = record.build(settings, Task(1, 100, cell=0)).train()
    for module in model.modules():
        if isinstance(module, ProposalNetwork):
            fixed = fixed_proposals(target, size, settings.rpn_post_nms_train)
            module.register_forward_hook(lambda *all, fixed=fixed: ([fixed], all[2][1]))
    return Entry(name, model)


def step(model: Detector, image: Tensor, target: Target) -> float:
    """Return the time of losses and gradients; every call draws the same random numbers."""
    start = time.process_time()
    losses = model.losses([image], [target], torch.Generator().manual_seed(0))
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    taken = time.process_time() - start
    model.zero_grad(set_to_none=True)  # all models share the memory
    return taken


@contextlib.contextmanager
def recording(calls: list[Call]) -> Iterator[None]:
    """Record the outermost calls of the timed functions in all modules that import them."""
    inside = False

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside:
                return function(*args, **kwargs)
            calls.append(Call(function, tree_map(cut, args), tree_map(cut, kwargs)))
            inside = True
            result = function(*args, **kwargs)
            inside = False
            return result

        return noted

    places = [
        (module, function)
        for module in list(sys.modules.values())
        for function in TIMED
        if vars(module).get(function.__name__) is function
    ]
    wrapped = {function: wrap(function) for function in TIMED}
    for module, function in places:
        setattr(module, function.__name__, wrapped[function])
    yield
    for module, function in places:
        setattr(module, function.__name__, function)


def backward_flops(grad: Any, x: Any, weight: Any, *args: Any, **_: Any) -> int:
    """Count the FLOPs of a convolution's gradients: each costs a forward pass, also in groups.

    PyTorch's formula multiplies those of the weight's gradient by the number of groups.
    """
    transposed, output_mask = args[4], args[7]
    forward: int = conv_flop_count(x, weight, grad, transposed=transposed)
    gradients = int(output_mask[0]) + int(output_mask[1])
    return forward * gradients


def count(entry: Entry, image: Tensor, target: Target) -> None:
    """Count the FLOPs and record the calls of a method; this is also its warm-up."""
    counter = FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution_backward: backward_flops}
    )
    with counter:
        step(entry.model, image, target)
    entry.flops = counter.get_total_flops()
    with recording(entry.calls):
        step(entry.model, image, target)


def report(entries: list[Entry]) -> None:
    """Print a row per method."""
    base = entries[0]
    base_step, base_apart = statistics.median(base.steps), statistics.median(base.apart)
    print(
        f"{'method':24}{'GFLOP':>8}{'calls':>7}{'apart':>8}{'step':>8}{'sum':>8}{'ratio':>7}{'signed':>8}"
    )
    for entry in entries:
        taken, apart = statistics.median(entry.steps), statistics.median(entry.apart)
        extras = base_step * (entry.flops / base.flops - 1), apart - base_apart
        wanted, signed = base_step + sum(max(0.0, x) for x in extras), base_step + sum(extras)
        print(
            f"{entry.name:24}{entry.flops / 1e9:8.1f}{len(entry.calls):7}{apart * 1e3:8.0f}"
            f"{taken * 1e3:8.0f}{wanted * 1e3:8.0f}{taken / wanted:7.2f}{taken / signed:8.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--methods", nargs="+", choices=METHODS.names(), default=METHODS.names())
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    image, target = scene(options.size)
    names = [BASE, *(name for name in options.methods if name != BASE)]
    entries = [prepare(name, target, options.size) for name in names]
    for entry in entries:
        count(entry, image, target)
    for _ in range(options.repetitions):
        for entry in entries:
            entry.steps.append(step(entry.model, image, target))
            entry.apart.append(sum(call.seconds() for call in entry.calls))
    print(f"{options.size} px, {OBJECTS} objects, {options.repetitions} repetitions")
    report(entries)


if __name__ == "__main__":
    main()
