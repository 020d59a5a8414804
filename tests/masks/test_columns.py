"""Masks as runs in columns against whole masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gains.masks.columns import ColumnRuns, common_pixels, spread
from gains.masks.rle import encode_mask

SIZES = st.tuples(st.integers(1, 70), st.integers(1, 9))


def drawn(runs: ColumnRuns, mask: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return how often each pixel lies in a run of a mask."""
    counts = np.zeros(shape, dtype=int)
    for run in range(runs.begin[mask], runs.begin[mask + 1]):
        assert runs.mask[run] == mask
        counts[runs.start[run] : runs.end[run], runs.column[run]] += 1
    return counts


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        SIZES.flatmap(lambda size: arrays(bool, size, elements=st.booleans(), fill=st.booleans())),
        max_size=5,
    )
)
def test_runs_are_the_masks_of_images_of_any_size(masks: list[np.ndarray]) -> None:
    runs = ColumnRuns.of_masks([encode_mask(mask) for mask in masks])
    assert runs.areas.tolist() == [mask.sum() for mask in masks]
    top, bottom = runs.rows()
    for k, mask in enumerate(masks):
        assert np.array_equal(drawn(runs, k, mask.shape), mask)
        rows, columns = np.nonzero(mask)
        if mask.any():
            assert (runs.left[k], runs.right[k]) == (columns.min(), columns.max() + 1)
            assert (top[k], bottom[k]) == (rows.min(), rows.max() + 1)
        else:
            assert runs.left[k] == runs.right[k] == top[k] == bottom[k] == 0


def test_long_runs_and_large_images_have_numbers_of_several_characters() -> None:
    mask = np.zeros((3000, 40), dtype=bool)
    mask[5:2990, 3:30] = True
    mask[:, 33:36] = True
    runs = ColumnRuns.of_masks([encode_mask(mask), encode_mask(~mask)])
    assert np.array_equal(drawn(runs, 0, mask.shape), mask)
    assert np.array_equal(drawn(runs, 1, mask.shape), ~mask)


def test_a_run_without_pixels_separates_nothing() -> None:
    """The runs are 1 px outside, 2 inside, 0 outside, 1 inside and 0 outside."""
    runs = ColumnRuns.of_masks([{"size": [4, 1], "counts": "120O0"}])
    assert (runs.start.tolist(), runs.end.tolist()) == ([1], [4])


@pytest.mark.parametrize("counts", ["", "1", "11", "o"])
def test_a_code_that_does_not_fill_its_image_is_refused(counts: str) -> None:
    with pytest.raises(ValueError, match="RLE counts are damaged"):
        ColumnRuns.of_masks([{"size": [4, 1], "counts": counts}])


def test_common_pixels_of_pairs() -> None:
    a, b = np.zeros((2, 6, 7), dtype=bool)
    a[1:5, 1:4] = b[3:6, 2:7] = True
    first = ColumnRuns.of_masks([encode_mask(a), encode_mask(b)])
    second = ColumnRuns.of_masks([encode_mask(~a)])
    assert common_pixels(first, first, np.array([[0, 1], [1, 1]])).tolist() == [4, 15]
    assert common_pixels(first, second, np.array([[1, 0], [0, 0]])).tolist() == [11, 0]


def test_spread_counts_within_items() -> None:
    item, place = spread(np.array([2, 0, 3]))
    assert item.tolist() == [0, 0, 2, 2, 2] and place.tolist() == [0, 1, 0, 1, 2]
