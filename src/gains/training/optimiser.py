"""The optimiser and its schedule, as pure functions of recipe and iteration."""

from __future__ import annotations

import torch
from torch import nn

from gains.config.recipe import RecipeSettings
from gains.models.contract import Detector

NOT_DECAYED = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm, nn.Embedding)


def learning_rate(recipe: RecipeSettings, iteration: int) -> float:
    """Return the learning rate of an iteration (from 0): linear warm-up, then steps.

    The steps are at the milestones, or after every ``decay_every`` iterations.
    """
    drops = sum(iteration >= milestone for milestone in recipe.milestones)
    if recipe.decay_every is not None:
        drops += iteration // recipe.decay_every
    factor = recipe.gamma**drops
    if iteration < recipe.warmup_iterations:
        progress = iteration / recipe.warmup_iterations
        factor *= recipe.warmup_factor * (1 - progress) + progress
    return recipe.lr * factor


def make_optimiser(
    model: nn.Module, recipe: RecipeSettings, encoder: str = Detector.encoder
) -> torch.optim.Optimizer:
    """Return SGD with momentum, AdamW, or RMSprop without momentum.

    RMSprop has the constants of Keras: the share 0.9 of the old mean of squares is kept, and 1e-7
    is added to the root of that mean (torch: 0.99 and 1e-8). Like SGD, it adds the decayed weights
    to the gradient.

    Weight decay applies to biases but not to norms and embeddings (detectron2). Each parameter
    group holds the ``factor`` by which its learning rate differs from that of the schedule.

    Args:
        model: the model to train; parameters without gradient are left out.
        recipe: optimiser, learning rate, momentum, weight decay.
        encoder: prefix of the parameters that ``backbone_lr_factor`` applies to.
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
            in_backbone = name.startswith(encoder)
            factor = recipe.backbone_lr_factor if in_backbone else 1.0
            groups.setdefault((decay, factor), []).append(parameter)
    made = [
        {"params": parameters, "weight_decay": decay, "factor": factor, "lr": recipe.lr * factor}
        for (decay, factor), parameters in groups.items()
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(made, lr=recipe.lr, fused=True)
    if recipe.optimiser == "rmsprop":
        return torch.optim.RMSprop(made, lr=recipe.lr, alpha=0.9, eps=1e-7, momentum=0.0)
    return torch.optim.SGD(made, lr=recipe.lr, momentum=recipe.momentum, fused=True)
