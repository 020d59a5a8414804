"""Trainings that start from the model of another run: their order, and when they run again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from helpers.project import Project

RUNS = "results/demo/runs/synthetic-cells"
MODEL = f"{RUNS}/mask_rcnn/default/seed0/fold0/model.pt"
LATER = f"{RUNS}/mask_rcnn/later/seed0/fold0/model.pt"


def two_phases(study: dict[str, Any]) -> None:
    """Reduce the study demo to one row, which starts from a run that no table names."""
    study["datasets"] = {"synthetic-cells": study["datasets"]["synthetic-cells"]}
    study["methods"] = {}
    start = {"method": "mask_rcnn", "variant": "default"}
    study["variants"] = {"mask_rcnn": {"later": {"recipe": {"start_from": start}}}}
    study["figure4"]["rows"] = ["mask_rcnn/later"]
    for table in study["tables"].values():
        table["rows"] = [{"method": "mask_rcnn", "variant": "later"}]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.copy(tmp_path / "project", stub=True)
    made.edit_config(two_phases)
    return made


def test_the_second_phase_waits_for_the_first_and_follows_its_changes(project: Project) -> None:
    planned = project.snakemake("-n", "--", "all_runs")
    assert project.plan("--", "all_runs")["train"] == 2
    (job,) = re.findall(rf"input: ([^\n]*)\n +output: {LATER}", planned)
    assert MODEL in job.split(", ")
    project.snakemake("--", "all_runs")
    assert project.path(MODEL).stat().st_mtime_ns < project.path(LATER).stat().st_mtime_ns
    # nothing is tested with the first phase
    assert not project.path(MODEL).with_name("test.scores.json").exists()
    assert project.plan("--", "all_runs") == {}
    before = project.path(LATER).read_text()

    def first_phase(study: dict[str, Any]) -> None:
        study["methods"] = {"mask_rcnn": {"recipe": {"lr": 0.001}}}
        study["variants"]["mask_rcnn"]["later"]["recipe"]["lr"] = study["recipe"].get("lr", 0.015)

    project.edit_config(first_phase)
    assert project.plan("--", "all_runs")["train"] == 2
    project.snakemake("--", "all_runs")
    assert project.path(LATER).read_text() != before
