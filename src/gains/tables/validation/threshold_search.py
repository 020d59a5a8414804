"""Clean metrics of the trained runs of a study on validation images, at several thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.datasets.split_file import read_split
from gains.metrics import METRICS
from gains.study.runs import Run
from gains.study.study import Study
from gains.study.validated import validated_runs
from gains.support.files import require_file, settings_hash
from gains.support.progress import progress
from gains.support.registry import nearest

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
        label: label of the row in the study's tables, or None if it has none of its own.
        metrics: names of the metrics.
        values: clean values, fractions, float64 (runs, thresholds, metrics).
        images: number of validation images of each run.
        settings_hash: hash of the settings of the runs, hexadecimal.
    """

    dataset: str
    method: str
    variant: str
    label: str | None
    metrics: tuple[str, ...]
    values: NDArray[np.float64]
    images: tuple[int, ...]
    settings_hash: str

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
        study: the study.
        thresholds: the thresholds, ascending; that of the study is among them.
        rows: one for each method and data set with a trained run.
        missing: runs without a model, whose values are unknown.
    """

    study: Study
    thresholds: tuple[float, ...]
    rows: tuple[ThresholdRow, ...]
    missing: tuple[Run, ...]

    @property
    def own(self) -> float:
        """The study's ``clean_score_threshold``."""
        return self.study.settings.clean_score_threshold


def search_thresholds(
    study: Study,
    measure: Measure,
    thresholds: Sequence[float],
    datasets: Sequence[str] | None,
    tables: Sequence[str] | None = None,
) -> ThresholdSearch:
    """Score the validation part of every trained run of a study at several thresholds.

    No test image of the same fold is looked at. The metrics of a data set are those of its tables
    of scores that count detections above a threshold.

    Args:
        study: the study; its threshold is added to the others.
        measure: function that gives the values of a run.
        thresholds: score thresholds.
        datasets: names of data sets; None for all.
        tables: names of the tables, of scores or of validations, whose runs are meant; None for
            all tables of scores.

    Raises:
        FileNotFoundError: no run is trained, or a file of a data set is missing.
        ValueError: a threshold is out of range, a table is unknown, a data set is unknown or shown
            by no table, a validation part has no image, or no table has such a metric.
    """
    if wrong := [value for value in thresholds if not 0 <= value < 1]:
        raise ValueError(f"expected score thresholds from 0 to below 1, found {wrong[0]}")
    steps = tuple(sorted({*thresholds, study.settings.clean_score_threshold}))
    runs = _runs(study, datasets, tables)
    trained = [run for run in runs if study.model(run).is_file()]
    if not trained:
        raise FileNotFoundError(
            f"study {study.name!r}: none of the {len(runs)} runs has a model (the first would be "
            f"{study.model(runs[0])}); run the study first. The folder of runs that are kept with "
            "the study holds no models"
        )
    _require_validation_parts(study, trained)
    metrics = {name: threshold_metrics(study, name) for name in {run.dataset for run in trained}}
    found: dict[tuple[str, str, str], list[tuple[NDArray[np.float64], int]]] = {}
    with progress("validation parts, runs", len(trained)) as advance:
        for done, run in enumerate(trained, start=1):
            key = run.dataset, run.method, run.variant
            found.setdefault(key, []).append(measure(run, steps, metrics[run.dataset]))
            advance(done, run.path)
    rows = (_row(study, key, metrics[key[0]], values) for key, values in found.items())
    here = set(trained)
    return ThresholdSearch(study, steps, tuple(rows), tuple(r for r in runs if r not in here))


def threshold_metrics(study: Study, dataset: str) -> tuple[str, ...]:
    """Return the metrics of a data set's tables that depend on the threshold."""
    tables = study.settings.tables.items()
    shown = dict.fromkeys(
        metric
        for name, table in tables
        if dataset in study.table_datasets(name)
        for metric in table.metrics
    )
    return tuple(m for m in shown if m in METRICS.names() and METRICS.get(m).clean is not None)


def _runs(study: Study, datasets: Sequence[str] | None, tables: Sequence[str] | None) -> list[Run]:
    """Return the runs of the tables, on all data sets or on some."""
    for name in datasets or ():
        study.dataset(name)  # this call refuses an unknown data set
    shown = study.runs() if tables is None else _shown_by(study, tables)
    runs = [run for run in shown if datasets is None or run.dataset in datasets]
    if not runs:
        meant = datasets or [
            d for t in tables or study.settings.tables for d in study.table_datasets(t)
        ]
        absent = [study.absence(name) for name in study.absent if name in meant]
        which = f"none of the tables {', '.join(tables)} shows" if tables else "no table shows"
        where = f" on {', '.join(datasets)}" if datasets else ""
        raise ValueError(
            f"study {study.name!r}: "
            + ("; ".join(absent) or f"{which} a run of a method{where}; add a row to a table")
        )
    chosen = [run for run in runs if threshold_metrics(study, run.dataset)]
    if not chosen:
        raise ValueError(
            f"study {study.name!r}: no table shows a metric that counts detections above a score "
            "threshold, such as AJI, Dice or F1; add one to `metrics` of a table"
        )
    return chosen


def _shown_by(study: Study, tables: Sequence[str]) -> dict[Run, None]:
    of_validations = study.settings.validation_tables
    known = [*study.settings.tables, *of_validations]
    runs: dict[Run, None] = {}
    for name in tables:
        if name not in known:
            raise ValueError(
                f"study {study.name!r} has no table {name!r}; {nearest(name, known)}"
                f"known: {', '.join(known)}"
            )
        found = validated_runs(study, name) if name in of_validations else study.table_runs(name)
        runs.update(dict.fromkeys(found))
    return runs


def _require_validation_parts(study: Study, runs: Sequence[Run]) -> None:
    """Refuse data that are missing, before any run takes its time."""
    for dataset, fold in dict.fromkeys((run.dataset, run.fold) for run in runs):
        for path in (study.coco(dataset), study.coco(dataset).with_suffix(".zip")):
            require_file(path, "the data of the study are not made yet; run the study first")
        if not read_split(study.split(dataset)).names("val", fold):
            raise ValueError(
                f"{study.split(dataset)}: the validation part (val) of fold {fold} has no images; "
                "make a split with a validation part, or name the other data sets with --dataset"
            )


def _row(
    study: Study,
    key: tuple[str, str, str],
    metrics: tuple[str, ...],
    found: list[tuple[NDArray[np.float64], int]],
) -> ThresholdRow:
    dataset, method, variant = key
    blocks = study.settings
    rows = [(r.method, r.variant, r.label) for t in blocks.tables.values() for r in t.rows]
    rows += [
        (r.method, r.variant, r.label) for t in blocks.validation_tables.values() for r in t.rows
    ]
    labels = (label for *cell, label in rows if cell == [method, variant])
    settings = study.run_settings(study.cell_runs(dataset, method, variant)[0])
    return ThresholdRow(
        *key,
        next(filter(None, labels), None),
        metrics,
        np.stack([values for values, _ in found]),
        tuple(images for _, images in found),
        settings_hash(settings.recorded_json()),
    )
