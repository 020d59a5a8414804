"""Clean metrics of the trained runs of a study on validation images, at several thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.metrics import METRICS
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.progress import progress

USUAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The thresholds, if none are given."""
Measure = Callable[[Run, Sequence[float], Sequence[str]], tuple[NDArray[np.float64], int]]
"""Function of a run, thresholds and metrics; it returns the values, float64 (thresholds, metrics),
and the number of images of the validation part."""


@dataclass(frozen=True)
class ThresholdRow:
    """The values of the trained runs of a method on a data set.

    Attributes:
        dataset: name of the data set.
        method: name of the method.
        variant: variant of the method.
        values: clean values, fractions, float64 (runs, thresholds, metrics).
        images: number of validation images of each run.
    """

    dataset: str
    method: str
    variant: str
    values: NDArray[np.float64]
    images: tuple[int, ...]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over the runs, float64 (thresholds, metrics)."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def sd(self) -> NDArray[np.float64]:
        """Sample standard deviation over the runs, of the same shape; NaN for a single run."""
        if len(self.values) < 2:
            return np.full(self.values.shape[1:], math.nan)
        return np.asarray(self.values.std(axis=0, ddof=1))


@dataclass(frozen=True)
class ThresholdSearch:
    """The rows of all methods, and what they were made with.

    Attributes:
        study: name of the study.
        own: the study's ``clean_score_threshold``.
        thresholds: the thresholds, ascending.
        metrics: names of the metrics.
        rows: one for each method and data set with a trained run.
        missing: runs without a model, whose values are unknown.
    """

    study: str
    own: float
    thresholds: tuple[float, ...]
    metrics: tuple[str, ...]
    rows: tuple[ThresholdRow, ...]
    missing: tuple[Run, ...]


def search_thresholds(
    study: Study, measure: Measure, thresholds: Sequence[float], datasets: Sequence[str] | None
) -> ThresholdSearch:
    """Score the validation part of every trained run of a study at several thresholds.

    No test image is looked at. The metrics are those of the study's tables that count detections
    above a threshold.

    Args:
        study: the study; its threshold is added to the others.
        measure: function that gives the values of a run.
        thresholds: score thresholds.
        datasets: names of data sets; None for all.

    Raises:
        FileNotFoundError: no run is trained.
        ValueError: a threshold is not between 0 and 1, a data set is unknown, or no table has such
            a metric.
    """
    if wrong := [value for value in thresholds if not 0 <= value <= 1]:
        raise ValueError(f"expected score thresholds from 0 to 1, found {wrong[0]}")
    for name in datasets or ():
        study.dataset(name)  # this call refuses an unknown data set
    own, metrics = study.settings.clean_score_threshold, threshold_metrics(study)
    steps = tuple(sorted({*thresholds, own}))
    runs = [run for run in study.runs() if datasets is None or run.dataset in datasets]
    trained = _trained(study, runs)
    found: dict[tuple[str, str, str], list[tuple[NDArray[np.float64], int]]] = {}
    with progress("validation parts, runs", len(trained)) as advance:
        for done, run in enumerate(trained, start=1):
            key = run.dataset, run.method, run.variant
            found.setdefault(key, []).append(measure(run, steps, metrics))
            advance(done, run.path)
    rows = tuple(
        ThresholdRow(*key, np.stack([v for v, _ in values]), tuple(n for _, n in values))
        for key, values in found.items()
    )
    missing = tuple(run for run in runs if run not in set(trained))
    return ThresholdSearch(study.tag, own, steps, metrics, rows, missing)


def threshold_metrics(study: Study) -> tuple[str, ...]:
    """Return the metrics of the study's tables that depend on the threshold.

    Raises:
        ValueError: there is none.
    """
    shown = dict.fromkeys(m for table in study.settings.tables.values() for m in table.metrics)
    chosen = tuple(m for m in shown if m in METRICS.names() and METRICS.get(m).clean is not None)
    if not chosen:
        raise ValueError(
            f"study {study.name!r}: no table shows a metric that counts detections above a score "
            "threshold, such as AJI, Dice or F1; add one to `metrics` of a table"
        )
    return chosen


def _trained(study: Study, runs: list[Run]) -> list[Run]:
    trained = [run for run in runs if study.model(run).is_file()]
    if not trained:
        first = f" (the first would be {study.model(runs[0])})" if runs else ""
        raise FileNotFoundError(
            f"study {study.name!r}: none of its {len(runs)} runs has a model{first}; run the study "
            "first. Runs that are kept with the study have no models"
        )
    return trained
