"""The plan of a study: how long the remaining trainings take, and how many of them fit on a GPU."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from gains.config.base import validated
from gains.config.recipe import RecipeSettings
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import read_json

CONTEXT_MB = 700
"""Memory of a GPU in MB that CUDA itself takes for each process."""


@dataclass(frozen=True)
class Measured:
    """Time and memory of a finished training.

    Attributes:
        seconds: wall-clock time in s.
        images: number of images that the model saw, with repetitions.
        host_mb: peak of the resident memory in MB.
        device_mb: peak of the GPU memory in MB; None on a CPU.
    """

    seconds: float
    images: int
    host_mb: int
    device_mb: int | None


@dataclass(frozen=True)
class MethodPlan:
    """The trainings of one method in a study.

    Attributes:
        method: registered name.
        done: number of finished trainings.
        total: number of trainings in the study.
        left_seconds: estimated time in s of the other trainings, one after the other; None if no
            finished training can serve as an estimate.
        measured: time and memory of the finished trainings.
    """

    method: str
    done: int
    total: int
    left_seconds: float | None
    measured: tuple[Measured, ...]


def plan(study: Study) -> list[MethodPlan]:
    """Return the plan of each method, in the order of the study's tables.

    A training counts as done if its record exists; only Snakemake knows whether the record still
    fits the settings and the code. The time of a remaining training is estimated from the median
    seconds per image of the finished trainings of the same method and variant. If there are none,
    those of the same method are used, and otherwise those of any method.
    """
    runs = list(study.trainings())
    finished = {run: measured for run in runs if (measured := _measured(study, run))}
    plans = []
    for method in dict.fromkeys(run.method for run in runs):
        own = [run for run in runs if run.method == method]
        left = [_estimate(study, run, finished) for run in own if run not in finished]
        known = [seconds for seconds in left if seconds is not None]
        plans.append(
            MethodPlan(
                method,
                len(own) - len(left),
                len(own),
                sum(known) if len(known) == len(left) else None,
                tuple(finished[run] for run in own if run in finished),
            )
        )
    return plans


def record_of(study: Study, run: Run) -> Path:
    """Return the path of the record of a training, which exists when the training is done."""
    return study.run_folder(run) / "run.json"


def _measured(study: Study, run: Run) -> Measured | None:
    path = record_of(study, run)
    if not path.is_file():
        return None
    record = read_json(path)
    memory = record.get("memory_mb", {})
    recipe = validated(RecipeSettings, record["settings"]["recipe"], f"{path}: settings.recipe")
    images = record["iterations"] * recipe.batch_size  # a training may have ended early
    return Measured(record["seconds"], images, memory.get("host", 0), memory.get("device"))


def _estimate(study: Study, run: Run, finished: dict[Run, Measured]) -> float | None:
    alike = [
        [m for r, m in finished.items() if (r.method, r.variant) == (run.method, run.variant)],
        [m for r, m in finished.items() if r.method == run.method],
        list(finished.values()),
    ]
    nearest = next((group for group in alike if group), None)
    if nearest is None:
        return None
    return statistics.median(m.seconds / m.images for m in nearest) * (
        study.run_settings(run).recipe.images_seen
    )


def trainings_that_fit(plans: list[MethodPlan], gpu_mb: int) -> int | None:
    """Return how many of the largest trainings fit on a GPU at the same time.

    The result is None if no training has run on a GPU.
    """
    peaks = [m.device_mb for p in plans for m in p.measured if m.device_mb is not None]
    return gpu_mb // (max(peaks) + CONTEXT_MB) if peaks else None
