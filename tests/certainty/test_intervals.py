"""Intervals and p values from resamples: against scipy, and their coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gains.certainty.intervals import bca_interval, p_value, tail
from gains.certainty.judgement import LEAST
from gains.certainty.precision import Floats
from gains.certainty.resamples import RESAMPLES, Resamples, Values

# no sum of eight of them equals another one, but for the last bit
SKEWED = np.array([0.2013, 0.6931, 0.7577, 0.8029, 0.8443, 0.8519, 0.9067, 0.9541])


def mean_of(values: Floats, draws: Floats) -> Values:
    """Return the mean of values in draws (N, R), with every value left out once."""
    count = len(values)
    return Values(values.mean(), (values.sum() - values) / (count - 1), values @ draws / count)


def test_the_interval_is_that_of_scipy() -> None:
    # the same draws: scipy takes indices from the generator
    generator = np.random.default_rng(1)
    indices = np.random.default_rng(1).integers(0, 8, (999, 8))
    draws = np.stack([np.bincount(row, minlength=8) for row in indices], axis=1).astype(float)
    expected = stats.bootstrap(
        (SKEWED,), np.mean, n_resamples=999, method="BCa", rng=generator
    ).confidence_interval
    found = bca_interval(mean_of(SKEWED, draws), 0.025)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_an_interval_of_few_images_is_expanded() -> None:
    # t of 7 degrees of freedom is 2.3646 at 0.975; times sqrt(8 / 7) it is 2.5279, beyond which a
    # normal variable lies with 0.00574
    assert tail(8) == pytest.approx(0.00574, abs=1e-5)
    assert tail(100_000) == pytest.approx(0.025, abs=1e-4)


@pytest.mark.parametrize("images", [2, 3])
def test_of_very_few_images_the_interval_holds_all_resamples(images: int) -> None:
    values = SKEWED[:images]
    draws = Resamples([str(k) for k in range(images)]).weights[:, 1 + images :]
    found = bca_interval(mean_of(values, draws), tail(images))
    assert found == pytest.approx((values.min(), values.max()))


def test_a_value_without_spread_is_its_interval() -> None:
    values = Values(3.0, np.full(4, 3.0), np.full(10, 3.0))
    assert bca_interval(values, 0.025) == (3, 3)
    assert p_value(values) == 0
    nothing = values - values
    assert (bca_interval(nothing, 0.025), p_value(nothing)) == ((0, 0), 1)


def test_without_a_value_in_any_resample_there_is_no_interval() -> None:
    nothing = Values(math.nan, np.full(4, math.nan), np.full(10, math.nan))
    assert np.isnan(bca_interval(nothing, 0.025)).all()


def test_the_p_value_of_a_mean_is_that_of_the_paired_t_test() -> None:
    first = SKEWED + np.array([0.1, -0.02, 0.03, 0.0, 0.05, 0.04, -0.01, 0.02])
    draws = Resamples(list("abcdefgh")).weights[:, 9:]
    found = p_value(mean_of(first, draws) - mean_of(SKEWED, draws))
    assert found == pytest.approx(stats.ttest_rel(first, SKEWED).pvalue, rel=0.05)


def test_resamples_are_draws_of_the_images_and_depend_on_their_names() -> None:
    found = Resamples(list("abc")).weights
    assert found.shape == (3, 1 + 3 + RESAMPLES)
    assert found[:, 0].tolist() == [1, 1, 1]
    assert found[:, 1:4].tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert set(found.sum(axis=0)[4:]) == {3}
    assert found[:, 4:].mean(axis=1) == pytest.approx([1, 1, 1], abs=0.05)
    assert np.array_equal(found, Resamples(list("abc")).weights)
    assert not np.array_equal(found, Resamples(list("abe")).weights)


@pytest.mark.parametrize("images", [20, 45])
@pytest.mark.parametrize("skewed", [False, True])
def test_nineteen_of_twenty_intervals_hold_the_mean(images: int, skewed: bool) -> None:
    """AJI-like values: two beta distributions, the second with a long tail of bad images.

    benchmarks/coverage.py tries more distributions and the AP.
    """
    a, b = (9.0, 0.9) if skewed else (8.0, 2.0)
    generator = np.random.default_rng(0)
    draws = generator.multinomial(images, np.full(images, 1 / images), 1500).T.astype(float)
    inside = 0
    for _ in range(600):
        low, high = bca_interval(mean_of(generator.beta(a, b, images), draws), tail(images))
        inside += low <= a / (a + b) <= high
    assert 0.90 <= inside / 600 <= 0.98


def test_recall_of_rare_objects_needs_five_images_with_any() -> None:
    """Most images have no object of the kind; how often the interval holds the true recall."""
    generator, images, recall = np.random.default_rng(0), 20, 0.75
    drawn = generator.multinomial(images, np.full(images, 1 / images), 800).T
    weights = np.concatenate([np.ones((images, 1)), 1 - np.eye(images), drawn], axis=1)
    inside: dict[bool, list[bool]] = {True: [], False: []}
    for _ in range(1500):
        objects = np.where(generator.random(images) < 0.2, generator.integers(1, 6, images), 0)
        found = generator.binomial(objects, generator.beta(6, 2, images))
        sums = objects @ weights
        values = np.divide(found @ weights, sums, out=np.full_like(sums, np.nan), where=sums > 0)
        known = values[1 + images :][~np.isnan(values[1 + images :])]
        if len(known) and np.ptp(known) > 0:
            parts = Values(values[0], values[1 : 1 + images], values[1 + images :])
            low, high = bca_interval(parts, tail(images))
            inside[bool((objects > 0).sum() >= LEAST)].append(low <= recall <= high)
    assert np.mean(inside[False]) < 0.92 < np.mean(inside[True]) < 0.98
