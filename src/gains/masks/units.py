"""Tests whether the coordinates of polygons are in px, or in another unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from gains.masks.segmentation import is_number

SLACK = 0.1
"""Share of a side by which coordinates may leave an image when they are shares of its sides."""
PERCENT_SIDE = 200
"""Smallest side of images in px whose coordinates are suspected to be percent."""


def refuse_shares(segmentations: Iterable[Any], where: object) -> None:
    """Refuse polygons whose coordinates are shares of the sides of their images.

    This is certain if no polygon leaves the first pixel of its image, and some coordinate is not
    whole. One polygon alone may be an object of one pixel, so all polygons of a file are compared.

    Args:
        segmentations: all segmentations of a file, of any kind.
        where: the file, for the message.

    Raises:
        ValueError: the polygons are such.
    """
    polygons = [found for found in segmentations if isinstance(found, list) and any(found)]
    if polygons and all(_within(p, 1, SLACK) for p in polygons) and any(map(_broken, polygons)):
        raise ValueError(
            f"{where}: all coordinates of polygons (of {len(polygons)} objects) lie between "
            "0 and 1, so they are shares of the sides of the image; expected px: multiply x by the "
            "width and y by the height of the image"
        )


def in_first_pixel(segmentation: Any) -> bool:
    """Return whether polygons lie in the first pixel of the image, with a corner inside of it."""
    return isinstance(segmentation, list) and _within(segmentation, 1) and _broken(segmentation)


def may_be_percent(segmentations: Sequence[Any], sides: Sequence[int]) -> bool:
    """Return whether all polygons may be in percent of the sides of their images.

    Args:
        segmentations: all segmentations of a file, of any kind.
        sides: the smaller side of each segmentation's image, px.
    """
    found = [(p, side) for p, side in zip(segmentations, sides, strict=True) if isinstance(p, list)]
    return (
        bool(found)
        and all(side >= PERCENT_SIDE and _within(polygons, 100) for polygons, side in found)
        and any(_broken(polygons) for polygons, _ in found)
    )


def _values(polygons: list[Any]) -> Iterable[Any]:
    return chain.from_iterable(part for part in polygons if isinstance(part, list))


def _within(polygons: list[Any], side: float, slack: float = 0) -> bool:
    """Return whether there are coordinates, and all lie in a square at the first corner."""
    low, high = -slack * side, (1 + slack) * side
    some = False
    for value in _values(polygons):
        if not is_number(value) or not low <= value <= high:
            return False
        some = True
    return some


def _broken(polygons: list[Any]) -> bool:
    """Return whether some coordinate is not a whole number."""
    return any(is_number(value) and value % 1 for value in _values(polygons))
