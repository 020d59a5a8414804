"""The list of augmentations in a recipe."""

from __future__ import annotations

from typing import Any

import pytest

from gains.config.augmentation import TRANSFORMS, CropSettings, RotationSettings
from gains.config.base import merge, validated
from gains.config.recipe import RecipeSettings
from helpers.tiny import settings_of

ROTATION = {"name": "rotation", "degrees": [-90, 90], "p": 0.2}


def recipe(*augmentations: Any) -> RecipeSettings:
    return validated(RecipeSettings, {"augmentations": list(augmentations)}, "recipe")


def test_what_is_switched_off_is_neither_recorded_nor_told() -> None:
    plain, changed = recipe(
        {"name": "rotation"},
        {"name": "rotation", "whole": True, "fill": "black", "degrees": [0, 9]},
    ).augmentations
    assert plain.model_dump() == {"name": "rotation", "p": 0.5, "degrees": (-180, 180)}
    assert changed.words == "rotation (p 0.5, fill black, degrees 0 to 9, whole)"
    (gamma,) = recipe({"name": "gamma"}).augmentations
    assert gamma.model_dump() == {"name": "gamma", "p": 0.5, "gamma": (0.7, 1.4)}


def test_transforms_are_chosen_by_name_and_keep_their_order() -> None:
    found = recipe({"name": "crop"}, ROTATION).augmentations
    assert found == (CropSettings(), RotationSettings(degrees=(-90, 90), p=0.2))
    for name, kind in TRANSFORMS.items():
        assert recipe({"name": name}).augmentations == (kind.model_validate({}),)


def test_a_list_is_read_as_it_was_written() -> None:
    before = recipe(ROTATION, *({"name": name} for name in TRANSFORMS))
    assert RecipeSettings.model_validate(before.model_dump(mode="json")) == before


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"name": "rotations"},
            "augmentations.0: unknown transform .rotations.; did you mean .rotation.?",
        ),
        ({"name": ["crop"]}, r"unknown transform \['crop'\]; did you mean 'crop'\?"),
        ({"degrees": [0, 90]}, "expected a mapping with the name of a transform under 'name'"),
        ("crop", "expected a mapping with the name of a transform under 'name', found crop"),
        ({"name": "crop", "shares": [0.5, 1]}, "crop: unknown key 'shares'; did you mean 'share'"),
        ({"name": "crop", "share": [0, 1]}, "crop.share.0: Input should be greater than 0"),
        ({"name": "scale", "zoom": [2, 1]}, r"smaller value of a range comes first, found \[2.0"),
        ({"name": "gamma", "p": 1.5}, "gamma.p: Input should be less than or equal to 1"),
    ],
)
def test_what_is_not_valid_is_refused_by_name(block: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe(block)


def test_a_later_layer_replaces_the_list() -> None:
    layers = merge({"augmentations": [ROTATION, ROTATION]}, {"augmentations": [{"name": "crop"}]})
    assert RecipeSettings.model_validate(layers).augmentations == (CropSettings(),)


def test_an_empty_list_is_not_recorded() -> None:
    recorded = settings_of("mask_rcnn").recorded_json()["recipe"]
    assert "augmentations" not in recorded
    changed = settings_of("mask_rcnn", augmentations=[ROTATION])
    assert changed.recorded_json()["recipe"]["augmentations"] == [ROTATION]
    assert changed.from_json(changed.to_json(), "test") == changed
