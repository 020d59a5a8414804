"""Differences of two methods that are paired by training, of which there are few."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gains.certainty.intervals import LEVEL, Interval
from gains.certainty.judgement import NOTHING
from gains.certainty.precision import Floats

FEWEST = 3
"""Smallest number of pairs with a spread, an interval and a test."""


@dataclass(frozen=True)
class PairedDifference:
    """The differences of pairs of trainings.

    Attributes:
        pairs: number of pairs.
        ahead: number of pairs in which the first one is larger.
        mean: mean difference, NaN if a pair has no value.
        sd: sample standard deviation, NaN for fewer than :data:`FEWEST` pairs.
        interval: interval of 95% of the mean, NaN as above and if all differences are equal.
        p: two-sided p value of a difference of 0, NaN where there is no interval.
    """

    pairs: int
    ahead: int
    mean: float
    sd: float
    interval: Interval
    p: float


def paired_difference(first: Floats, second: Floats, share: float) -> PairedDifference:
    """Compare two methods by their values in the same folds and seeds.

    Folds share training images, so their differences are not independent, and the t test that takes
    them so finds too much. Nadeau and Bengio (Machine Learning 52, 2003) enlarge the variance of
    the mean from sd^2 / n to sd^2 (1 / n + share), with n - 1 degrees of freedom.

    Args:
        first: float64 (n,), values of the first method.
        second: float64 (n,), values of the second method in the same order of pairs.
        share: number of images that give a value of a fold, of the validation or test part, over
            that of its training images; 0 if all pairs are of one fold.
    """
    found = first - second
    pairs, ahead, mean = len(found), int((found > 0).sum()), float(found.mean())
    sd = float(found.std(ddof=1)) if pairs >= FEWEST else math.nan
    if not sd > 1e-9:
        return PairedDifference(pairs, ahead, mean, sd, NOTHING, math.nan)
    error = sd * math.sqrt(1 / pairs + share)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, pairs - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, pairs - 1))
    return PairedDifference(pairs, ahead, mean, sd, Interval(mean - reach, mean + reach), p)


def spread_of_few(values: Floats) -> float:
    """Return the sample standard deviation; NaN for fewer than :data:`FEWEST` values."""
    return float(np.std(values, ddof=1)) if len(values) >= FEWEST else math.nan
