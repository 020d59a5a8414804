"""Which files of an optional data set only a person can provide."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gains.config.data import DatasetSettings
from gains.datasets.presence import missing_files
from helpers.paths import ROOT


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    shutil.copy(ROOT / "data/sources.csv", "data/sources.csv")


def missing(name: str, **block: Any) -> list[str]:
    """Return the missing path of an optional data set as text, if there is one."""
    found = missing_files({name: DatasetSettings.model_validate({"optional": True, **block})})
    return [str(path) for path in found.values()]


def test_a_published_data_set_by_hand_is_missing_until_its_files_are_there() -> None:
    assert missing("cps") == ["data/raw/cps/coco"]
    Path("data/raw/cps/coco").mkdir(parents=True)
    assert missing("cps") == []
    assert missing("c", source="cps", options={"root": "elsewhere"}) == ["elsewhere"]


@pytest.mark.parametrize("name", ["isbi2014", "kaggle2018", "synthetic-cells"])
def test_what_can_be_fetched_or_drawn_is_never_missing(name: str) -> None:
    assert missing(name) == []


def test_own_files_are_missing_one_after_the_other() -> None:
    options = {"images": "mine", "labels": "mine.json"}
    assert missing("x", source="folder", options=options) == ["mine.json"]
    Path("mine.json").write_text("{}")
    assert missing("x", source="folder", options=options) == ["mine"]
    Path("mine").mkdir()
    assert missing("x", source="folder", options=options) == []
