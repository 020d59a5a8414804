"""The block ``clusters`` of a recipe."""

from __future__ import annotations

from typing import Any

import pytest

from gains.config.base import merge, validated
from gains.config.recipe import RecipeSettings
from helpers.tiny import settings_of

BLOCK = {"scenes": 30, "objects": [1, 3], "overlap": [0.2, 0.5], "opacity": [0.3, 0.3]}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({}, "clusters: the key 'scenes' is missing"),
        ({"scenes": 0}, "clusters.scenes: Input should be greater than or equal to 1"),
        ({"scenes": 5, "objects": [0, 2]}, "objects.0: Input should be greater than or equal to 1"),
        ({"scenes": 5, "overlap": [0.5, 0.2]}, "smaller value of a range comes first, found"),
        ({"scenes": 5, "opacity": [0, 1.2]}, "opacity.1: Input should be less than or equal to 1"),
        ({"scenes": 5, "transparency": [0, 1]}, "unknown key 'transparency'"),
        (True, "clusters: "),
    ],
)
def test_what_is_not_valid_is_refused_by_name(block: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validated(RecipeSettings, {"clusters": block}, "recipe")


def test_a_training_without_clusters_has_the_settings_that_it_had_before() -> None:
    plain, changed = settings_of("mask_rcnn"), settings_of("mask_rcnn", clusters=BLOCK)
    for content in (plain.to_json(), plain.recorded_json(), plain.training_json()):
        assert "clusters" not in content["recipe"]
    for content in (changed.to_json(), changed.recorded_json()):
        assert content["recipe"]["clusters"] == BLOCK
    assert changed.from_json(changed.to_json(), "test") == changed


def test_a_layer_can_switch_clusters_off() -> None:
    assert RecipeSettings(**merge({"clusters": BLOCK}, {"clusters": None})).clusters is None


def test_clusters_are_named_among_the_augmentations_of_a_row() -> None:
    words = "clusters (scenes 30, objects 1 to 3, overlap 0.2 to 0.5, opacity 0.3 to 0.3)"
    recipe = settings_of("mask_rcnn", clusters=BLOCK, augmentations=[{"name": "crop"}]).recipe
    assert recipe.augmented_by == f"crop (p 0.5, share 0.5 to 1) + {words}"
    assert settings_of("mask_rcnn").recipe.augmented_by == ""
