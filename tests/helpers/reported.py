"""A finished study of two images whose names are HTML, for the tests of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gains.config.file import check
from gains.datasets.audit import audit
from gains.datasets.audit_csv import audit_table
from gains.datasets.coco import read_coco
from gains.external.job import import_predictions
from gains.prediction.sidecar import sidecar_path
from gains.scoring.score import score_files
from gains.study.opening import from_config
from gains.study.study import Study
from gains.support.files import read_json, write_json, write_text
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, table_spec
from gains.tables.write import write_table
from helpers.external import draw_label_images, write_truth

NASTY = "<b onclick='x()'>a & \"b\"</b>"
"""A name that is HTML."""

TRAINED = {"method": "mask_rcnn"}
EXTERNAL = {"external": {"cells": "drawn"}, "label": f"label images {NASTY}"}
GONE = {"images": "no images", "labels": "no.json"}
RECORD: dict[str, Any] = {
    "seconds": 60.0,
    "iterations": 2,
    "memory_mb": {"host": 500},
    "device": NASTY,
    "versions": {"gains": NASTY},
    "inputs": {"coco": "0" * 64},
    "images": 1,
    "code": "c",
    "settings_hash": "s",
}


def finished_study(rows: list[dict[str, Any]], test: tuple[str, ...] = ("b.png",)) -> Study:
    """Write a study in the current folder; nothing is published, and what is trained lacks a data set.

    Args:
        rows: rows of its only table.
        test: its test images; those of a.png, b.png and c.png that are left are for training.
    """
    cells = {"source": "synthetic-cells", "stands_for": None, "title": NASTY}
    gone = {"source": "folder", "optional": True, "options": GONE} if TRAINED in rows else None
    block = {
        "title": NASTY,
        "datasets": {"cells": cells} | ({"gone": gone} if gone else {}),
        "tables": {"mine": {"title": NASTY, "rows": rows}},
    }
    found = from_config(check({"study": "small", "studies": {"small": block}}, "test"))
    _data(found, test)
    tables = Path(found.results) / "tables"
    for run in [*found.trainings()]:
        _training(found.run_folder(run))
    for folder in {Path(path).parent for path in table_spec(found, "mine").score_paths}:
        _predictions(found, folder, test)
    write_table(table_spec(found, "mine"), tables / "mine.csv")
    write_compare(compare_spec(found), [str(tables / "mine.csv")], tables / "compare.csv")
    return found


def _data(study: Study, test: tuple[str, ...]) -> None:
    coco, split = study.coco("cells"), study.split("cells")
    write_truth(coco, {1: NASTY})
    train = [name for name in ("a.png", "b.png", "c.png") if name not in test]
    parts = {"train": train, "val": [], "test": list(test), "unlabelled": []}
    write_json(split, {"folds": [parts]})
    part = Path(study.results) / "audit.json"
    audit(coco, split, 100, part)
    audit_table([part], Path(study.results) / "tables/data_audit.csv")


def _training(folder: Path) -> None:
    write_json(folder / "run.json", RECORD)
    write_text(folder / "losses.csv", "iteration,lr,loss\n1,0.1,2.0\n2,0.1,1.0\n")
    write_text(folder / "validation.csv", "iteration,metric,value,picked\n")


def _predictions(study: Study, folder: Path, test: tuple[str, ...]) -> None:
    coco, out = study.coco("cells"), folder / "test.predictions.json.gz"
    drawn = draw_label_images(read_coco(coco), Path("drawn"))
    import_predictions(drawn, coco, out, file_names=test)
    assert read_json(sidecar_path(out))["images"]
    write_json(folder / "test.scores.json", score_files(coco, out, file_names=test))
