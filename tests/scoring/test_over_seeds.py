"""Mean and spread over seeds, by hand."""

from __future__ import annotations

import math

import pytest

from gains.scoring.score_file import MeanOverSeeds, over_seeds


def test_mean_and_sample_deviation_of_three_seeds() -> None:
    found = over_seeds([0.5, 0.6, 0.7])
    # deviations of 10, 0 and 10 points: the root of 200 / 2
    assert (found.mean, found.sd) == pytest.approx((60, math.sqrt(100)))
    assert found.n == 3


@pytest.mark.parametrize("values", [[None], [0.5, None], [None, 0.5, 0.7]])
def test_a_seed_without_a_value_leaves_no_mean(values: list[float | None]) -> None:
    """A mean over the other seeds would be taken for the mean over all."""
    assert over_seeds(values) == MeanOverSeeds(None, None, len(values))


def test_a_single_seed_has_no_spread() -> None:
    assert over_seeds([0.25]) == MeanOverSeeds(25.0, None, 1)
