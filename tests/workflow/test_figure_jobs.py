"""The files and options of the figures of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gains.config.file import check
from gains.study.opening import from_config
from gains.study.study import Study
from gains.workflow.figure_jobs import PicturedRow, pictured_rows
from helpers.paths import ROOT

TEXT = (ROOT / "tests/studies/tiny.yaml").read_text()


def study_with(predictions: dict[str, Any], rows: list[dict[str, Any]]) -> Study:
    content = yaml.safe_load(TEXT)
    study = content["studies"]["tiny"]
    study["predictions"] = predictions
    cells = study["datasets"]["synthetic-cells"]
    study["datasets"]["more"] = {**cells, "source": "synthetic-cells", "split": {"folds": 3}}
    study["tables"]["mine"] = {"title": "t", "datasets": ["more"], "rows": rows}
    return from_config(check(content, "c"))


def test_the_first_table_and_its_first_data_set_are_shown_in_its_order() -> None:
    study = study_with({}, [{"method": "gains"}])
    assert study.figures == ["figure3", "predictions"]
    assert [row.label for row in pictured_rows(study)] == ["Mask R-CNN (R18)", "GAInS (R18)"]
    folder = Path("results/tiny/runs/synthetic-cells/gains/default/seed0/fold0")
    assert pictured_rows(study)[1] == PicturedRow(
        "GAInS (R18)", f"{folder}/test.predictions.json.gz", f"{folder}/test.scores.json"
    )
    assert [run.method for run in study.figure_runs("predictions")] == ["mask_rcnn", "gains"]
    assert study.figure_runs("figure3") == []


def test_another_table_shows_what_its_rows_measure_there() -> None:
    rows: list[dict[str, Any]] = [
        {"method": "gains", "label": "mine"},
        {"method": "mask_rcnn", "variant": "default", "datasets": ["more"]},
    ]
    study = study_with({"table": "mine"}, rows)
    assert [row.label for row in pictured_rows(study)] == ["mine", "Mask R-CNN (R18)"]
    assert all("/more/" in row.scores for row in pictured_rows(study))
    assert {run.seed for run in study.figure_runs("predictions")} == {0}
    assert {run.fold for run in study.figure_runs("predictions")} == {0}
