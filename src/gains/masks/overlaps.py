"""Areas of masks, numbers of shared pixels, and dilation."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.masks.rle import Rle


def grown(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Return a mask dilated by ``reach`` px in both directions, corners included, bool (H, W)."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    result = np.zeros(mask.shape, dtype=bool)
    if rows.size:
        # only the box that can change is dilated, because most objects are small
        window = tuple(
            slice(max(found[0] - reach, 0), found[-1] + reach + 1) for found in (rows, columns)
        )
        square = np.ones((2 * reach + 1, 2 * reach + 1), dtype=bool)
        result[window] = scipy.ndimage.binary_dilation(mask[window], square)
    return result


def mask_areas(masks: list[Rle]) -> NDArray[np.int64]:
    """Return the areas of N masks in px, int64 (N,)."""
    # pycocotools 2.0.11 fails on a list of more than 255 masks
    parts = [coco_mask.area(masks[start : start + 255]) for start in range(0, len(masks), 255)]
    return np.concatenate([np.zeros(0), *parts]).astype(np.int64)


def intersections(
    first: list[Rle],
    second: list[Rle],
    first_areas: NDArray[np.int64],
    second_areas: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the number of pixels that each mask shares with each other, int64 (A, B).

    The run lengths are compared, so no mask is decoded, and masks with disjoint boxes cost almost
    nothing. pycocotools returns IoU = I / (S - I), where S is the sum of both areas. Therefore
    I = S IoU / (1 + IoU). Rounding makes I exact, since the error is near 1e-16 S.

    Args:
        first: A masks of one image.
        second: B masks of the same image.
        first_areas: int64 (A,), px, from :func:`mask_areas`.
        second_areas: int64 (B,), px.
    """
    if not first or not second:
        return np.zeros((len(first), len(second)), dtype=np.int64)
    iou: NDArray[np.float64] = coco_mask.iou(first, second, [0] * len(second))
    both = first_areas[:, None] + second_areas[None, :]
    return np.rint(both * iou / (1 + iou)).astype(np.int64)
