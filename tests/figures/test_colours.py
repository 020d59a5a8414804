"""Colours of objects: neighbours differ."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from gains.figures.drawing.colours import CLASSES, PALETTE, REACH, colours, palettes_of
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


# Machado, Oliveira and Fernandes 2009, severity 1: deuteranopia and protanopia, on linear RGB
BLIND = (
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
)  # fmt: skip
TO_XYZ = np.array([[0.4339, 0.3762, 0.1899], [0.2127, 0.7152, 0.0722], [0.0178, 0.1095, 0.8727]])
"""Linear sRGB to CIE XYZ, as shares of the white point D65."""


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIELAB of linear sRGB, (N, 3)."""
    x, y, z = np.cbrt(np.clip(linear, 0, 1) @ TO_XYZ.T).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def test_colours_of_classes_differ_for_all_readers() -> None:
    """No two are nearer than the nearest two of Okabe and Ito, but for a small rest."""
    linear = np.array([to_rgb(colour) for colour in CLASSES]) ** 2.2
    views = [lab(linear), *(lab(linear @ np.array(matrix).T) for matrix in BLIND)]
    for i, k in combinations(range(len(CLASSES)), 2):
        assert min(np.linalg.norm(view[i] - view[k]) for view in views) > 15, (i, k)


def test_a_class_has_its_colours_in_every_figure_and_no_other_class_has_them() -> None:
    for number in (1, 2, 3, 7, 8, 13, 24):
        found = palettes_of(range(number))
        every = [colour for palette in found.values() for colour in palette]
        assert len(every) == len(set(every)) and all(found.values())
    assert palettes_of(range(9))[7] == palettes_of(range(24))[7]
