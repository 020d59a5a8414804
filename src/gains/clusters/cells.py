"""The annotated cells that can be placed in another image, each with its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.masks.overlaps import intersections, mask_areas
from gains.masks.windows import MaskWindow, united, window_of

Mask = NDArray[np.bool_]

PART = 0.8
"""Smallest share of an object of another category in a cell with which it is a part of the cell."""
MOST_SHARED = 0.25
"""Largest share of a cell that other objects may cover, since its own look is not known there."""


@dataclass(frozen=True)
class SourceCell:
    """A whole cell, cut out of its image along the box of the cell and its parts.

    Attributes:
        image: the image.
        y: row of the box's first pixel.
        x: column of the box's first pixel.
        mask: bool (h, w), the cell.
        parts: category and mask, bool (h, w), of each part, such as a nucleus.
        shared: bool (h, w), pixels of the cell that other objects cover too.
    """

    image: ImageRecord
    y: int
    x: int
    mask: Mask
    parts: tuple[tuple[int, Mask], ...]
    shared: Mask

    @property
    def region(self) -> Mask:
        """The pixels of the cell and of its parts, bool (h, w)."""
        return self.mask | self.of_parts

    @property
    def own(self) -> Mask:
        """The pixels that show the cell alone, without other objects and parts, bool (h, w)."""
        return self.mask & ~self.shared & ~self.of_parts

    @property
    def of_parts(self) -> Mask:
        """The pixels of the parts, bool (h, w)."""
        return joined([mask for _, mask in self.parts], self.mask.shape)

    @property
    def box(self) -> tuple[slice, slice]:
        """The rows and columns of the box in the image."""
        height, width = self.mask.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


def joined(masks: Iterable[Mask], shape: tuple[int, ...]) -> Mask:
    """Return the union of masks of a shape; that of no masks is empty."""
    union = np.zeros(shape, dtype=bool)
    for mask in masks:
        union |= mask
    return union


def turned(values: NDArray[Any], turn: int) -> NDArray[Any]:
    """Return an array (h, w, ...) turned by 90 degrees ``turn % 4`` times, and mirrored from 4 up.

    Args:
        values: the array.
        turn: one of 8 turns, from 0 to 7.
    """
    rotated = np.rot90(values, turn % 4)
    return rotated[:, ::-1] if turn >= 4 else rotated


def whole_cells(coco: CocoDataset, image: ImageRecord, category: int) -> list[SourceCell]:
    """Return the cells of an image that can be placed in another image.

    They do not touch the border, with their parts, and other objects cover at most
    ``MOST_SHARED`` of them.

    Args:
        coco: the data set.
        image: one of its images.
        category: category of the cells.
    """
    objects = coco.instances(image.id)
    areas = mask_areas(objects.masks)
    shared = intersections(objects.masks, objects.masks, areas, areas)
    single = np.array([not a["iscrowd"] for a in coco.annotations[image.id]], dtype=bool)
    windows = [window_of(rle) for rle in objects.masks]
    found = []
    for i in np.flatnonzero((objects.categories == category) & (areas > 0) & single):
        inside = shared[i] >= PART * np.maximum(areas, 1)
        parts = np.flatnonzero(inside & (objects.categories != category))
        others = set(np.flatnonzero(shared[i])) - {i, *parts}
        cell = _cut_out(
            image,
            windows[i],
            [(int(objects.categories[k]), windows[k]) for k in parts],
            [windows[k] for k in sorted(others)],
        )
        if _is_whole(cell):
            found.append(cell)
    return found


def _cut_out(
    image: ImageRecord,
    cell: MaskWindow,
    parts: list[tuple[int, MaskWindow]],
    others: list[MaskWindow],
) -> SourceCell:
    frame = united([cell, *(window for _, window in parts)])
    own_parts = tuple((category, _within(frame, window)) for category, window in parts)
    cut = SourceCell(
        image, frame.y, frame.x, _within(frame, cell), own_parts, np.zeros_like(frame.mask)
    )
    covered = joined((_within(frame, other) for other in others), frame.mask.shape)
    return replace(cut, shared=covered & cut.mask & ~cut.of_parts)


def _within(frame: MaskWindow, window: MaskWindow) -> Mask:
    rows, columns = frame.place
    part = window.inside(rows.start, columns.start, rows.stop, columns.stop)
    result = np.zeros_like(frame.mask)
    height, width = part.mask.shape
    result[part.y - frame.y :, part.x - frame.x :][:height, :width] = part.mask
    return result


def _is_whole(cell: SourceCell) -> bool:
    rows, columns = cell.box
    image = cell.image
    inside = rows.start > 0 and columns.start > 0
    inside &= rows.stop < image.height and columns.stop < image.width
    few_shared = cell.shared.sum() <= MOST_SHARED * cell.mask.sum()
    return bool(inside and few_shared and cell.own.any())
