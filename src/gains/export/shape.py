"""Size and shape of one mask; ``docs/export.md`` has the formulas."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.masks.windows import MaskWindow


class Shape(NamedTuple):
    """Size and shape of a mask; lengths in px, from the outer edge of the first pixel.

    Attributes:
        area: number of pixels.
        x: centre of gravity; the centre of the first pixel is 0.5.
        y: centre of gravity.
        box_x: left edge of the bounding box.
        box_y: upper edge.
        box_width: width.
        box_height: height.
        perimeter: length of all borders, also those of holes.
        circularity: 4 pi area / perimeter^2; 1 for a disc.
        eccentricity: that of the ellipse with the same second moments, 0 for a circle.
        solidity: area / area of the convex hull of all pixels.
    """

    area: int
    x: float
    y: float
    box_x: int
    box_y: int
    box_width: int
    box_height: int
    perimeter: float
    circularity: float
    eccentricity: float
    solidity: float


def shape_of(window: MaskWindow) -> Shape:
    """Return size and shape of a mask with at least one pixel."""
    mask = window.mask
    y, x = np.nonzero(mask)
    length = perimeter(mask)
    return Shape(
        len(x),
        window.x + float(x.mean()) + 0.5,
        window.y + float(y.mean()) + 0.5,
        window.x,
        window.y,
        mask.shape[1],
        mask.shape[0],
        length,
        4 * math.pi * len(x) / length**2,
        _eccentricity(x, y),
        len(x) / _hull_area(mask),
    )


def perimeter(mask: NDArray[np.bool_]) -> float:
    """Return the length of the borders of a mask in px, by Crofton's formula in four directions.

    A border is crossed by lines along rows, columns and both diagonals. Lines along a diagonal are
    closer to each other, by the square root of 2.
    """
    m = np.pad(mask, 1)
    straight = (m[1:] != m[:-1]).sum() + (m[:, 1:] != m[:, :-1]).sum()
    diagonal = (m[1:, 1:] != m[:-1, :-1]).sum() + (m[1:, :-1] != m[:-1, 1:]).sum()
    return float(math.pi / 8 * (straight + diagonal / math.sqrt(2)))


def _eccentricity(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    moments = np.cov(x, y, bias=True) + np.eye(2) / 12  # a pixel is a square, not a point
    small, large = np.linalg.eigvalsh(moments)
    return math.sqrt(max(0.0, 1 - small / large))


def _hull_area(mask: NDArray[np.bool_]) -> float:
    """Return the area of the convex hull of the squares of all pixels, px."""
    y = np.flatnonzero(mask.any(axis=1))
    first, end = mask[y].argmax(axis=1), mask.shape[1] - mask[y, ::-1].argmax(axis=1)
    corners = [np.stack([x, row], axis=1) for x in (first, end) for row in (y, y + 1)]
    return float(scipy.spatial.ConvexHull(np.concatenate(corners)).volume)
