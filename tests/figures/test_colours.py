"""Colours of objects: neighbours differ."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gains.figures.colours import PALETTE, REACH, colours
from gains.instances import Instances
from gains.masks.rle import encode_mask

SIZE = 40
Box = tuple[int, int, int, int]


def boxes(*found: Box) -> Instances:
    """Return instances that fill rectangles of (y, x, height, width)."""
    masks = []
    for y, x, height, width in found:
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        mask[y : y + height, x : x + width] = True
        masks.append(encode_mask(mask))
    return Instances.from_rles(SIZE, SIZE, masks, [1] * len(masks))


def apart(first: Box, second: Box) -> bool:
    """Return whether more than twice the reach lies between two rectangles."""
    return any(
        max(first[axis], second[axis])
        - min(first[axis] + first[axis + 2], second[axis] + second[axis + 2])
        >= 2 * REACH
        for axis in (0, 1)
    )


rectangles = st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 10)] * 2)


@settings(max_examples=50, deadline=None)
@given(st.lists(rectangles, max_size=len(PALETTE)))
def test_neighbours_get_different_colours(found: list[Box]) -> None:
    chosen = colours(boxes(*found))
    assert set(chosen) <= set(PALETTE)
    for i, first in enumerate(found):
        for k, second in enumerate(found[:i]):
            assert apart(first, second) or chosen[i] != chosen[k]


def test_a_chain_longer_than_the_palette() -> None:
    chain = boxes(*[(10, 3 * k, 5, 3) for k in range(13)])
    chosen = colours(chain)
    assert all(a != b for a, b in zip(chosen, chosen[1:], strict=False))
    assert set(chosen) == set(PALETTE), "all colours are used, none over and over"


def test_more_neighbours_than_colours_is_no_error() -> None:
    chosen = colours(boxes(*[(5, 5, 20, 20)] * 9))
    assert len(chosen) == 9 and set(chosen) == set(PALETTE)


def test_empty_masks_and_no_masks() -> None:
    assert colours(boxes()) == []
    assert len(colours(boxes((0, 0, 0, 0), (3, 3, 4, 4)))) == 2
