"""Optional data sets in the workflow: absent, present, and vanished after they were used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.folder_workshop import GOOD
from helpers.project import Project


def use(folder: Path) -> Callable[[dict[str, Any]], None]:
    """Return a change of the study demo: a synthetic data set and two optional ones."""

    def change(study: dict[str, Any]) -> None:
        options = {"images": f"{folder}/images", "labels": f"{folder}/ann.json"}
        lists = {"file": f"{folder}.json"}
        study["datasets"] = {
            "synthetic-cells": study["datasets"]["synthetic-cells"],
            "own": {"source": "folder", "optional": True, "options": options, "split": lists},
            "cps": {"optional": True},
        }
        study["methods"], study["variants"] = {}, {}
        rows = [{"method": "mask_rcnn"}]
        study["tables"] = {
            "t": {"title": "t", "rows": rows},
            "only": {"title": "t", "datasets": ["own"], "rows": rows},
        }
        study["figure3"] = {"dataset": "own"}
        del study["figure1"], study["figure4"]

    return change


def put(project: Project, folder: Path) -> None:
    """Put the files of both optional data sets in place."""
    (folder / "images").mkdir(parents=True)
    names = [image["file_name"] for image in GOOD["images"]]
    for name in names:
        (folder / "images" / name).write_text("image")
    (folder / "ann.json").write_text(json.dumps(GOOD))
    folder.with_suffix(".json").write_text(json.dumps({"train": names[:1], "test": names[1:]}))
    project.path("data/raw/cps/coco").mkdir(parents=True)


PER_DATASET = ("convert", "split", "audit", "train", "predict", "score")
ONCE = (
    *("audit_table", "copy_audit", "table", "copy_table", "compare", "copy_compare"),
    *("summary", "report_study", "copy_report"),
)


def test_an_optional_data_set_is_absent_arrives_and_vanishes(tmp_path: Path) -> None:
    folder, project = tmp_path / "mine", Project.copy(tmp_path / "project", stub=True)
    project.edit_config(use(folder))
    for target, reason in (
        ("results/only.csv", "table 'only' has no data set that is on this machine"),
        ("results/figure3.png", f"'own' is not on this machine: {folder}/ann.json does not exist"),
    ):
        text = " ".join(project.snakemake("-n", target, ok=False).split())
        assert reason in text
    for name, path in (("own", f"{folder}/ann.json"), ("cps", "data/raw/cps/coco")):
        assert f"{name!r} is not on this machine: {path} does not exist. Nothing is made" in text
    plan = project.plan()
    assert plan == {**dict.fromkeys(PER_DATASET, 1), **dict.fromkeys(ONCE, 1)}
    put(project, folder)
    plan = project.plan()
    more = {"table": 2, "copy_table": 2, "fetch": 1, "figure": 1, "copy_figure": 1}
    assert plan == {**dict.fromkeys(PER_DATASET, 3), **dict.fromkeys(ONCE, 1), **more}
    project.snakemake("--quiet", "all")
    assert project.plan() == {}
    shutil.rmtree(folder)
    shutil.rmtree(project.path("data/raw/cps"))
    text = project.snakemake("-n")
    assert "Nothing to be done" in text
    assert "data/raw/cps/coco does not exist. data/demo/coco/cps.json was made from it" in text


def test_the_receipt_of_files_that_only_a_person_has_stays_without_them(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=False)
    project.edit_config(lambda study: study["datasets"].update(cps={"optional": True}))
    for name in ("data/raw/cps/coco/a.json", *(f"data/demo/coco/cps.{k}" for k in ("json", "zip"))):
        project.path(name).parent.mkdir(parents=True, exist_ok=True)
        project.path(name).write_text("{}")
    receipt = "data/raw/cps/fetched.json"
    project.snakemake("--quiet", "all", "--", receipt)
    shutil.rmtree(project.path("data/raw/cps/coco"))
    assert project.plan("--", receipt) == {}
    coco = "data/demo/coco/cps.json"
    text = project.snakemake("--quiet", "rules", "--forcerun", "convert", "--", coco, ok=False)
    assert "data/raw/cps/coco: no such file. Nothing was run and nothing was changed" in text
    assert project.path(coco).is_file()


def test_a_study_without_any_data_is_refused(plain: Project, tmp_path: Path) -> None:
    project = plain.twin(tmp_path / "twin")
    project.edit_config(use(tmp_path / "mine"))
    project.edit_config(lambda study: study["datasets"].pop("synthetic-cells"))
    project.edit_config(lambda study: study["tables"].pop("t"))
    text = " ".join(project.snakemake("-n", ok=False).split())
    assert "study 'demo': no data set of its tables is on this machine. Data set 'own'" in text


def test_the_study_of_donet_trains_on_cps_only_if_it_is_there(
    plain: Project, tmp_path: Path
) -> None:
    project, chosen = plain.twin(tmp_path / "twin"), ("--config", "study=donet")
    plan = project.plan(*chosen)
    assert (plan["fetch"], plan["convert"], plan["train"], plan["table"]) == (1, 1, 11, 4)
    project.path("data/raw/cps/coco").mkdir(parents=True)
    plan = project.plan(*chosen)
    assert (plan["fetch"], plan["convert"], plan["train"], plan["table"]) == (2, 2, 41, 4)
    assert plan["predict"] == plan["score"] == plan["train"]
