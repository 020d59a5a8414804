"""Compare the time of a U-Net's training step with that of its convolutions alone.

    python benchmarks/unet_step.py [--method layering] [--size M] [--side 320] [--repetitions 3]

A step computes the losses of a batch and their gradients. The same run then times each of its
convolutions by itself, forward and backward, on tensors of the same shape and memory format, with
gradients of the inputs where the step needs them. What remains of the step are ReLUs, batch norms,
pooling, interpolation, concatenation, targets and losses.

Times are CPU times of this process, medians in seconds; step and convolutions take turns. The ratio
is the time of the step divided by that of its convolutions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gains.methods import METHODS
from gains.models.contract import Detector, Task
from gains.models.device import to_device
from lib.scenes import OBJECTS, scene


@dataclass
class Convolution:
    """A convolution of a step, with an input of its own."""

    module: nn.Conv2d
    x: Tensor
    gradient: Tensor

    def run(self) -> None:
        """Compute the output, and the gradients of weights and input."""
        out = self.module(self.x)
        out.backward(self.gradient)
        self.x.grad = None


def convolutions(model: Detector, step: Callable[[], None]) -> list[Convolution]:
    """Return the convolutions of a step in the order of their calls."""
    found = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        x = torch.randn_like(inputs[0]).requires_grad_(inputs[0].requires_grad)
        found.append(Convolution(module, x, torch.randn_like(out)))

    hooks = [m.register_forward_hook(note) for m in model.modules() if isinstance(m, nn.Conv2d)]
    step()
    for hook in hooks:
        hook.remove()
    return found


def seconds(call: Callable[[], None]) -> float:
    """Return the CPU time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--method", choices=("layering", "unet2", "unet3"), default="layering")
    parser.add_argument("--size", choices=("S", "M", "L"), default="M")
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    record = METHODS.get(options.method)
    settings = record.settings.model_validate({"size": options.size})
    model = to_device(record.build(settings, Task(1, 100)), torch.device("cpu")).train()
    image, target = scene(options.side)

    def step() -> None:
        losses = model.losses([image] * options.batch, [target] * options.batch, torch.Generator())
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        model.zero_grad(set_to_none=True)

    parts = convolutions(model, step)

    def alone() -> None:
        for part in parts:
            part.run()
        model.zero_grad(set_to_none=True)

    calls = {"step": step, "convolutions": alone}
    alone()  # the step has run already
    rounds = [
        {name: seconds(call) for name, call in calls.items()} for _ in range(options.repetitions)
    ]
    times = {name: statistics.median(row[name] for row in rounds) for name in calls}
    print(
        f"{options.method}, U-Net-{options.size}, {options.batch} images of {options.side} px with "
        f"{OBJECTS} objects each, {len(parts)} convolutions, {options.repetitions} repetitions"
    )
    for name, taken in times.items():
        print(f"{name:14}{taken:8.3f} s")
    print(f"{'ratio':14}{times['step'] / times['convolutions']:8.2f}")


if __name__ == "__main__":
    main()
