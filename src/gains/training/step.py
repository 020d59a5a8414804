"""One training step: losses, gradients, update."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gains.config.recipe import RecipeSettings
from gains.models.contract import Detector
from gains.training.samples import Sample

LONE_VALUE = "more than 1 value per channel"
"""Part of torch's message on a batch norm that is trained with a single value."""


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
        try:
            losses = model.losses(images, targets, generator)
        except ValueError as error:
            if LONE_VALUE not in str(error):
                raise
            raise _lone_value(part) from error
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
    (total / recipe.accumulate).backward()  # type: ignore[no-untyped-call]
    return {name: loss.detach().float() for name, loss in losses.items()}


def _lone_value(part: list[Sample]) -> ValueError:
    shapes = ", ".join(f"{s.name} of {s.image.shape[-2]} x {s.image.shape[-1]} px" for s in part)
    return ValueError(
        f"a batch norm has a single value per channel, of which it cannot learn the spread: "
        f"{len(part)} image{'s' * (len(part) > 1)} at once, {shapes}, so that the coarsest "
        "features have one pixel; use larger images or a larger batch, a smaller `size` of a "
        "U-Net, or another norm: `norm: gn` of the backbone, and `mask_norm: gn` of CondInst"
    )
