"""Intervals of 95 %, and the test of a difference, from resamples.

`scipy.stats.bootstrap` draws for one statistic of one sample. Here every resample is scored once
for all metrics, methods and pairs, so the interval is computed from the scored resamples; the tests
compare it with that of scipy.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from gains.certainty.precision import Floats
from gains.certainty.resamples import Values

LEVEL = 0.95
"""Confidence level."""


class Interval(NamedTuple):
    """A confidence interval.

    Attributes:
        low: lower end.
        high: upper end.
    """

    low: float
    high: float


@functools.cache
def tail(images: int) -> float:
    """Return the share of resamples beyond each end of an interval of a normal mean.

    A bootstrap interval of few values is too narrow, because the variance of resamples is too small
    by the factor (n - 1) / n and Student's t has longer tails. Hesterberg (The American
    Statistician 69, 2015) expands it: Phi(-sqrt(n / (n - 1)) t) with t the quantile of the level.
    """
    quantile = stats.t.ppf((1 + LEVEL) / 2, images - 1)
    return float(special.ndtr(-math.sqrt(images / (images - 1)) * quantile))


def bca_interval(values: Values, each_side: float) -> Interval:
    """Return the bias-corrected and accelerated interval (Efron, JASA 82, 1987).

    Args:
        values: a number in resamples.
        each_side: share of resamples beyond each end, before the correction.

    Returns:
        The interval; NaN if a resample has no value. Where the value lies outside of all resamples,
        it counts as if one resample were beyond it.
    """
    resampled = values.resampled[~np.isnan(values.resampled)]
    if len(resampled) < 2 or np.isnan(values.without).all():
        return Interval(math.nan, math.nan)
    below = (resampled < values.whole).mean() + (resampled == values.whole).mean() / 2
    share = np.clip(below, 1 / (len(resampled) + 1), len(resampled) / (len(resampled) + 1))
    bias = special.ndtri(share)
    ends = bias + special.ndtri(each_side) * np.array([1, -1])
    scale = 1 - _acceleration(values.without) * ends
    # Of very few images an end may lie beyond the pole of the formula, where no resample is.
    inside = scale > 1e-9
    shares = np.where(inside, special.ndtr(bias + ends / np.where(inside, scale, 1)), ends > 0)
    low, high = np.quantile(resampled, shares)
    return Interval(float(low), float(high))


def _acceleration(without: Floats) -> float:
    """Return the acceleration, from the values without each image."""
    known = without[~np.isnan(without)]
    centred = known.mean() - known
    squares = float((centred**2).sum())
    return float((centred**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0


def p_value(values: Values) -> float:
    """Return the two-sided p value of a difference of 0, by Student's t.

    The standard error is that of the resamples, times sqrt(n / (n - 1)). For a mean over images
    this is the paired t test, but for the chance of the draws.
    """
    images = len(values.without)
    error = float(np.nanstd(values.resampled, ddof=1)) * math.sqrt(images / (images - 1))
    if error <= 1e-9 * max(1, abs(values.whole)):
        return 1.0 if abs(values.whole) < 1e-9 else 0.0
    return float(2 * stats.t.sf(abs(values.whole) / error, images - 1))
