"""A mask inside its bounding box, decoded without the rest of the image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.masks.checks import decode_runs
from gains.masks.overlaps import grown
from gains.masks.rle import Rle


class MaskWindow(NamedTuple):
    """A mask inside its bounding box.

    Attributes:
        x: column of the first pixel of the box.
        y: row of the first pixel of the box.
        mask: bool (h, w); an empty mask has a window without pixels.
    """

    x: int
    y: int
    mask: NDArray[np.bool_]

    @property
    def place(self) -> tuple[slice, slice]:
        """Return the rows and columns of the box in the image."""
        height, width = self.mask.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)

    def grown(self, reach: int) -> MaskWindow:
        """Return the mask dilated by ``reach`` px, corners included; it may leave the image."""
        mask = grown(np.pad(self.mask, reach), reach)
        return MaskWindow(self.x - reach, self.y - reach, mask)

    def inside(self, top: int, left: int, bottom: int, right: int) -> MaskWindow:
        """Return the part of the mask in a rectangle of the image, without any other pixel."""
        y, x = max(self.y, top), max(self.x, left)
        rows = slice(y - self.y, max(bottom, y) - self.y)
        columns = slice(x - self.x, max(right, x) - self.x)
        return MaskWindow(x, y, self.mask[rows, columns])


def overlap_of(
    a: MaskWindow, b: MaskWindow
) -> tuple[tuple[slice, slice], tuple[slice, slice], NDArray[np.bool_]] | None:
    """Return the rows and columns in both windows and the pixels of both masks; None for none.

    Returns:
        The place of the common box in ``a``, that in ``b``, and its pixels that belong to both.
    """
    y, x = max(a.y, b.y), max(a.x, b.x)
    bottom = min(a.place[0].stop, b.place[0].stop)
    right = min(a.place[1].stop, b.place[1].stop)
    if y >= bottom or x >= right:
        return None
    in_a, in_b = ((slice(y - w.y, bottom - w.y), slice(x - w.x, right - w.x)) for w in (a, b))
    both = a.mask[in_a] & b.mask[in_b]
    return (in_a, in_b, both) if both.any() else None


def shared_pixels(a: MaskWindow, b: MaskWindow) -> int:
    """Return the number of pixels of both masks."""
    found = overlap_of(a, b)
    return 0 if found is None else int(found[2].sum())


def united(windows: list[MaskWindow]) -> MaskWindow:
    """Return the union of at least one mask."""
    if len(windows) == 1:
        return windows[0]
    top, left = min(w.y for w in windows), min(w.x for w in windows)
    bottom, right = (max(w.place[axis].stop for w in windows) for axis in (0, 1))
    mask = np.zeros((bottom - top, right - left), dtype=bool)
    for w in windows:
        mask[w.y - top :, w.x - left :][: w.mask.shape[0], : w.mask.shape[1]] |= w.mask
    return MaskWindow(left, top, mask)


def window_of(rle: Rle) -> MaskWindow:
    """Return a mask inside its bounding box; only the columns of the box are decoded.

    Args:
        rle: compressed RLE with ``counts`` as ``str``.

    Raises:
        ValueError: ``counts`` is not a code.
    """
    x, y, width, height = (int(side) for side in coco_mask.toBbox(rle))
    runs = decode_runs(rle["counts"])
    if runs is None:
        raise ValueError("segmentation: RLE counts are damaged")
    rows = rle["size"][0]
    borders = np.clip(np.cumsum(runs), x * rows, (x + width) * rows)
    inside = np.arange(len(runs)) % 2 == 1
    pixels = np.repeat(inside, np.diff(borders, prepend=x * rows))
    return MaskWindow(x, y, pixels.reshape(width, rows).T[y : y + height])
