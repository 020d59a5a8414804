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
