"""Differences of methods over seeds and folds: one value for each training, paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gains.certainty.judge import Comparison
from gains.certainty.judgement import Contrast, Judgement
from gains.certainty.paired import FEWEST, paired_difference
from gains.certainty.precision import Floats
from gains.certainty.ranking import holm
from gains.scoring.score_file import ScoreFile
from gains.support.files import read_json


@dataclass(frozen=True)
class OverRuns:
    """The differences over the seeds and folds of a data set.

    Attributes:
        pairs: number of differences: of folds, or with one fold of seeds.
        differences: every pair of methods by metric, in the order of
            :attr:`gains.certainty.judgement.Judgement.differences`; empty if they are not known.
        without_record: the methods because of which they are not known.
    """

    pairs: int
    differences: Mapping[str, Sequence[Contrast]]
    without_record: Sequence[str] = ()


def over_runs(comparison: Comparison, judgements: Sequence[Judgement]) -> OverRuns | None:
    """Return the differences of the methods over seeds and folds.

    The score files of the methods are paired in their order, which is the same for all rows of a
    table: by seed, then by fold. With several folds, the seeds of a fold share all images, so their
    mean is one value.

    Args:
        comparison: the methods on a data set.
        judgements: columns of the table, one for each metric.

    Returns:
        None if nothing is compared, if there are fewer than three folds (with one fold: seeds), or
        if the methods differ in the test images of their runs. With several folds there are no
        differences if it is not known how many images the folds share.

    Raises:
        ValueError: the record of a training is truncated.
    """
    folds = _folds(comparison)
    if not folds:
        return None
    shares = dict.fromkeys(comparison.files, 0.0)
    pairs = len(folds)
    if (number := len(set(folds))) > 1:
        trained = {
            row: list(map(_training_images, files)) for row, files in comparison.files.items()
        }
        if without := [row for row, counts in trained.items() if None in counts]:
            return OverRuns(0, {}, without)
        shares = {row: _share(comparison, row, counts) for row, counts in trained.items()}
        pairs = number
    found = {j.quantity.metric: _differences(comparison, j, shares, folds) for j in judgements}
    return OverRuns(pairs, found) if any(found.values()) else None


def _folds(comparison: Comparison) -> list[int]:
    """Return the number of the fold of each run, or nothing if there are no runs to pair."""
    images = [[item.images for item in method.evidence] for method in comparison.methods.values()]
    first = list(dict.fromkeys(images[0]))
    independent = len(first) if len(first) > 1 else len(images[0])
    if independent < FEWEST or any(found != images[0] for found in images):
        return []
    return [first.index(names) for names in images[0]]


def _share(comparison: Comparison, row: str, trained: Sequence[int | None]) -> float:
    """Return the test images of a run over its training images, which are known."""
    tested = np.array([len(item.images) for item in comparison.methods[row].evidence])
    return float(np.mean(tested / np.array(trained, dtype=np.float64)))


def _training_images(file: ScoreFile) -> int | None:
    """Return the number of training images of a run, from the record beside its score file."""
    record = Path(file.path).with_name("run.json")
    content = read_json(record) if record.is_file() else None
    count = content.get("images") if isinstance(content, dict) else None
    return count if isinstance(count, int) and count > 0 else None


def _differences(
    comparison: Comparison,
    judgement: Judgement,
    shares: Mapping[str, float],
    folds: Sequence[int],
) -> list[Contrast]:
    values = {s.row: _values(comparison.files[s.row], judgement) for s in judgement.standings}
    if len(set(folds)) > 1:
        values = {row: _over_seeds(found, folds) for row, found in values.items()}
    found = []
    for pair in judgement.differences:
        row, other = pair.row, pair.other
        share = (shares[row] + shares[other]) / 2
        paired = paired_difference(values[row], values[other], share)
        found.append(Contrast(row, other, paired.mean, paired.interval, paired.p, paired.p))
    corrected = zip(found, holm([d.p for d in found]), strict=True)
    return [replace(difference, p_holm=p) for difference, p in corrected]


def _over_seeds(values: Floats, folds: Sequence[int]) -> Floats:
    """Return the mean over the runs of each fold, float64 (folds,)."""
    return np.bincount(folds, weights=values) / np.bincount(folds)


def _values(files: Sequence[ScoreFile], judgement: Judgement) -> Floats:
    """Return the value of each run in percent, float64 (runs,), as the table averages it."""
    metric, mode, target = judgement.quantity
    return 100 * np.array([file.value(metric, mode, target) for file in files], dtype=np.float64)
