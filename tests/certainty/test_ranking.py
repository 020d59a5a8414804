"""The signed rank test, Holm's correction and ranks, against scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gains.certainty.ranking import critical_difference, friedman, holm, ranks, signed_rank


def test_the_signed_rank_test_by_hand() -> None:
    # differences 3, 1, -2, 4 and a 0, which is left out: ranks 3, 1, 2, 4; the rank sum of the
    # negative one is 2. Of the 16 choices of signs, those with sums 0, 1, 2 on one side are
    # {}, {1}, {2}, and as many on the other side: p = 6 / 16.
    first = np.array([5.0, 2.0, 1.0, 6.0, 7.0, np.nan])
    second = np.array([2.0, 1.0, 3.0, 2.0, 7.0, 1.0])
    assert signed_rank(first, second) == 6 / 16
    assert signed_rank(first, second) == stats.wilcoxon([3, 1, -2, 4], method="exact").pvalue


def test_equal_differences_share_their_mean_rank() -> None:
    # ranks 1.5, 1.5, 3 with signs +, -, +: the negative sum is 1.5. Of the 8 choices, the sums are
    # 0, 1.5, 1.5, 3, 3, 4.5, 4.5, 6; as far from 3 as 1.5 are 0, 1.5 twice, 4.5 twice and 6.
    assert signed_rank(np.array([1.0, -1.0, 2.0]), np.zeros(3)) == 6 / 8


@pytest.mark.parametrize("count", [6, 12, 20, 50, 80])
def test_without_ties_it_is_that_of_scipy(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.3, 1, count)
    expected = stats.wilcoxon(differences).pvalue
    assert signed_rank(differences, np.zeros(count)) == pytest.approx(expected, rel=1e-9)


def test_with_ties_it_is_the_permutation_test_of_scipy() -> None:
    differences = np.random.default_rng(0).integers(-3, 6, 11).astype(float)
    method = stats.PermutationMethod(n_resamples=math.inf)
    expected = stats.wilcoxon(differences[differences != 0], method=method).pvalue
    assert signed_rank(differences, np.zeros(11)) == pytest.approx(expected)


def test_two_equal_methods_are_not_told_apart() -> None:
    # a sum in another order differs in the last bit
    assert signed_rank(np.array([0.1 + 0.2] * 6), np.full(6, 0.3)) == 1


def test_the_correction_of_holm() -> None:
    # 0.01 x 4, then max(0.04, 0.02 x 3), max(0.06, 0.03 x 2), and 0.4 x 1; NaN is no test
    found = holm([0.02, math.nan, 0.4, 0.01, 0.03])
    assert found == pytest.approx([0.06, math.nan, 0.4, 0.04, 0.06], nan_ok=True)
    assert holm([0.6, 0.7]) == [1, 1]


def test_equal_values_share_the_best_rank() -> None:
    assert ranks(np.array([[5.0, 1], [7, 1], [5, 2]])).tolist() == [[2, 2], [1, 2], [2, 1]]


def test_the_critical_difference_is_that_of_the_paper() -> None:
    # Demsar's example: four classifiers on 14 data sets, 2.569 sqrt(4 x 5 / (6 x 14)) = 1.25
    assert critical_difference(4, 14) == pytest.approx(1.2536, abs=1e-3)


def test_equal_orders_on_all_data_sets_are_significant() -> None:
    # ranks 1, 2, 3 on 6 data sets: chi2 = 12 / (6 x 3 x 4) (6^2 + 12^2 + 18^2) - 3 x 6 x 4 = 12
    values = np.repeat([[1.0], [2.0], [3.0]], 6, axis=1)
    assert friedman(values) == pytest.approx(stats.chi2.sf(12, 2))
