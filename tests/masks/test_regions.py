"""Connected regions of masks drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gains.masks.regions import components
from gains.masks.rle import decode_mask

DRAWN = ["##..#", "#...#", ".#...", "...##"]
MASK = np.array([[letter == "#" for letter in row] for row in DRAWN])


@pytest.mark.parametrize(
    ("connectivity", "min_area", "wanted"),
    [
        # in the order of their first pixels; 8 neighbours join the corner at (2, 1)
        (8, 1, [[(0, 0), (0, 1), (1, 0), (2, 1)], [(0, 4), (1, 4)], [(3, 3), (3, 4)]]),
        (4, 1, [[(0, 0), (0, 1), (1, 0)], [(0, 4), (1, 4)], [(2, 1)], [(3, 3), (3, 4)]]),
        (4, 2, [[(0, 0), (0, 1), (1, 0)], [(0, 4), (1, 4)], [(3, 3), (3, 4)]]),
        (4, 3, [[(0, 0), (0, 1), (1, 0)]]),
    ],
)
def test_regions_by_hand(
    connectivity: int, min_area: int, wanted: list[list[tuple[int, int]]]
) -> None:
    found = [decode_mask(rle) for rle in components(MASK, connectivity, min_area)]
    assert [[(int(y), int(x)) for y, x in np.argwhere(mask)] for mask in found] == wanted


def test_a_region_inside_the_box_of_another_stays_out_of_it() -> None:
    ring = np.ones((7, 7), dtype=bool)
    ring[1:6, 1:6] = False
    both = ring.copy()
    both[3, 3] = True
    outer, inner = (decode_mask(rle) for rle in components(both))
    assert np.array_equal(outer, ring)
    assert inner.sum() == 1


def test_an_empty_mask_has_no_region() -> None:
    assert components(np.zeros((4, 5), dtype=bool)) == []
