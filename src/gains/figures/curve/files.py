"""The files of trainings that the curve figure reads, by the title of their panel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.methods import METHODS
from gains.study.opening import open_study
from gains.support.csv_file import CsvFile, read_csv

logger = logging.getLogger(__name__)

Folders = dict[str, list[Path]]
"""Folders of runs by the title of their panel."""

LOSSES, VALIDATION = "losses.csv", "validation.csv"


@dataclass(frozen=True)
class Curves:
    """The curves of one training.

    Attributes:
        iterations: float64 (N,).
        losses: float64 (N,) by name; ``loss`` is the total.
        metric: name of the validation's metric; "" without a validation.
        validations: float64 (V, 2), iterations and values.
        picked: index of the validation whose weights were kept; None without a validation.
    """

    iterations: NDArray[np.float64]
    losses: dict[str, NDArray[np.float64]]
    metric: str
    validations: NDArray[np.float64]
    picked: int | None

    @staticmethod
    def read(folder: Path) -> Curves:
        """Read the files of a run; a run of before validations has no ``validation.csv``.

        Raises:
            FileNotFoundError: there is no ``losses.csv``.
            ValueError: a file is not what a training writes.
        """
        path = folder / LOSSES
        content = read_csv(path)
        names = [name for name in content.columns if name not in ("iteration", "lr")]
        if "loss" not in names or not content.rows:
            raise ValueError(f"{path}: expected the losses that `gains train` writes")
        losses = {name: _numbers(path, content, name) for name in names}
        iterations, path = _numbers(path, content, "iteration"), folder / VALIDATION
        if not path.is_file() or not (found := read_csv(path)).rows:
            return Curves(iterations, losses, "", np.zeros((0, 2)), None)
        values = [_numbers(path, found, name) for name in ("iteration", "value")]
        marks = [row.get("picked") for _, row in found.rows]
        if marks.count("yes") != 1:
            raise ValueError(f"{path}: expected one row with `yes` under `picked`")
        metric = str(found.rows[0][1].get("metric"))
        return Curves(iterations, losses, metric, np.stack(values, axis=1), marks.index("yes"))


def _numbers(path: Path, content: CsvFile, name: str) -> NDArray[np.float64]:
    try:
        return np.array([float(row[name]) for _, row in content.rows])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected numbers in the column {name!r}: {error}") from error


def named_folders(runs: Sequence[Path], labels: Sequence[str]) -> Folders:
    """Return folders by their labels, or by their own paths.

    Raises:
        ValueError: the numbers of folders and labels differ.
    """
    if labels and len(labels) != len(runs):
        raise ValueError(f"{len(labels)} --label for {len(runs)} --run; give one each or none")
    found: Folders = {}
    for title, run in zip(labels or map(str, runs), runs, strict=True):
        found.setdefault(title, []).append(run)
    return found


def study_folders(
    config: Path, study: str | None, dataset: str | None, method: str | None
) -> Folders:
    """Return the folders of a study's trainings, all seeds and folds below one title.

    Raises:
        ValueError: the study has no such training.
    """
    opened = open_study(config, study)
    found: Folders = {}
    for run in opened.trainings():
        if dataset in (None, run.dataset) and method in (None, run.method):
            variant = "" if run.variant == "default" else f", {run.variant}"
            title = f"{METHODS.get(run.method).title}{variant}\n{run.dataset}"
            found.setdefault(title, []).append(opened.run_folder(run))
    if not found:
        known = sorted({f"{run.dataset}/{run.method}" for run in opened.trainings()})
        raise ValueError(
            f"study {opened.name!r} trains no {method or 'method'} on {dataset or 'a data set'}; "
            f"known: {', '.join(known)}"
        )
    return found


def finished(folders: Folders) -> dict[str, list[Curves]]:
    """Return the curves of the finished trainings, and name the others in the log.

    Raises:
        FileNotFoundError: no training is finished.
    """
    every = [folder for listed in folders.values() for folder in listed]
    waiting = [str(folder) for folder in every if not (folder / LOSSES).is_file()]
    if len(waiting) == len(every):
        raise FileNotFoundError(
            f"{waiting[0]}: no {LOSSES}, which a training writes at its end; none of {len(every)} "
            "is finished"
        )
    if waiting:
        logger.warning("not finished, without %s: %s", LOSSES, ", ".join(waiting))
    return {
        title: [Curves.read(folder) for folder in listed if (folder / LOSSES).is_file()]
        for title, listed in folders.items()
    }
