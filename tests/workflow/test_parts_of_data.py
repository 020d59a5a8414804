"""Categories that a study keeps, and validation images that it holds out, reach their steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.project import Project

CELLS, NUCLEI = (f"data/demo/coco/synthetic-{kind}.json" for kind in ("cells", "nuclei"))
SPLITS = ("data/demo/splits/synthetic-cells.json", "data/demo/splits/synthetic-nuclei.json")


def change(study: dict[str, Any]) -> None:
    cells = study["datasets"]["synthetic-cells"]
    cells["categories"] = ["cytoplasm", "cell body"]
    cells["split"] = {"file": "lists.json", "held_out": 0.25, "seed": 3}


def test_only_the_data_set_that_asks_for_them_has_the_options(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(change)
    project.path("lists.json").write_text(json.dumps({"train": ["a"], "test": ["b"]}))
    printed = project.snakemake("-n", CELLS, NUCLEI, *SPLITS)
    kept = "gains convert synthetic-cells --keep cytoplasm --keep 'cell body' --name"
    assert kept in printed
    assert "gains convert synthetic-nuclei --name" in printed
    cells, nuclei = (
        next(line for line in printed.splitlines() if "gains split" in line and name in line)
        for name in (CELLS, NUCLEI)
    )
    assert '"held_out": 0.25' in cells and '"seed": 3' in cells
    assert "held_out" not in nuclei


def test_a_change_of_the_kept_categories_converts_again(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.snakemake(CELLS, NUCLEI)
    assert project.plan("--", CELLS, NUCLEI) == {}
    project.edit_config(
        lambda study: study["datasets"]["synthetic-cells"].update(categories=["cytoplasm"])
    )
    assert project.plan("--", CELLS, NUCLEI) == {"convert": 1}
    # only the data set that keeps some categories depends on the module that selects them
    project.snakemake(CELLS, NUCLEI)
    module = project.path("src/gains/datasets/kept_categories.py")
    module.write_text(module.read_text() + "\nEDITED = 1\n")
    assert project.plan("--", CELLS, NUCLEI) == {"convert": 1}
