"""The optimiser and its schedule, as pure functions of the recipe and the iteration."""

from __future__ import annotations

import torch
from torch import nn

from gains.config import RecipeSettings

NORMS = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


def learning_rate(recipe: RecipeSettings, iteration: int) -> float:
    """Return the learning rate of an iteration (from 0): linear warm-up, then steps."""
    factor = recipe.gamma ** sum(iteration >= milestone for milestone in recipe.milestones)
    if iteration < recipe.warmup_iterations:
        progress = iteration / recipe.warmup_iterations
        factor *= recipe.warmup_factor * (1 - progress) + progress
    return recipe.lr * factor


def make_optimiser(model: nn.Module, recipe: RecipeSettings) -> torch.optim.SGD:
    """Return SGD with momentum; norm parameters are not decayed, biases are (detectron2)."""
    norms = {
        id(p) for m in model.modules() if isinstance(m, NORMS) for p in m.parameters(recurse=False)
    }
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {
            "params": [p for p in trained if id(p) not in norms],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in trained if id(p) in norms], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum)
