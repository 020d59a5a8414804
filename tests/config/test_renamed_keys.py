"""Keys and options of earlier versions are refused with the name that took their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.base import Settings, validated
from gains.config.file import Config
from gains.config.maps import MapSettings
from gains.config.methods import MethodSettings
from gains.config.study import StudySettings
from gains.datasets.catalogue.synthetic.shapes import SceneSettings

RENAMED: list[tuple[type[Settings], str, Any, str]] = [
    (MapSettings, "variant", "isbi", "program"),
    (Config, "variant", "long", "label"),
    (SceneSettings, "images", 60, "count"),
    (MethodSettings, "images", 2, "images_factor"),
    (MethodSettings, "images_on", {"cells": 2}, "images_factor_on"),
    (StudySettings, "report", "clean", "printed_mode"),
]


@pytest.mark.parametrize(("model", "old", "value", "new"), RENAMED)
def test_a_renamed_key_is_refused_with_its_new_name(
    model: type[Settings], old: str, value: Any, new: str
) -> None:
    with pytest.raises(ValueError, match=f"key '{old}' is now called '{new}'"):
        validated(model, {old: value}, "test")


def test_the_option_variant_of_maps_is_refused_with_its_new_name(tmp_path: Path) -> None:
    arguments = ["maps", "--coco", "cells.json", "--variant", "isbi", "--target-category", "1"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "maps.npz")])
    assert "--variant is now called --program" in str(result.exception)


def test_every_renamed_key_has_a_successor() -> None:
    for model, old, _, new in RENAMED:
        assert model.RENAMED[old] == new
        assert new in model.model_fields
        assert old not in model.model_fields
