"""Wilcoxon's signed rank test, Holm's correction, and ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gains.certainty.precision import Floats

DECIMALS = 9
"""Differences in percent are rounded to so many decimals, so that equal ones are ties."""

EXACT = 50
"""Largest number of differences whose p value is exact; beyond, it is a normal approximation."""


def signed_rank(first: Floats, second: Floats) -> float:
    """Return the two-sided p value of Wilcoxon's signed rank test on paired values.

    Pairs without a value, and differences of 0, are left out; equal differences share their mean
    rank. The p value is 1 if no difference remains.

    Args:
        first: float64 (N,), NaN where there is no value.
        second: float64 (N,), the values of the same images.
    """
    differences = np.round(first - second, DECIMALS)
    differences = differences[~np.isnan(differences) & (differences != 0)]
    if not len(differences):
        return 1.0
    if len(differences) <= EXACT:
        return _exact(differences)
    found = stats.wilcoxon(differences, zero_method="wilcox", method="asymptotic")
    return float(found.pvalue)


def _exact(differences: Floats) -> float:
    """Return the share of all choices of signs whose rank sum is as extreme as the one found.

    `scipy.stats.wilcoxon` is exact with ties too, but takes a tenth of a second for each pair.
    """
    doubled = np.rint(2 * stats.rankdata(np.abs(differences))).astype(np.int64)
    ways = np.ones(1)
    for rank in doubled:
        longer = np.concatenate([ways, np.zeros(rank)])
        longer[rank:] += ways
        ways = longer
    middle = doubled.sum() / 2
    extreme = np.abs(np.arange(len(ways)) - middle) >= abs(doubled[differences > 0].sum() - middle)
    return float(ways[extreme].sum() / ways.sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values after Holm's correction (Scandinavian Journal of Statistics 6, 1979).

    The smallest of m values is multiplied by m, the next by m - 1 and so on; none becomes smaller
    than the one before it, or larger than 1. NaN is no test, and stays.
    """
    known = [k for k, value in enumerate(p_values) if not math.isnan(value)]
    corrected = [math.nan] * len(p_values)
    largest = 0.0
    for place, k in enumerate(sorted(known, key=lambda k: p_values[k])):
        largest = min(1.0, max(largest, (len(known) - place) * p_values[k]))
        corrected[k] = largest
    return corrected


def ranks(values: Floats) -> NDArray[np.int64]:
    """Return the rank of each row in every column, 1 for the largest; equal values share a rank.

    Args:
        values: float64 (rows, R).
    """
    return np.asarray(stats.rankdata(-values, method="min", axis=0), dtype=np.int64)


def friedman(values: Floats) -> float:
    """Return the p value of Friedman's test that no method differs from the others.

    Args:
        values: float64 (methods, data sets), values or ranks; at least three methods.
    """
    return float(stats.friedmanchisquare(*values).pvalue)


def critical_difference(methods: int, datasets: int) -> float:
    """Return the difference of two mean ranks that the test of Nemenyi calls significant at 0.05.

    It is q sqrt(k (k + 1) / (6 N)) with k methods and N data sets, and q the quantile of the
    studentised range over sqrt(2) (Demšar, Journal of Machine Learning Research 7, 2006).
    """
    quantile = stats.studentized_range.ppf(0.95, methods, math.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(methods * (methods + 1) / (6 * datasets)))
