"""The plan of a study: how long the remaining trainings take, and how many of them fit on a GPU."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from gains.config.base import validated
from gains.config.recipe import RecipeSettings
from gains.study.measured import (
    Measurement,
    kind_of,
    measured_file,
    measurement_of,
    read_measurements,
)
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
    fits the settings and the code.
    """
    finished, seconds_of = _finished(study), estimates(study)
    runs, plans = list(seconds_of), []
    for method in dict.fromkeys(run.method for run in runs):
        own = [run for run in runs if run.method == method]
        seconds = [seconds_of[run] for run in own if run not in finished]
        known = [value for value in seconds if value is not None]
        plans.append(
            MethodPlan(
                method,
                len(own) - len(seconds),
                len(own),
                sum(known) if len(known) == len(seconds) else None,
                tuple(finished[run] for run in own if run in finished),
            )
        )
    return plans


def estimates(study: Study) -> dict[Run, float | None]:
    """Return the time in s of each training; None if nothing is known.

    That of a finished training was measured. That of another one is estimated from the median
    seconds per image of the finished trainings of the same data set, method and variant. If there
    are none, what was measured of these is used, then finished trainings of the same method and
    variant, of the same method, what was measured of the method elsewhere in the study, and
    finished trainings of any method.
    """
    finished, measured = _finished(study), _measurements(study)
    return {
        run: finished[run].seconds if run in finished else _estimate(study, run, finished, measured)
        for run in study.trainings()
    }


def record_of(study: Study, run: Run) -> Path:
    """Return the path of the record of a training, which exists when the training is done."""
    return study.run_folder(run) / "run.json"


def _finished(study: Study) -> dict[Run, Measured]:
    return {run: found for run in study.trainings() if (found := _measured(study, run))}


def _measurements(study: Study) -> dict[str, Measurement]:
    """Return what was measured with the present settings, by kind of run."""
    kept, found = read_measurements(measured_file(study)), {}
    for run in {kind_of(run): run for run in study.trainings()}.values():
        if measured := measurement_of(study, run, kept):
            found[kind_of(run)] = measured
    return found


def _measured(study: Study, run: Run) -> Measured | None:
    path = record_of(study, run)
    if not path.is_file():
        return None
    record = read_json(path)
    memory = record.get("memory_mb", {})
    recipe = validated(RecipeSettings, record["settings"]["recipe"], f"{path}: settings.recipe")
    images = record["iterations"] * recipe.batch_size  # a training may have ended early
    return Measured(record["seconds"], images, memory.get("host", 0), memory.get("device"))


def _estimate(
    study: Study, run: Run, finished: dict[Run, Measured], kinds: dict[str, Measurement]
) -> float | None:
    settings, kind = study.run_settings(run), (run.dataset, run.method, run.variant)
    exact = [m for r, m in finished.items() if (r.dataset, r.method, r.variant) == kind]
    measured = kinds.get(kind_of(run))
    seconds = None if exact or measured is None else measured.training_seconds(settings)
    if seconds is not None:
        return seconds
    alike = [
        exact,
        [m for r, m in finished.items() if (r.method, r.variant) == (run.method, run.variant)],
        [m for r, m in finished.items() if r.method == run.method],
    ]
    nearest = next((group for group in alike if group), None)
    if nearest is None:
        same = [m for k, m in kinds.items() if k.split("/")[1] == run.method]
        others = [m.training_seconds(settings) for m in same]
        if known := [value for value in others if value is not None]:
            return statistics.median(known)
        nearest = list(finished.values())
    if not nearest:
        return None
    return statistics.median(m.seconds / m.images for m in nearest) * settings.recipe.images_seen


def trainings_that_fit(
    plans: list[MethodPlan], gpu_mb: int, measured_mb: int | None = None
) -> int | None:
    """Return how many of the largest trainings fit on a GPU at the same time.

    The result is None if no training has run on a GPU.

    Args:
        plans: the plan of each method.
        gpu_mb: memory of the GPU in MB.
        measured_mb: GPU memory of the largest training that was measured, in MB, or None.
    """
    peaks = [m.device_mb for p in plans for m in p.measured if m.device_mb is not None]
    peaks += [] if measured_mb is None else [measured_mb]
    return gpu_mb // (max(peaks) + CONTEXT_MB) if peaks else None
