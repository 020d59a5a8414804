"""Parts of masks as polygons along the edges of pixels."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gains.masks.parts import parts_of
from gains.masks.rle import Rle, encode_mask
from helpers.parts import filled


def mask_of(*rows: str) -> Rle:
    return encode_mask(np.array([[c == "#" for c in row] for row in rows]))


def test_one_pixel_is_a_square_with_its_corners_in_clockwise_order() -> None:
    ((outer, holes),) = parts_of(mask_of("....", "..#.", "...."))
    assert outer.tolist() == [[2, 1], [3, 1], [3, 2], [2, 2]]
    assert holes == []


def test_a_ring_has_a_hole_that_runs_the_other_way() -> None:
    ((outer, (hole,)),) = parts_of(mask_of("###", "#.#", "###"))
    assert outer.tolist() == [[0, 0], [3, 0], [3, 3], [0, 3]]
    assert sorted(hole.tolist()) == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert (_area(outer), _area(hole)) == (9, -1)


@pytest.mark.parametrize(
    ("rows", "parts", "holes"),
    [
        (("#.", ".#"), 2, 0),
        ((".#", "#."), 2, 0),
        (("###", "#.#", "##."), 1, 1),  # the hole meets the outside at a corner
        (("####", "#.##", "##.#", "####"), 1, 2),  # two holes meet at a corner
        (("#####", "#...#", "#.#.#", "#...#", "#####"), 2, 1),  # an island in a hole
        (("...", "..."), 0, 0),
    ],
)
def test_pixels_that_meet_at_a_corner_are_not_connected(
    rows: tuple[str, ...], parts: int, holes: int
) -> None:
    found = parts_of(mask_of(*rows))
    assert (len(found), sum(len(part.holes) for part in found)) == (parts, holes)


@settings(max_examples=200, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()))
def test_every_mask_comes_back_and_no_polygon_touches_itself(mask: np.ndarray) -> None:
    found = parts_of(encode_mask(mask))
    polygons = [polygon for part in found for polygon in (part.outer, *part.holes)]
    assert np.array_equal(filled(polygons, *mask.shape), mask)
    labels, count = scipy.ndimage.label(mask)
    assert len(found) == count
    for number, part in enumerate(found, start=1):
        assert np.array_equal(filled([part.outer, *part.holes], *mask.shape), labels == number)
        assert _area(part.outer) > 0 > max([-1, *map(_area, part.holes)])
    for polygon in polygons:
        assert len({tuple(corner) for corner in polygon.tolist()}) == len(polygon)
        steps = np.roll(polygon, -1, axis=0) - polygon
        assert ((steps != 0).sum(axis=1) == 1).all()
        assert (np.roll(steps, -1, axis=0) * steps == 0).all()  # every point is a corner


def _area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
