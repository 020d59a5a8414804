"""The optimiser and its schedule, as pure functions of the recipe and the iteration."""

from __future__ import annotations

import torch
from torch import nn

from gains.config.recipe import RecipeSettings

NOT_DECAYED = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm, nn.Embedding)


def learning_rate(recipe: RecipeSettings, iteration: int) -> float:
    """Return the learning rate of an iteration (from 0): linear warm-up, then steps."""
    factor = recipe.gamma ** sum(iteration >= milestone for milestone in recipe.milestones)
    if iteration < recipe.warmup_iterations:
        progress = iteration / recipe.warmup_iterations
        factor *= recipe.warmup_factor * (1 - progress) + progress
    return recipe.lr * factor


def make_optimiser(model: nn.Module, recipe: RecipeSettings) -> torch.optim.Optimizer:
    """Return SGD with momentum, or AdamW.

    Parameters of norms and embeddings are not decayed, biases are (detectron2). Each group holds
    the ``factor`` by which its learning rate differs from the schedule's.
    """
    kept = {
        id(p)
        for module in model.modules()
        if isinstance(module, NOT_DECAYED)
        for p in module.parameters(recurse=False)
    }
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = 0.0 if id(parameter) in kept else recipe.weight_decay
            in_backbone = name.startswith("backbone.body.")
            factor = recipe.backbone_lr_factor if in_backbone else 1.0
            groups.setdefault((decay, factor), []).append(parameter)
    made = [
        {"params": parameters, "weight_decay": decay, "factor": factor, "lr": recipe.lr * factor}
        for (decay, factor), parameters in groups.items()
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(made, lr=recipe.lr, fused=True)
    return torch.optim.SGD(made, lr=recipe.lr, momentum=recipe.momentum, fused=True)
