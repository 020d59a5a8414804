"""Differences of methods over seeds and folds: one value for each training, paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gains.certainty.intervals import Interval
from gains.certainty.judge import Comparison
from gains.certainty.judgement import Judgement
from gains.certainty.paired import FEWEST, paired_difference
from gains.certainty.precision import Floats
from gains.certainty.ranking import holm
from gains.scoring.score_file import ScoreFile
from gains.support.files import read_json


@dataclass(frozen=True)
class RunDifference:
    """Two methods in a quantity, paired by seed and fold, in percent.

    Attributes:
        row: label of the first method.
        other: label of the second method.
        value: mean of the differences, first minus second.
        interval: interval of the mean; NaN if all differences are equal.
        p: p value of the mean, NaN where there is no interval.
        p_holm: the same, corrected for all pairs of the quantity.
    """

    row: str
    other: str
    value: float
    interval: Interval
    p: float
    p_holm: float

    @property
    def turned(self) -> RunDifference:
        """The second method minus the first."""
        interval = Interval(-self.interval.high, -self.interval.low)
        return RunDifference(self.other, self.row, -self.value, interval, self.p, self.p_holm)


@dataclass(frozen=True)
class OverRuns:
    """The differences over the seeds and folds of a data set.

    Attributes:
        pairs: number of differences: of folds, or with one fold of seeds.
        differences: every pair of methods by metric, in the order of
            :attr:`gains.certainty.judgement.Judgement.differences`.
    """

    pairs: int
    differences: Mapping[str, Sequence[RunDifference]]

    def to_best(self, judgement: Judgement) -> list[RunDifference]:
        """Return each other method minus the best one of a column."""
        best = judgement.best.row if judgement.best else None
        found = self.differences[judgement.quantity.metric]
        pairs = [d for d in found if best in (d.row, d.other)]
        return [d if d.other == best else d.turned for d in pairs]


def over_runs(comparison: Comparison, judgements: Sequence[Judgement]) -> OverRuns | None:
    """Return the differences of the methods over seeds and folds.

    The score files of the methods are paired in their order, which is the same for all rows of a
    table: by seed, then by fold. With several folds, the seeds of a fold share all images, so their
    mean is one value.

    Args:
        comparison: the methods on a data set.
        judgements: columns of the table, one for each metric.

    Returns:
        None if nothing is compared, if there are fewer than three folds (with one fold: seeds), if
        the methods differ in the test images of their runs, or if it is not known how many images
        the folds share.

    Raises:
        ValueError: the record of a training is truncated.
    """
    folds = _folds(comparison)
    if not folds or rows_without_record(comparison):
        return None
    several = len(set(folds)) > 1
    shares = {row: _share(comparison, row) if several else 0.0 for row in comparison.files}
    found = {j.quantity.metric: _differences(comparison, j, shares, folds) for j in judgements}
    pairs = len(set(folds)) if several else len(folds)
    return OverRuns(pairs, found) if any(found.values()) else None


def rows_without_record(comparison: Comparison) -> list[str]:
    """Return the methods whose number of training images is needed and not known."""
    if len(set(_folds(comparison))) < 2:
        return []
    files = comparison.files.items()
    return [row for row, found in files if None in map(_training_images, found)]


def _folds(comparison: Comparison) -> list[int]:
    """Return the number of the fold of each run, or nothing if there are no runs to pair."""
    images = [[item.images for item in method.evidence] for method in comparison.methods.values()]
    first = list(dict.fromkeys(images[0]))
    independent = len(first) if len(first) > 1 else len(images[0])
    if independent < FEWEST or any(found != images[0] for found in images):
        return []
    return [first.index(names) for names in images[0]]


def _share(comparison: Comparison, row: str) -> float:
    """Return the test images of a run over its training images, which are known."""
    tested = np.array([len(item.images) for item in comparison.methods[row].evidence])
    trained = np.array(list(map(_training_images, comparison.files[row])), dtype=np.float64)
    return float(np.mean(tested / trained))


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
) -> list[RunDifference]:
    values = {s.row: _values(comparison.files[s.row], judgement) for s in judgement.standings}
    if len(set(folds)) > 1:
        values = {row: _over_seeds(found, folds) for row, found in values.items()}
    found = []
    for pair in judgement.differences:
        row, other = pair.row, pair.other
        share = (shares[row] + shares[other]) / 2
        paired = paired_difference(values[row], values[other], share)
        found.append(RunDifference(row, other, paired.mean, paired.interval, paired.p, paired.p))
    corrected = zip(found, holm([d.p for d in found]), strict=True)
    return [replace(difference, p_holm=p) for difference, p in corrected]


def _over_seeds(values: Floats, folds: Sequence[int]) -> Floats:
    """Return the mean over the runs of each fold, float64 (folds,)."""
    return np.bincount(folds, weights=values) / np.bincount(folds)


def _values(files: Sequence[ScoreFile], judgement: Judgement) -> Floats:
    """Return the value of each run in percent, float64 (runs,), as the table averages it."""
    metric, mode, target = judgement.quantity
    return 100 * np.array([file.value(metric, mode, target) for file in files], dtype=np.float64)
