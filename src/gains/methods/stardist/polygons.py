"""Star-convex polygons: corners, areas, suppression, and masks.

Source: the published program (BSD-3). It cuts the coordinates of corners to whole numbers before
it compares polygons, and draws them with the uncut ones.
"""

from __future__ import annotations

import numpy as np
import skimage.draw
from numpy.typing import NDArray

from gains.methods.stardist.targets import ray_directions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Corners = NDArray[np.float32]
"""Row and column of the corners of polygons, float32 (N, R, 2), px."""
TOGETHER = 4096
"""Largest number of polygons that are compared with one at a time."""


def corners_of(points: Ints, distances: NDArray[np.float32]) -> Corners:
    """Return the corners of polygons.

    Args:
        points: int64 (N, 2), row and column of the middles.
        distances: float32 (N, R), lengths of the rays, px.
    """
    directions = ray_directions(distances.shape[1]).astype(np.float32)
    # float64 would put the corner of a ray that points along an axis beside the pixel
    steps = distances[:, :, None] * directions
    return np.asarray(points[:, None].astype(np.float32) + steps, dtype=np.float32)


def cut(corners: Corners) -> Ints:
    """Return corners in whole pixels, rounded towards zero, int64 (N, R, 2)."""
    return np.trunc(corners).astype(np.int64)


def polygon_areas(polygons: Ints) -> Floats:
    """Return the areas of polygons with corners int64 (N, R, 2), float64 (N,)."""
    following = np.roll(polygons, -1, axis=1)
    (y0, x0), (y1, x1) = (np.moveaxis(p.astype(np.float64), 2, 0) for p in (polygons, following))
    return np.asarray(np.abs((x0 * y1 - x1 * y0).sum(axis=1)) / 2)


def common_areas(one: Ints, others: Ints) -> Floats:
    """Return the areas that a polygon shares with others, float64 (N,).

    The corners have whole numbers. Between two rows all borders are straight, so the length of
    the common part half-way is its area, except where borders cross in between, which costs some
    hundredths of a pixel per crossing.

    Args:
        one: int64 (R, 2).
        others: int64 (N, R, 2), with corners in the same order of rotation.
    """
    top, bottom = int(one[:, 0].min()), int(one[:, 0].max())
    if top == bottom:
        return np.zeros(len(others))
    _, rows, places, signs = _crossings(one[None], top, bottom)
    own, own_signs = _by_row(rows - top, places, signs, bottom - top)
    owner, rows, places, signs = _crossings(others, top, bottom)
    # The part of a row inside a polygon has the length sum of sign x place. Left of a place x it
    # is the sum of sign x min(place, x), so both sums together give the part inside both.
    inside = own_signs[rows - top] * np.minimum(own[rows - top], places[:, None])
    areas = np.bincount(owner, signs * inside.sum(axis=1), minlength=len(others))
    return areas.astype(np.float64)  # of nothing, they are whole numbers


def _crossings(polygons: Ints, top: int, bottom: int) -> tuple[Ints, Ints, Floats, Floats]:
    """Return where borders cross the middles of rows from ``top`` to ``bottom``.

    Returns:
        For each crossing the index of the polygon, the row, the column and the direction: 1 for an
        edge to higher rows, -1 for one to lower rows.
    """
    (y0, x0), (y1, x1) = (
        np.moveaxis(p, 2, 0).reshape(2, -1) for p in (polygons, np.roll(polygons, -1, axis=1))
    )
    first = np.maximum(np.minimum(y0, y1), top)
    number = np.maximum(np.minimum(np.maximum(y0, y1), bottom) - first, 0)
    edge = np.repeat(np.arange(len(y0)), number)
    rows = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number)
    slope = (x1 - x0) / np.where(y1 == y0, 1, y1 - y0)
    places = x0[edge] + (rows + 0.5 - y0[edge]) * slope[edge]
    return edge // polygons.shape[1], rows, places, np.sign(y1 - y0)[edge].astype(np.float64)


def _by_row(rows: Ints, places: Floats, signs: Floats, height: int) -> tuple[Floats, Floats]:
    """Return the crossings of each row, float64 (height, C); a sign of 0 fills up."""
    order = np.argsort(rows, kind="stable")
    number = np.bincount(rows, minlength=height)
    column = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
    shape = (height, int(number.max(initial=0)))
    found, directions = np.zeros(shape), np.zeros(shape)
    found[rows[order], column] = places[order]
    directions[rows[order], column] = signs[order]
    return found, directions


def suppress(corners: Corners, threshold: float, limit: int) -> Ints:
    """Return which polygons are kept, the surest first.

    The surest polygon is kept, and each one that shares more than ``threshold`` of the smaller
    area of the two with it is dropped; then the surest one of the others is kept, and so on.

    Args:
        corners: float32 (N, R, 2), the surest polygon first.
        threshold: share of the smaller area, in (0, 1].
        limit: largest number of polygons that are kept.

    Returns:
        int64 (M,), ascending indices.
    """
    polygons = cut(corners)
    areas = polygon_areas(polygons)
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    kept: list[int] = []
    rest = np.arange(len(corners))
    while len(rest) and len(kept) < limit:
        best, rest = int(rest[0]), rest[1:]
        kept.append(best)
        meets = ((low[rest] < high[best]) & (low[best] < high[rest])).all(axis=1)
        near = rest[meets]
        dropped = np.zeros(len(rest), dtype=bool)
        dropped[meets] = _shares(polygons, areas, best, near) > threshold
        rest = rest[~dropped]
    return np.array(kept, dtype=np.int64)


def _shares(polygons: Ints, areas: Floats, best: int, near: Ints) -> Floats:
    """Return the shared area of polygons with the best one, over the smaller area."""
    shared = [
        common_areas(polygons[best], polygons[near[start : start + TOGETHER]])
        for start in range(0, len(near), TOGETHER)
    ]
    smaller = np.minimum(areas[best], areas[near])
    shares: Floats = np.concatenate([np.zeros(0), *shared]) / np.maximum(smaller, 1e-10)
    return shares


def polygon_masks(corners: Corners, size: tuple[int, int], separate: bool) -> NDArray[np.bool_]:
    """Return the masks of polygons, bool (N, H, W), with the pixels on their borders.

    Args:
        corners: float32 (N, R, 2), the surest polygon first.
        size: height and width of the image.
        separate: whether masks may overlap; otherwise the surest polygon takes the pixels.
    """
    masks = np.zeros((len(corners), *size), dtype=bool)
    for mask, corner in zip(masks, corners, strict=True):
        rows, columns = corner.T
        mask[skimage.draw.polygon(rows, columns, size)] = True  # type: ignore[no-untyped-call]
    if not separate:
        free = np.ones(size, dtype=bool)
        for mask in masks:
            mask &= free
            free &= ~mask
    return masks
