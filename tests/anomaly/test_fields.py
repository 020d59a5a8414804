"""Fields of a disc, and deviations in windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gains.anomaly.deviation import WindowSums, box_sum, over_difference
from gains.anomaly.fields import centre_of, directions, gradient, influence, radial_distance
from gains.anomaly.region import Region
from helpers.shapes import disc


def test_fields_of_a_disc_by_hand() -> None:
    size = (12, 16)
    mask = disc(size, 5, 7, 2)
    assert centre_of(mask) == (5.0, 7.0)
    whole = Region(0, 0, *size)
    distance = radial_distance(whole, (5.0, 7.0))
    assert distance[5, 7] == 0
    assert distance[8, 11] == 25
    along_y, along_x = gradient(whole, (5.0, 7.0), size)
    assert (along_y[7, 3], along_x[7, 3]) == (4.0, -8.0)
    assert along_y[0, 3] == -9.0  # one-sided: 16 - 25
    assert along_x[2, 15] == 15.0  # one-sided: 64 - 49
    share = influence(along_y, along_x, (5.0, 7.0), size)
    assert share.max() == share[11, 15] == 1.0
    np.testing.assert_allclose(share[5, 8], 2 / math.hypot(11, 15))
    both = directions(along_y, along_x)
    assert both[0, 5, 9] == 0.0  # to the right
    assert abs(both[1, 5, 9]) == math.pi  # mirrored
    assert both[0, 8, 7] == both[1, 8, 7] == math.pi / 2  # downwards


@pytest.mark.parametrize("region", [(0, 0, 5, 4), (3, 2, 9, 9), (7, 9, 12, 16)])
def test_gradient_of_a_region_is_that_of_the_image(region: Any) -> None:
    size, centre, region = (12, 16), (4.3, 8.1), Region(*region)
    whole = np.gradient(radial_distance(Region(0, 0, *size), centre))
    for part, expected in zip(gradient(region, centre, size), whole, strict=True):
        np.testing.assert_array_equal(part, expected[region.within(Region(0, 0, *size))])


def test_centre_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="empty mask"):
        centre_of(np.zeros((3, 3), bool))


@pytest.mark.parametrize("window", range(1, 10))
def test_box_sums_and_deviations(window: int) -> None:
    random = np.random.default_rng(window)
    mask = random.random((13, 11)) < 0.4
    first, second = random.uniform(-3, 3, (2, 2, 13, 11)) * mask
    views = np.lib.stride_tricks.sliding_window_view(first, (window, window), (1, 2))
    np.testing.assert_allclose(box_sum(first, window), views.sum((-1, -2)), atol=1e-12)
    sums = WindowSums.from_field(first, mask, window)
    np.testing.assert_allclose(sums.over_window, views.std((-1, -2)), atol=1e-7)
    other = np.lib.stride_tricks.sliding_window_view(first - second, (window, window), (1, 2))
    found = over_difference(first, second, window)
    np.testing.assert_allclose(found, other.std((-1, -2)), atol=1e-7)


def test_equal_values_deviate_by_exactly_nothing() -> None:
    field = np.full((2, 9, 9), 0.1 + 4)
    assert (WindowSums.from_field(field, np.ones((9, 9), bool), 3).over_window == 0).all()


def test_round_off_of_equal_values_is_no_deviation() -> None:
    masks = np.ones((7, 7), bool)
    for value in 4 + np.random.default_rng(0).uniform(-math.pi, math.pi, 50):
        for window in (3, 5, 6, 7):
            sums = WindowSums.from_field(np.full((2, 7, 7), value), masks, window)
            for found in (sums.over_window, sums.over_mask, sums.over_both_masks(sums)):
                assert (found == 0).all()
