"""A person's own files in the workflow: their content decides what runs, wherever they lie."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.folder_workshop import GOOD
from helpers.project import Project

LONG_AGO = 1_000_000_000
TABLE = "results/t.csv"
CONVERTED = "data/demo/coco/cells.json"


def write_data(folder: Path, first: str = "a.png") -> None:
    """Write images, one of them in a linked folder, annotations, lists and initial weights."""
    (folder / "images").mkdir(parents=True)
    (folder / "elsewhere").mkdir()
    (folder / "images" / first).write_text("image a")
    (folder / "elsewhere/b.png").write_text("image b")
    (folder / "images/linked").symlink_to("../elsewhere")
    names = (first, "linked/b.png")
    images = [
        {**image, "file_name": name} for image, name in zip(GOOD["images"], names, strict=True)
    ]
    (folder / "ann.json").write_text(json.dumps({**GOOD, "images": images}))
    (folder / "lists.json").write_text(json.dumps({"train": [first], "test": ["linked/b.png"]}))
    (folder / "weights.pth").write_text("weights")
    (folder / "start.pt").write_text("a whole model")


def use(folder: str) -> Callable[[dict[str, Any]], None]:
    """Return a change of the study demo that reads all these files in a folder."""

    def change(study: dict[str, Any]) -> None:
        options = {"images": f"{folder}/images", "labels": f"{folder}/ann.json"}
        study["datasets"] = {
            "cells": {
                "source": "folder",
                "options": options,
                "split": {"file": f"{folder}/lists.json"},
                "maps": {"program": "isbi"},
            }
        }
        study["detector"]["backbone"]["weights"] = f"{folder}/weights.pth"
        further = {"recipe": {"start_from": f"{folder}/start.pt"}}
        study["methods"], study["variants"] = {"mask_rcnn": further}, {}
        rows = [{"method": "gains"}, {"method": "mask_rcnn"}]
        study["tables"] = {"t": {"title": "t", "rows": rows}}
        study["figure3"] = {"dataset": "cells"}
        study |= {"figure1": None, "figure4": None}

    return change


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished study of own files."""
    folder = tmp_path_factory.mktemp("own")
    project = Project.copy(folder / "project", stub=True)
    write_data(folder / "mine")
    project.edit_config(use(str(folder / "mine")))
    project.snakemake("--quiet", "all")
    return project


@pytest.fixture
def mine(made: Project, tmp_path: Path) -> tuple[Project, Path]:
    """A copy of the study and of its files, which the study reads."""
    shutil.copytree(made.folder.parent / "mine", tmp_path / "mine", symlinks=True)
    project = made.twin(tmp_path / "project")
    project.edit_config(use(str(tmp_path / "mine")))
    return project, tmp_path / "mine"


def test_equal_files_at_another_place_change_nothing(mine: tuple[Project, Path]) -> None:
    project, folder = mine
    assert project.plan() == {}
    moved = folder.with_name("other")
    folder.rename(moved)
    (moved / "images/not listed.png").write_text("x")
    project.edit_config(use(str(moved)))
    assert project.plan() == {}
    (moved / "images").rename(moved / "pictures")
    project.replace("config.yaml", f"{moved}/images", f"{moved}/pictures")
    assert project.plan() == {"report_study": 1, "copy_report": 1}  # which gives the folder's name


STEPS = {
    "images/a.png": ("convert", "split", "train"),
    "elsewhere/b.png": ("convert", "split", "train"),
    "ann.json": ("convert", "split", "train"),
    "lists.json": ("split", "train"),
    "weights.pth": ("train",),
    "start.pt": ("train",),
}
"""The steps that read a file, or what is made from it."""


def test_an_older_file_of_other_content_counts(mine: tuple[Project, Path]) -> None:
    project, folder = mine
    for name in STEPS:
        (folder / name).touch()
    assert project.plan() == {}
    for name, steps in STEPS.items():
        text = (folder / name).read_text()
        (folder / name).write_text(text + " ")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
        plan = project.plan()
        assert [rule for rule in ("convert", "split", "train") if rule in plan] == [*steps], name
        (folder / name).write_text(text)


def test_files_that_are_not_here(mine: tuple[Project, Path]) -> None:
    project, folder = mine
    (folder / "images").rename(folder / "away")
    (folder / "weights.pth").rename(folder / "w")
    (folder / "start.pt").rename(folder / "s")
    text = project.snakemake("-n")
    assert "Nothing to be done" in text
    assert f"{folder}/images: no such folder of images. {CONVERTED} was made from it before" in text
    assert f"{folder}/weights.pth: no such file." in text
    for name in ("src/gains/datasets/convert.py", "src/gains/training/step.py"):
        project.path(name).write_text(project.path(name).read_text() + "\nEDITED = 1\n")
    text = project.snakemake(ok=False)
    assert f"{folder}/images: no such folder of images" in text
    for name in ("weights.pth", "start.pt"):
        assert f"{folder}/{name}: no such file" in text
    assert project.path(CONVERTED).is_file()
    assert project.path(TABLE).is_file()


def test_names_that_snakemake_or_a_shell_could_read(tmp_path: Path) -> None:
    place = tmp_path / "{a} $b 'c' #d %e ü {dataset}"
    project = Project.copy(place / "project", stub=True)
    folder = place / "mine {x}"
    write_data(folder, '{a} "b" $c.png')
    (folder / "ann.json").rename(folder / "ann {y}.json")
    project.edit_config(use(str(folder)))
    project.replace("config.yaml", "ann.json", "ann {y}.json")
    project.edit_config(lambda study: study.update(title="50 % of $x, {y} and \\emph{z}"))
    project.edit_config(lambda study: study["figure3"].update(image='{a} "b" $c.png'))
    project.edit_config(lambda study: study["tables"]["t"].update(title="{x}"))
    project.edit_config(lambda study: study["tables"]["t"]["rows"][0].update(label="{y}"))
    project.snakemake("--quiet", "all")
    assert project.plan() == {}
    assert project.path(TABLE).is_file()


def test_a_changed_file_of_equal_size_below_data_raw(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=False)
    file = project.path("data/raw/cps/coco/a.json")
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    project.edit_config(lambda study: study["datasets"].update(cps={"maps": {"program": "isbi"}}))
    receipt = "data/raw/cps/fetched.json"
    project.snakemake("--quiet", "all", "--", receipt)
    assert project.plan("--", receipt) == {}
    file.write_text("[]")
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert project.plan("--", receipt) == {"fetch": 1}
    project.snakemake("--quiet", "all", "--", receipt)
    assert project.plan("--", receipt) == {}
