"""One training step: losses, gradients, update."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gains.config.recipe import RecipeSettings
from gains.models.contract import Detector
from gains.training.samples import Sample


def step(
    model: Detector,
    optimiser: torch.optim.Optimizer,
    batch: list[Sample],
    recipe: RecipeSettings,
    generator: torch.Generator,
    device: torch.device,
) -> dict[str, Tensor]:
    """Take a training step and return its losses on the device, without waiting for the device."""
    optimiser.zero_grad(set_to_none=True)
    size = len(batch) // recipe.accumulate
    parts = [batch[start : start + size] for start in range(0, len(batch), size)]
    results = [_gradients(model, part, recipe, generator, device) for part in parts]
    if recipe.clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
    optimiser.step()
    if len(results) == 1:
        return results[0]
    return {name: torch.stack([part[name] for part in results]).mean() for name in results[0]}


def _gradients(
    model: Detector,
    part: list[Sample],
    recipe: RecipeSettings,
    generator: torch.Generator,
    device: torch.device,
) -> dict[str, Tensor]:
    """Add the gradients of a part of a batch, and return the losses of the part."""
    part = [sample.to(device) for sample in part]
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.amp):
        images, targets = [s.image for s in part], [s.target for s in part]
        losses = model.losses(images, targets, generator)
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
    (total / recipe.accumulate).backward()  # type: ignore[no-untyped-call]
    return {name: loss.detach().float() for name, loss in losses.items()}
