"""Checks of one COCO segmentation, because pycocotools does not check it and may crash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from gains.masks.checks import check_rle, valid
from gains.masks.rle import Rle, encode_mask


def to_rle(segmentation: Any, height: int, width: int) -> Rle:
    """Return the compressed RLE of polygons, uncompressed RLE or compressed RLE by COCO's rules.

    A polygon of fewer than three points covers no pixel.

    Raises:
        ValueError: the segmentation is none of the three, is malformed, or has another size.
    """
    if segmentation is None:
        raise ValueError("has no segmentation; expected polygons or RLE, boxes are not enough")
    if isinstance(segmentation, dict):
        check_rle(segmentation, height, width)
        counts = segmentation["counts"]
        if isinstance(counts, list):
            counts = coco_mask.frPyObjects(segmentation, height, width)["counts"]
    elif isinstance(segmentation, list):
        check_polygons(segmentation, height, width)
        parts = [part for part in segmentation if len(part) >= 6]
        if not parts:
            return encode_mask(np.zeros((height, width), dtype=bool))
        counts = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))["counts"]
    else:
        raise ValueError(
            f"segmentation: expected polygons or RLE, found {str(segmentation)[:60]!r}"
        )
    text = counts.decode() if isinstance(counts, bytes) else counts
    return {"size": [height, width], "counts": text}


def valid_rles(segmentations: Sequence[Any], sizes: Sequence[tuple[int, int]]) -> list[Rle | None]:
    """Check many compressed RLEs at once; return None for those that :func:`to_rle` must check.

    Args:
        segmentations: N segmentations of any kind.
        sizes: height and width of each segmentation's image.
    """
    found: list[Rle | None] = [None] * len(segmentations)
    usual = [
        place
        for place, (item, size) in enumerate(zip(segmentations, sizes, strict=True))
        if isinstance(item, dict) and _is_usual(item, [*size])
    ]
    codes = [segmentations[place]["counts"] for place in usual]
    pixels = [math.prod(sizes[place]) for place in usual]
    for place, good in zip(usual, valid(codes, pixels).tolist(), strict=True):
        if good:
            found[place] = {"size": [*sizes[place]], "counts": segmentations[place]["counts"]}
    return found


def _is_usual(item: Rle, size: list[int]) -> bool:
    stated = item.get("size")
    # equality ensures a list of two values, but 512.0 and True also equal whole numbers
    return (
        stated == size
        and type(stated[0]) is type(stated[1]) is int
        and isinstance(item.get("counts"), str)
    )


def check_polygons(polygons: list[Any], height: int, width: int) -> None:
    """Refuse polygons that cannot be masks of an image of the given size.

    A polygon may leave the image by up to one side length. If it reaches farther, its unit is
    probably not px.

    Raises:
        ValueError: a polygon is not a flat list of an even number of finite numbers, or lies too
            far outside.
    """
    for part in polygons:
        if not isinstance(part, list) or not all(is_number(value) for value in part):
            raise ValueError(
                "segmentation: expected a polygon as a flat list x0, y0, ... of numbers"
            )
        if len(part) % 2:
            raise ValueError(
                f"segmentation: a polygon has an odd number of coordinates ({len(part)}); "
                "expected a flat list x0, y0, x1, y1, ..."
            )
        # a whole number may be too large for a float
        if not all(isinstance(value, int) or math.isfinite(value) for value in part):
            raise ValueError("segmentation: a polygon has coordinates that are not finite")
        for values, side in ((part[0::2], width), (part[1::2], height)):
            if any(not -side <= value <= 2 * side for value in values):
                raise ValueError(
                    f"segmentation: a polygon reaches from {min(values)} to {max(values)} in an "
                    f"image of {side} px; are the coordinates in px?"
                )


def is_number(value: Any) -> bool:
    """Return whether a value of a JSON file is a number; True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
