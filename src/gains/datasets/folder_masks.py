"""The checks of one segmentation that a person brings."""

from __future__ import annotations

import math
from typing import Any

from gains.datasets.coco import to_rle
from gains.instances import Rle


def check_mask(segmentation: Any, height: int, width: int) -> Rle:
    """Return a mask as compressed RLE after checking what pycocotools takes on trust.

    Raises:
        ValueError: missing, malformed, or of another size.
    """
    if segmentation is None:
        raise ValueError("has no segmentation; instance segmentation needs masks, not boxes alone")
    if isinstance(segmentation, list):
        for part in segmentation:
            _check_polygon(part, height, width)
    elif isinstance(segmentation, dict):
        _check_runs(segmentation)
    return to_rle(segmentation, height, width)


def _check_polygon(part: Any, height: int, width: int) -> None:
    numbers = isinstance(part, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in part
    )
    if not numbers or len(part) % 2:
        raise ValueError("segmentation: a polygon is a flat list x0, y0, x1, y1, ... of numbers")
    if not all(math.isfinite(value) for value in part):
        raise ValueError("segmentation: a polygon has coordinates that are not finite")
    for values, side in ((part[0::2], width), (part[1::2], height)):
        if any(not -side <= value <= 2 * side for value in values):
            raise ValueError(
                f"segmentation: a polygon reaches from {min(values)} to {max(values)} in an image "
                f"of {side} px; are the coordinates in px?"
            )


def _check_runs(segmentation: dict[str, Any]) -> None:
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) for n in size)):
        raise ValueError(f"segmentation: RLE has size {size!r}; expected [height, width]")
    if isinstance(counts, bytes):
        counts = counts.decode()
    runs = _runs(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(isinstance(n, int) and n >= 0 for n in runs):
        raise ValueError("segmentation: RLE counts are not whole numbers from 0 up, or damaged")
    if sum(runs) != size[0] * size[1]:
        raise ValueError(
            f"segmentation: RLE counts add up to {sum(runs)}, but an image of {size} has "
            f"{size[0] * size[1]} px; the RLE is damaged"
        )


def _runs(text: str) -> list[int]:
    """Return the run lengths of compressed RLE; a damaged text gives lengths that do not fit.

    COCO writes a number as characters of 5 bits, lowest first, from "0" on; bit 5 says that more
    follow, and from the fourth number on it is the difference to the last but one.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - ord("0")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
