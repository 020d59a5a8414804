"""The radial field of an instance, its gradient and directions (GAInS paper, Eq. 2 and 3).

All quantities are defined on the whole image but evaluated on a region, since maps only need the
surroundings of an instance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.region import Region

Float = NDArray[np.float64]
Point = tuple[float, float]
"""Row and column, px, with fractions."""


def centre_of(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> Point:
    """Return the mean pixel (row, column) of a mask.

    Args:
        mask: (h, w) with at least one pixel.
        corner: image row and column of ``mask[0, 0]``.

    Raises:
        ValueError: the mask is empty, so it has no centre.
    """
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        raise ValueError("an empty mask has no centre; its map is constant")
    return float((rows + corner[0]).mean()), float((columns + corner[1]).mean())


def radial_distance(region: Region, centre: Point) -> Float:
    """Return the squared distance to the centre, px^2, on a region; shape of the region."""
    y = np.arange(region.y0, region.y1, dtype=np.float64)[:, None]
    x = np.arange(region.x0, region.x1, dtype=np.float64)[None, :]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2)  # Eq. (2)


def gradient(region: Region, centre: Point, size: tuple[int, int]) -> tuple[Float, Float]:
    """Return the numerical gradient of the radial field of the whole image, on a region.

    The differences are central, but one-sided in the first and last row and column of the image.

    Args:
        region: a region inside the image.
        centre: centre of the radial field.
        size: height and width of the image, each at least 2.

    Returns:
        Derivatives along rows and columns, each float64 with the shape of the region, px.
    """
    halo = Region(region.y0 - 1, region.x0 - 1, region.y1 + 1, region.x1 + 1)
    halo = halo.meet(Region(0, 0, *size))
    # an edge of the halo is cut away below, unless it is an edge of the image
    distance, inner = radial_distance(halo, centre), region.within(halo)
    return np.gradient(distance, axis=0)[inner], np.gradient(distance, axis=1)[inner]


def influence(along_y: Float, along_x: Float, centre: Point, size: tuple[int, int]) -> Float:
    """Return the magnitude of the gradient over its maximum in the whole image, in [0, 1].

    The magnitude grows with the distance to the centre, so its maximum is in a corner, where
    both differences are one-sided.
    """
    far = [max(abs(1 - 2 * c), abs(2 * n - 3 - 2 * c)) for c, n in zip(centre, size, strict=True)]
    magnitude = np.sqrt(along_y**2 + along_x**2)  # Eq. (3)
    return np.asarray(magnitude / math.hypot(*far))


def directions(along_y: Float, along_x: Float) -> Float:
    """Return the gradient's direction, rad in [-pi, pi], plain and with the columns mirrored.

    The angle jumps by 2 pi on a half axis; mirroring moves that jump to the other side, and
    averaging the two maps halves its trace.

    Returns:
        float64 (2, ...), the shape of the arguments behind the two signs.
    """
    return np.stack([np.arctan2(along_y, along_x), np.arctan2(along_y, -along_x)])  # Eq. (3)
