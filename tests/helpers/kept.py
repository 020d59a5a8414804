"""Runs as trainings, predictions and scorings leave them, as far as keeping them reads their files."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from gains.config.file import check
from gains.study.kept import all_runs
from gains.study.opening import from_config
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import settings_hash, sha256, write_json

STUDY: dict[str, Any] = {
    "title": "t",
    "kept": "kept",
    "datasets": {
        "own": {
            "source": "folder",
            "options": {"images": "away", "labels": "away.json"},
            "split": {"folds": 2},
        }
    },
    "recipe": {"iterations": 10, "warmup_iterations": 2, "milestones": []},
    "tables": {"t": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
}
"""A study of two runs on images that are not there."""


def study_of(**changes: Any) -> Study:
    """Return the study, named ``mine``, with changed keys."""
    block = {**copy.deepcopy(STUDY), **changes}
    return from_config(check({"study": "mine", "studies": {"mine": block}}, "c"))


def runs_of(study: Study) -> list[Run]:
    return list(all_runs(study))


def put_run(study: Study, run: Run, folder: Path, loss: str = "0.5") -> None:
    """Write the files of a finished run."""
    settings = study.run_settings(run)
    content = settings.recorded_json()
    write_json(folder / "model.pt", {})
    (folder / "losses.csv").write_text(f"iteration,loss\n1,{loss}\n")
    (folder / "validation.csv").write_text("iteration,metric,value,picked\n")
    record = {
        "name": f"{run.dataset}/{run.method}/{run.variant}",
        "seed": run.seed,
        "fold": run.fold,
        "settings": content,
        "settings_hash": settings_hash(content),
        "code": "c0de",
        "seconds": 1800.0,
        "iterations": settings.recipe.iterations,
        "inputs": {"coco": "0" * 64},
    }
    write_json(folder / "run.json", record)
    write_json(folder / "test.predictions.json.gz", [{"score": 0.5}])
    info = {"prediction": settings.prediction.model_dump(mode="json")}
    write_json(folder / "test.predictions.images.json", {"info": info, "images": []})
    inputs = {"predictions": {"sha256": sha256(folder / "test.predictions.json.gz")}}
    scores = {"settings": dict(study.score_options(run.dataset)), "inputs": inputs}
    write_json(folder / "test.scores.json", scores)
