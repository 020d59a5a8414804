"""The places where two objects meet, on scenes drawn by hand."""

from __future__ import annotations

import numpy as np

from gains.masks.contacts import Contact
from gains.masks.meetings import Box, Meeting, meetings_of, with_margin
from gains.masks.rle import Rle, encode_mask


def filled(*boxes: Box) -> Rle:
    """Return a mask of 40 x 60 px that fills boxes."""
    mask = np.zeros((40, 60), dtype=bool)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    return encode_mask(mask)


def test_crossing_overlapping_and_touching_objects_by_hand() -> None:
    masks = [
        filled((5, 10, 25, 14)),  # a bar, and another one across it
        filled((12, 2, 16, 22)),
        filled((30, 5, 40, 15)),  # two squares that share 3 x 2 px
        filled((37, 13, 47, 23)),
        filled((30, 30, 36, 36)),  # two squares side by side, three rows of which meet
        filled((36, 33, 42, 39)),
        filled((50, 0, 55, 5)),  # alone
    ]
    assert meetings_of(masks) == [
        Meeting(0, 1, Contact.crossing, (12, 10, 16, 14)),
        Meeting(2, 3, Contact.light, (37, 13, 40, 15)),
        # with the pixel beside the corner of each
        Meeting(4, 5, Contact.touching, (35, 32, 37, 37)),
    ]


def test_a_pair_has_the_kind_that_it_would_have_without_other_objects() -> None:
    covered, left, right = (
        filled((10, 10, 20, 20)),
        filled((0, 10, 12, 20)),
        filled((18, 10, 30, 20)),
    )
    found = meetings_of([covered, left, right])
    # 20 of 100 pixels each, though 40 of the first are shared
    assert [(m.first, m.second, m.kind) for m in found] == [
        (0, 1, Contact.medium),
        (0, 2, Contact.medium),
    ]


def test_an_object_inside_another_has_its_own_box() -> None:
    (found,) = meetings_of([filled((0, 0, 30, 30)), filled((10, 12, 14, 18))])
    assert (found.box, found.kind) == ((10, 12, 14, 18), Contact.heavy)


def test_boxes_with_a_margin_that_overlap_become_one() -> None:
    near, far = [(0, 0, 4, 4), (7, 0, 9, 4)], (30, 30, 32, 32)
    assert with_margin([*near, far], 2) == [(-2, -2, 11, 6), (28, 28, 34, 34)]
    assert with_margin(near, 1) == [(-1, -1, 5, 5), (6, -1, 10, 5)]
    # a box that joins two others
    assert with_margin([(0, 0, 4, 4), (8, 0, 12, 4), (3, 0, 9, 4)], 0) == [(0, 0, 12, 4)]
    # the joined box reaches one that neither of its parts reaches
    assert with_margin([(0, 8, 2, 10), (0, 0, 4, 4), (3, 3, 9, 9)], 0) == [(0, 0, 9, 10)]
