"""A small study with a table of validations, and artificial validations of its trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gains.study.study import Study
from gains.study.validated import validated_runs
from gains.support.files import write_json
from helpers.table_scenes import study

ROWS = [
    {"method": "mask_rcnn", "label": "M"},
    {"method": "gains", "label": "G", "against": "M"},
]
EVERY = {"select": "best", "validate_every": 100, "iterations": 900}


def validated_study(seeds: Sequence[int] = (0,), parts: int = 3, **changes: Any) -> Study:
    """Return a study whose table ``v`` compares two methods on the data set ``cells``.

    Args:
        seeds: seeds of the trainings.
        parts: number of folds of the data set.
        changes: changed keys of the table; ``study`` holds changed keys of the study.
    """
    block = {"title": "Settings", "rows": ROWS, **changes}
    others = block.pop("study", {})
    return study(
        list(seeds),
        dataset={"split": {"folds": parts}},
        **{"recipe": EVERY, "validation_tables": {"v": block}, **others},
    )


def write_validations(
    found: Study,
    values: Mapping[str, Sequence[Sequence[float]]],
    every: int = 100,
    metric: str = "mAP",
    images: tuple[int, int] = (9, 27),
) -> None:
    """Write the validations and records of the trainings of the table ``v``.

    Args:
        found: the study.
        values: for a part of the path of a training, its values in percent of each fold.
        every: iterations between them.
        metric: metric of the validations.
        images: numbers of validation images and training images.
    """
    for run in validated_runs(found, "v"):
        folds = next(listed for part, listed in values.items() if part in run.path)
        curve, folder = folds[run.fold], found.run_folder(run)
        lines = ["iteration,metric,value,score_threshold,images,picked"]
        lines += [
            f"{every * (k + 1)},{metric},{value / 100!r},0.05,{images[0]},no"
            for k, value in enumerate(curve)
        ]
        folder.mkdir(parents=True, exist_ok=True)
        Path(folder, "validation.csv").write_text("\n".join(lines) + "\n")
        record = {"seconds": 1800.0, "images": images[1], "validation": {"stopped_early": False}}
        write_json(folder / "run.json", record)
