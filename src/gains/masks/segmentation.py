"""Checks of one COCO segmentation, because pycocotools does not check it and may crash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from gains.masks.checks import check_rle, valid
from gains.masks.overlaps import mask_areas
from gains.masks.rle import Rle

LONGEST_POLYGON = 5_000_000
"""Largest length of a polygon in px, plus its points; pycocotools takes 80 bytes for each px."""

RLE_KEYS = {"size", "counts"}
FLAT = "a flat list x0, y0, x1, y1, ... of numbers"
POINTS = f"found a polygon of lists, such as points [x, y]; expected a polygon as {FLAT}"


def to_rle(segmentation: Any, height: int, width: int) -> Rle:
    """Return the compressed RLE of polygons, uncompressed RLE or compressed RLE by COCO's rules.

    A polygon of fewer than three points covers no pixel.

    Raises:
        ValueError: the segmentation is none of the three, is malformed, or has another size.
    """
    if segmentation is None:
        raise ValueError("has no segmentation; expected polygons or RLE, boxes are not enough")
    if isinstance(segmentation, dict):
        if not segmentation.keys() >= RLE_KEYS:
            raise ValueError(f"segmentation: {_other_record(segmentation)}")
        check_rle(segmentation, height, width)
        counts = segmentation["counts"]
        if isinstance(counts, list):
            counts = coco_mask.frPyObjects(segmentation, height, width)["counts"]
    elif isinstance(segmentation, list):
        check_polygons(segmentation, height, width)
        counts = coco_mask.merge(_part_masks(segmentation, height, width))["counts"]
    else:
        raise ValueError(
            f"segmentation: expected polygons or RLE, found {str(segmentation)[:60]!r}"
        )
    text = counts.decode() if isinstance(counts, bytes) else counts
    return {"size": [height, width], "counts": text}


def _part_masks(polygons: list[list[float]], height: int, width: int) -> list[dict[str, Any]]:
    """Return the compressed RLEs of checked polygons, or of nothing if none has three points."""
    parts: list[Any] = [part for part in polygons if len(part) >= 6]
    nothing = {"size": [height, width], "counts": [height * width]}
    found: list[dict[str, Any]] = coco_mask.frPyObjects(parts or [nothing], height, width)
    return found


def empty_parts(segmentation: Any, height: int, width: int) -> int:
    """Return how many polygons of a mask that is not empty cover no pixel; 0 if it is an RLE."""
    # a single polygon is not empty, since the mask is not
    if not isinstance(segmentation, list) or len(segmentation) == 1:
        return 0
    areas = mask_areas(_part_masks(segmentation, height, width))
    return len(segmentation) - int(np.count_nonzero(areas))


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
        ValueError: a polygon is not a flat list of an even number of finite numbers, lies too
            far outside, or is so long that it takes too much memory.
    """
    if polygons and all(map(is_number, polygons)):
        raise ValueError(
            "segmentation: is a polygon that is not in a list; expected a list of polygons "
            "[[x0, y0, x1, y1, ...], ...]"
        )
    if len(polygons) > 2 and all(isinstance(part, list) and len(part) == 2 for part in polygons):
        raise ValueError(f"segmentation: {POINTS}")
    for part in polygons:
        if not isinstance(part, list) or not all(map(is_number, part)):
            raise ValueError(f"segmentation: {_other_part(part)}")
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
        _check_length(part, max(height, width))


def _other_part(part: Any) -> str:
    if isinstance(part, dict) and part.keys() >= RLE_KEYS:
        return "is an RLE in a list; expected the RLE itself, so take it out of the list"
    if isinstance(part, dict):
        return _other_record(part)
    if isinstance(part, list) and any(isinstance(value, list) for value in part):
        return POINTS
    return f"found {str(part)[:60]!r}; expected a polygon as {FLAT}"


def _other_record(record: dict[str, Any]) -> str:
    return (
        f"found a record with the keys {sorted(map(str, record))[:6]}; expected an RLE, with size "
        f"and counts, or a list of polygons, each {FLAT}"
    )


def _check_length(part: list[float], side: int) -> None:
    # a polygon that is checked reaches over three sides at most, so most need not be measured
    if len(part) * (3 * side + 1) <= LONGEST_POLYGON:
        return
    points = np.asarray(part, dtype=np.float64).reshape(-1, 2)
    steps = np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1)
    if steps.sum() + len(points) > LONGEST_POLYGON:
        raise ValueError(
            f"segmentation: a polygon of {len(points)} points is {steps.sum():.0f} px long; "
            f"expected at most {LONGEST_POLYGON} points and px together, so simplify it, or give "
            "the mask as RLE"
        )


def is_number(value: Any) -> bool:
    """Return whether a value of a JSON file is a number; True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
