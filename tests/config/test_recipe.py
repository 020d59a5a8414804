"""Recipes that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from gains.config.recipe import RecipeSettings


def test_a_batch_falls_into_equal_parts() -> None:
    with pytest.raises(ValueError, match="batch_size 4 cannot be divided into 3 equal parts"):
        RecipeSettings(batch_size=4, accumulate=3)


def test_only_the_choice_of_the_best_weights_ends_early() -> None:
    with pytest.raises(ValueError, match="early_stopping ends a training .* set select: best"):
        RecipeSettings(early_stopping=3, validate_every=10)
    assert RecipeSettings(early_stopping=3, select="best").early_stopping == 3


def test_the_rate_drops_at_equal_intervals_or_at_milestones() -> None:
    with pytest.raises(ValueError, match=r"decay_every 9 and milestones \[15000, 18000\].*`milest"):
        RecipeSettings(decay_every=9)
    assert RecipeSettings(decay_every=9, milestones=()).decay_every == 9


@pytest.mark.parametrize(
    ("recipe", "interval"),
    [
        ({}, None),
        ({"validate_every": 7}, 7),
        ({"select": "best"}, 2000),
        ({"select": "best", "iterations": 4}, 1),
        ({"select": "best", "validate_every": 7}, 7),
    ],
)
def test_when_a_training_validates(recipe: dict[str, Any], interval: int | None) -> None:
    assert RecipeSettings(**recipe).validation_interval == interval
