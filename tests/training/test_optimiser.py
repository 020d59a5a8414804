"""Learning rate and weight decay."""

from __future__ import annotations

import pytest
import torch

from gains.config.recipe import RecipeSettings
from gains.training.optimiser import learning_rate, make_optimiser


def test_learning_rate_by_hand() -> None:
    recipe = RecipeSettings(
        lr=0.1, warmup_iterations=10, warmup_factor=0.1, milestones=(20, 30), gamma=0.1
    )
    found = [learning_rate(recipe, i) for i in (0, 5, 10, 19, 20, 30)]
    assert found == pytest.approx([0.01, 0.055, 0.1, 0.1, 0.01, 0.001])


def test_norms_are_not_decayed_and_biases_are() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.GroupNorm(2, 4))
    decayed, plain = make_optimiser(model, RecipeSettings(weight_decay=0.1)).param_groups
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 1, 1), (4,)]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert len(plain["params"]) == 2
