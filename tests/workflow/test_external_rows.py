"""Predictions of another program beside a trained method, through all real steps."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import yaml

from gains.datasets.coco import read_coco
from gains.support.files import read_json, write_json
from helpers.external import draw_label_images
from helpers.project import Project

OVERLAY = ("--configfile", "tests/studies/tiny.yaml")
TABLE, COCO = "results/mine.csv", "data/tiny/coco/synthetic-cells.json"
RUN = "results/tiny/runs/synthetic-cells/external/label-images/seed0/fold0"
AFTER = {"external": 1, "score": 1, "table": 1, "copy_table": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A study with the cytoplasms of all images, as label images and as whole masks."""
    project = Project.copy(tmp_path_factory.mktemp("external") / "project", stub=False)
    file = project.path("tests/studies/tiny.yaml")
    content = yaml.safe_load(file.read_text())
    study = content["studies"]["tiny"]
    study["seeds"] = [0]
    study["recipe"] |= {"iterations": 1, "milestones": [], "warmup_iterations": 1}
    study["methods"] = {}
    drawn = {"external": "drawn", "label": "label images", "category": "cytoplasm"}
    whole = {"external": "whole.json", "label": "whole masks"}
    rows = [{"method": "mask_rcnn"}, drawn, whole]
    study["tables"] = {"mine": {"title": "Mine", "rows": rows, "subsets": ["target"]}}
    file.write_text(yaml.safe_dump(content))
    project.snakemake("--cores", "2", *OVERLAY, "--", COCO)
    draw_label_images(read_coco(project.path(COCO)), project.path("drawn"))
    truth = read_json(project.path(COCO))
    cytoplasms = [a for a in truth["annotations"] if a["category_id"] == 1]
    write_json(project.path("whole.json"), truth | {"annotations": cytoplasms})
    project.snakemake("--cores", "2", *OVERLAY, "--", TABLE)
    return project


def test_label_images_stand_beside_a_method_and_lose_what_is_hidden(made: Project) -> None:
    with made.path(TABLE).open(newline="") as file:
        trained, external, whole = csv.DictReader(file)
    assert (trained["n"], external["n"], whole["n"]) == ("1", "1", "1")
    assert (external["row"], external["external"]) == ("label images", "label images")
    # every cell is there, but what others cover is missing
    assert float(external["F1_clean"]) > 90
    assert 70 < float(external["AJI_clean"]) < 97
    assert float(whole["AJI_clean"]) == float(whole["F1_clean"]) == 100
    assert "hold no scores" in made.path("results/mine.md").read_text()


def test_rescoring_takes_external_rows_along(made: Project) -> None:
    made.call("gains", "rescore", "--config", OVERLAY[1], "--out", "again")
    table = made.path("again/tables/mine.csv").read_bytes()
    assert table == made.path("results/tiny/tables/mine.csv").read_bytes()


def test_the_content_of_the_files_decides_what_runs_again(made: Project, tmp_path: Path) -> None:
    project = made.twin(tmp_path / "twin")
    assert project.plan(*OVERLAY, "--", TABLE) == {}
    shutil.copytree(project.path("drawn"), tmp_path / "elsewhere")
    project.replace("tests/studies/tiny.yaml", "external: drawn", f"external: {tmp_path}/elsewhere")
    assert project.plan(*OVERLAY, "--", TABLE) == {}
    first = min((tmp_path / "elsewhere").iterdir())
    first.write_bytes(max((tmp_path / "elsewhere").iterdir()).read_bytes())
    assert project.plan(*OVERLAY, "--", TABLE) == AFTER
    shutil.rmtree(tmp_path / "elsewhere")
    assert project.plan(*OVERLAY, "--", TABLE) == {}  # what was made from them stays
    project.path(f"{RUN}/test.predictions.json.gz").unlink()
    missing = f"external row 'label-images': {tmp_path}/elsewhere does not exist; correct the path"
    assert missing in project.snakemake("-n", *OVERLAY, "--", TABLE)
    assert missing in project.call("gains", "plan", "--config", OVERLAY[1])
    assert missing in project.call("gains", "check", OVERLAY[1], ok=False)
    own = str(project.path("src"))  # gains run works in the clone that it is imported from
    run = ("gains", "run", OVERLAY[1], "mine")
    assert missing in project.call(*run, ok=False, PYTHONPATH=own)
    text = project.snakemake(*OVERLAY, "--", TABLE, ok=False)
    assert "elsewhere: no such file or folder of predictions" in text
    assert "Nothing was run and nothing was changed" in text
