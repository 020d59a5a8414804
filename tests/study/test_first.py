"""The first study: its trainings, and the quality of its results."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gains.study.opening import open_study
from gains.study.plan import plan
from helpers.paths import ROOT
from helpers.project import Project


def test_it_trains_two_methods_once_on_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_study(ROOT / "config.yaml", "first")
    assert [run.path for run in study.runs()] == [
        "synthetic-cells/mask_rcnn/default/seed0/fold0",
        "synthetic-cells/gains/default/seed0/fold0",
    ]
    monkeypatch.chdir(tmp_path)
    assert [(p.method, p.total) for p in plan(study)] == [("mask_rcnn", 1), ("gains", 1)]


def test_its_table_shows_ap50_and_its_title_says_that_the_images_are_synthetic() -> None:
    study = open_study(ROOT / "config.yaml", "first")
    assert "AP50" in study.settings.tables["table3"].metrics
    assert "synthetic" in study.settings.title


@pytest.mark.slow
def test_both_methods_reach_an_ap50_of_70(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=False)
    project.snakemake("--config", "study=first")
    with project.path("results/table3.csv").open(encoding="utf-8") as file:
        found = {row["method"]: float(row["AP50"]) for row in csv.DictReader(file)}
    assert set(found) == {"mask_rcnn", "gains"}
    assert min(found.values()) >= 70, found
    for name in ("figure3", "predictions"):
        assert project.path(f"results/{name}.png").stat().st_size > 10_000
