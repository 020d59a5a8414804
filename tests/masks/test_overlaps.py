"""Grown masks and shared pixels against explicit sets of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gains.masks.overlaps import grown, intersections, mask_areas
from gains.masks.rle import encode_mask


def grown_by_shifts(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Return the union of all shifts by up to ``reach`` px; the slow definition."""
    height, width = mask.shape
    padded = np.pad(mask, reach)
    steps = range(2 * reach + 1)
    return np.logical_or.reduce(
        [padded[y : y + height, x : x + width] for y in steps for x in steps]
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from([0, 0.01, 0.1, 0.5, 1]))
def test_a_grown_mask_is_the_union_of_its_shifts(seed: int, reach: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    mask = generator.random(generator.integers(1, 30, 2)) < share
    found = grown(mask, reach)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, grown_by_shifts(mask, reach))


@pytest.mark.parametrize("count", [0, 1, 300])
def test_intersections_count_the_shared_pixels(count: int) -> None:
    generator = np.random.default_rng(count)
    masks = generator.random((count, 12, 9)) < generator.random((count, 1, 1))
    rles = [encode_mask(mask) for mask in masks]
    areas = mask_areas(rles)
    flat = masks.reshape(count, 108).astype(np.int64)
    np.testing.assert_array_equal(areas, flat.sum(axis=1))
    np.testing.assert_array_equal(intersections(rles, rles, areas, areas), flat @ flat.T)
