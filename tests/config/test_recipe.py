"""Recipes that are refused."""

from __future__ import annotations

import pytest

from gains.config.recipe import RecipeSettings


def test_a_batch_falls_into_equal_parts() -> None:
    with pytest.raises(ValueError, match="batch_size 4 cannot be divided into 3 equal parts"):
        RecipeSettings(batch_size=4, accumulate=3)
