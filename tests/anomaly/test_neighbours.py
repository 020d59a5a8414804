"""Neighbour lists of the program nuclei, and the maps that follow from them, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gains.anomaly.maps import anomaly_maps
from gains.anomaly.neighbours import neighbours_by_boxes
from gains.config.maps import MapSettings
from helpers.anomaly_loop import box_members, loop_maps
from helpers.anomaly_scenes import MODES
from helpers.shapes import rectangle

SHAPE = (24, 26)
PAIRS = [
    # distances of two boxes in y and x, and whether they are neighbours for w = 2
    ((0, 3), True),
    ((0, 4), True),
    ((0, 5), False),
    ((3, 0), True),
    ((4, 0), True),
    ((5, 0), False),
    ((3, 3), True),
    ((4, 4), True),
    ((3, 4), True),
    ((4, 3), True),
    ((4, 5), False),
    ((5, 4), False),
    ((5, 5), False),
]


def neighbours(boxes: Sequence[Sequence[float]] | np.ndarray, window: int) -> list[set[int]]:
    """Return the neighbours of each box, asking about every pair alone, and check the lists."""
    array = np.array(boxes, dtype=np.float64)
    result: list[set[int]] = [set() for _ in boxes]
    for i in range(len(boxes)):
        for k in range(len(boxes)):
            pair = array[[i, k]]
            _, isolated = neighbours_by_boxes(pair, np.ones(2, bool), {}, window)
            assert isolated in ([], [0, 1]), "a pair is mutual"
            if i != k and not isolated:
                result[i].add(k)
        assert [i, *sorted(result[i])] == box_members(i, array, window), "the loop agrees"
    _, isolated = neighbours_by_boxes(array, np.ones(len(boxes), bool), {}, window)
    assert isolated == [i for i, found in enumerate(result) if not found]
    return result


def pixel_pair(gap: tuple[int, int]) -> tuple[list[Any], np.ndarray]:
    """Return two instances of one pixel whose boxes are apart by a gap in y and x, px."""
    # boxes end one pixel after the last pixel; a gap of 0 stands for the same row or column
    places = [(8, 9), (8 + (gap[0] and gap[0] + 1), 9 + (gap[1] and gap[1] + 1))]
    masks = [rectangle(SHAPE, (y, y + 1), (x, x + 1)) for y, x in places]
    return masks, np.array([(x, y, 1, 1) for y, x in places], dtype=np.float64)


def test_boxes_that_share_a_border_are_neighbours() -> None:
    # grown by 5 they are x -5..31, y 7..53 and x 31..69, y -5..17: they meet at x = 31
    assert neighbours([[0, 12, 26, 36], [36, 0, 28, 12]], 5) == [{1}, {0}]
    assert neighbours([[0, 12, 26, 36], [36, 0, 28, 12]], 4) == [set(), set()]


@pytest.mark.parametrize(("gap", "expected"), PAIRS)
def test_pairs_up_to_twice_the_window_apart(gap: tuple[int, int], expected: bool) -> None:
    _, boxes = pixel_pair(gap)
    assert neighbours(boxes, 2) == ([{1}, {0}] if expected else [set(), set()])


def test_boxes_with_fractions_are_compared_as_they_are() -> None:
    # exact in binary: the first grown box ends at x = 14.5
    assert neighbours([[2.25, 3, 10.25, 5], [16.5, 3, 2, 5]], 2) == [{1}, {0}]
    assert neighbours([[2.25, 3, 10.25, 5], [16.5625, 3, 2, 5]], 2) == [set(), set()]


def test_boxes_without_extent_are_grown_like_others() -> None:
    # points grown by 2 are squares of 4 px: x 3..7 and x 7..11
    assert neighbours([[5, 5, 0, 0], [9, 9, 0, 0], [14, 5, 0, 0]], 2) == [{1}, {0}, set()]


def test_grown_boxes_reach_over_the_border_of_the_image() -> None:
    # clipped to the image, the first grown box would be x 0..3 and the second would hold it
    assert neighbours([[0, 4, 1, 1], [1, 4, 3, 1]], 2) == [{1}, {0}]


def test_a_box_inside_another_is_no_neighbour_with_or_without_a_common_border() -> None:
    outer = [10, 10, 20, 20]
    assert neighbours([outer, [12, 12, 4, 4]], 3) == [set(), set()]
    assert neighbours([outer, [10, 12, 4, 4]], 3) == [set(), set()]
    assert neighbours([outer, outer], 3) == [set(), set()]
    assert neighbours([outer, [9, 12, 4, 4]], 3) == [{1}, {0}]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("gap", "near"), PAIRS)
def test_maps_of_pairs_by_hand(gap: tuple[int, int], near: bool, mode: Any) -> None:
    """The map of an instance of one pixel, with a neighbour that shares no window with it.

    Step 3: only one value lies in the mask, so b and the self term are 0. Step 4: the neighbour has
    no pixel in the windows, so the pair term is the same number a in all four windows that hold the
    pixel (y, x). Step 5: these are the pixels (y - 1, x - 1) to (y, x). Step 7: the gradient there
    is twice the distance to (y, x), hence 2 sqrt(2), 2, 2 and 0, and the largest becomes 1.
    """
    masks, boxes = pixel_pair(gap)
    settings = MapSettings(program="nuclei", window_size=2, f_ga=0.5, mode=mode)
    maps = anomaly_maps(masks, [1, 1], settings, boxes)
    loop = loop_maps(masks, [1, 1], settings, boxes)
    for (x, y), found, slow in zip(boxes[:, :2].astype(int), maps, loop, strict=True):
        expected = np.full(SHAPE, 1.0 if near or mode == "clean" else 0.0)
        if near:
            side = 1 + 0.5 / math.sqrt(2)
            expected[y - 1 : y + 1, x - 1 : x + 1] = [[1.5, side], [side, 1.0]]
        # 1e-7 is added to the maximum, which is about 0.1, before the division by it
        np.testing.assert_allclose(found.full(SHAPE), expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.full(SHAPE), slow, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_bars_that_touch_after_growing_equal_the_loop(mode: Any) -> None:
    # boxes of whole pixels: 2w apart in x, in y and at a corner, and one farther away
    places = [(4, 9, 3, 10), (4, 9, 16, 22), (15, 20, 3, 10), (15, 20, 17, 22)]
    masks = [rectangle((26, 30), (y0, y1), (x0, x1)) for y0, y1, x0, x1 in places]
    boxes = np.array([(x0, y0, x1 - x0, y1 - y0) for y0, y1, x0, x1 in places], np.float64)
    assert neighbours(boxes, 3) == [{1, 2}, {0, 2, 3}, {0, 1}, {1}]
    settings = MapSettings(program="nuclei", window_size=3, f_ga=0.8, mode=mode)
    maps = anomaly_maps(masks, [1] * 4, settings, boxes)
    for ours, loop in zip(maps, loop_maps(masks, [1] * 4, settings, boxes), strict=True):
        np.testing.assert_allclose(ours.full((26, 30)), loop, rtol=0, atol=1e-7)
        assert loop.max() > 1.3
