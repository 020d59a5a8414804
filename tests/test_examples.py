"""The examples in docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib
import shutil
from pathlib import Path

import pytest

from gains.training.train import train
from helpers.paths import ROOT
from helpers.tiny import Tiny, job_of, settings_of

MODULES = [
    "gains.anomaly.maps",
    "gains.anomaly.store",
    "gains.datasets.coco",
    "gains.instances",
    "gains.prediction.predictor",
    "gains.scoring.score",
    "gains.study.opening",
    "gains.support.registry",
]


@pytest.fixture(scope="module")
def folder(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set, a model and the shipped studies."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copy2(tiny.coco, folder / "my-cells.json")
    shutil.copy2(tiny.coco.with_suffix(".zip"), folder / "my-cells.zip")
    shutil.copy2(ROOT / "config.yaml", folder / "config.yaml")
    shutil.copytree(ROOT / "studies", folder / "studies")
    train(job_of(tiny, folder, settings_of("mask_rcnn", iterations=2)))
    return folder


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_happens(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
