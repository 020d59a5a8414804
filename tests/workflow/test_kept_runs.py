"""Kept runs in the workflow, where the images of the study are not on the machine."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from gains.study.kept import all_runs
from helpers.kept import STUDY, put_run, study_of
from helpers.project import Project

TABLES = {"table": 1, "copy_table": 1}


@pytest.fixture
def project(plain: Project, tmp_path: Path) -> Project:
    """A project whose study has two kept runs and no images."""
    project = plain.twin(tmp_path / "twin")

    def change(block: dict[str, Any]) -> None:
        block.clear()
        block.update(STUDY)

    project.edit_config(change)
    study = study_of()
    with contextlib.chdir(project.folder):
        for run in all_runs(study):
            put_run(study, run, Path("kept", run.path))
            Path("kept", run.path, "model.pt").unlink()
    return project


def test_tables_are_made_and_what_needs_images_is_not(project: Project) -> None:
    assert project.plan("--", "results/t.csv") == TABLES
    assert project.plan() == {**TABLES, "compare": 1, "copy_compare": 1, "summary": 1}
    text = " ".join(project.snakemake("-n", "--", "results/report.html", ok=False).split())
    assert "'own' is not on this machine: away.json does not exist. An audit and a report" in text
    project.snakemake("--quiet", "all")
    assert project.plan() == {}


def test_a_run_that_is_not_kept_needs_the_images(project: Project) -> None:
    project.edit_config(lambda block: block.update(seeds=[0, 1]))
    text = " ".join(project.snakemake("-n", "--", "results/t.csv", ok=False).split())
    assert "and 2 of its 4 runs are not kept, first own/mask_rcnn/default/seed1/fold0" in text


def test_a_kept_run_is_not_trained_for_its_model_or_with_other_settings(project: Project) -> None:
    run = "own/mask_rcnn/default/seed0/fold0"
    model = f"results/demo/runs/{run}/model.pt"
    text = " ".join(project.snakemake("-n", "--", model, ok=False).split())
    assert f"is kept in kept/{run}, without this file. Remove that folder" in text
    project.edit_config(lambda block: block["recipe"].update(lr=0.5))
    text = " ".join(project.snakemake("-n", "--", "results/t.csv", ok=False).split())
    assert "recipe.lr 0.015, but the study has 0.5. Restore the study" in text


def test_a_label_makes_all_runs_again(project: Project) -> None:
    project.path("away").mkdir()
    project.path("away.json").write_text('{"images": []}')
    assert project.plan("--", "results/t.csv") == TABLES
    assert project.plan("--config", "label=again", "--", "results/t.csv")["train"] == 2
