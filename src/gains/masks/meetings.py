"""The places where two objects of an image cross, overlap or touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gains.masks.contacts import KINDS, Contact, contacts_of
from gains.masks.rle import Rle
from gains.masks.windows import MaskWindow, overlap_of, window_of

Box = tuple[int, int, int, int]
"""Left, upper, right and lower edge in px, right and lower ones exclusive."""


@dataclass(frozen=True)
class Meeting:
    """Two objects that are in contact.

    Attributes:
        first: index of an object.
        second: index of the other one.
        kind: the stronger kind of contact of the two, if there were no other object.
        box: box of the pixels that both have or, if they only touch, of the pixels of each beside
            one of the other.
    """

    first: int
    second: int
    kind: Contact
    box: Box


def meetings_of(masks: Sequence[Rle]) -> list[Meeting]:
    """Return the meetings of the objects of an image, in rising order of the objects."""
    found = contacts_of(masks)
    return [
        _meeting(first, second, masks[first], masks[second])
        for first, second in found.pairs.tolist()
    ]


def _meeting(first: int, second: int, a: Rle, b: Rle) -> Meeting:
    kind = KINDS[int(contacts_of([a, b]).kinds.max())]
    one, other = window_of(a), window_of(b)
    if kind == Contact.touching:
        boxes = [_common(one.grown(1), other), _common(one, other.grown(1))]
        return Meeting(first, second, kind, enclosing(boxes))
    return Meeting(first, second, kind, _common(one, other))


def _common(a: MaskWindow, b: MaskWindow) -> Box:
    """Return the box of the pixels that both masks have; there is at least one."""
    found = overlap_of(a, b)
    assert found is not None
    place, _, both = found
    rows, columns = np.nonzero(both)
    x, y = a.x + place[1].start, a.y + place[0].start
    return (
        x + int(columns.min()),
        y + int(rows.min()),
        x + int(columns.max()) + 1,
        y + int(rows.max()) + 1,
    )


def box_of(rle: Rle) -> Box:
    """Return the box of a mask."""
    x, y, mask = window_of(rle)
    return x, y, x + mask.shape[1], y + mask.shape[0]


def enclosing(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around some boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def with_margin(boxes: Iterable[Box], margin: int) -> list[Box]:
    """Return boxes that are enlarged by a margin on each side; those that then overlap are one."""
    result: list[Box] = []
    for left, top, right, bottom in boxes:
        box = (left - margin, top - margin, right + margin, bottom + margin)
        # a box that has grown can reach further ones
        while near := [other for other in result if _overlap(box, other)]:
            box = enclosing([box, *near])
            result = [other for other in result if other not in near]
        result.append(box)
    return sorted(result)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
