"""The parts of a mask as polygons along the edges of its pixels, which hold the mask exactly.

Pixel (x, y) is the square from x to x + 1 and from y to y + 1, so coordinates are whole numbers.
Pixels that meet at a corner alone belong to different parts. No polygon touches itself, as programs
for vector data demand; a hole may touch the outer polygon at corners.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.masks.rle import Rle
from gains.masks.windows import window_of

Polygon = NDArray[np.int64]
"""Corners x, y in px, int64 (K, 2); the first one is not repeated at the end."""
_Corner = tuple[int, int]


class MaskPart(NamedTuple):
    """One part of a mask, whose pixels are connected by their sides.

    Attributes:
        outer: clockwise on the screen, where y grows downwards.
        holes: anticlockwise.
    """

    outer: Polygon
    holes: list[Polygon]


def parts_of(rle: Rle) -> list[MaskPart]:
    """Return the parts of a mask in raster order of their first pixel; an empty mask has none."""
    x, y, mask = window_of(rle)
    holes: dict[int, list[Polygon]] = defaultdict(list)
    outer: dict[int, Polygon] = {}
    for part, loop in _loops(np.pad(mask, 1)):
        polygon = np.array(loop, dtype=np.int64) + (x, y)
        if _twice_the_area(loop) > 0:
            outer[part] = polygon
        else:
            holes[part].append(polygon)
    return [MaskPart(outer[part], holes[part]) for part in sorted(outer)]


def _loops(inside: NDArray[np.bool_]) -> list[tuple[int, list[_Corner]]]:
    """Return the loops around a mask with a border of background, each with its part's number.

    A loop follows horizontal and vertical edges in turn. Along each line of the grid, the corners
    are the ends of edges: the first and the second one belong together, and so on.
    """
    corners = _corners(inside)
    x, y, before_h, before_v, owner = (corners[:, k] for k in range(5))
    labels, _ = scipy.ndimage.label(inside)
    part = labels.ravel()[owner].tolist()
    opens = inside[y + 1, x + 1].tolist()  # the pixel to the right of the corner and below it
    along = _partners(np.lexsort((before_h, x, y)))
    across = _partners(np.lexsort((before_v, y, x)))
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    seen = [False] * len(points)
    loops = []
    for start in np.lexsort((before_h, x, y)).tolist():
        ring: list[_Corner] = []
        corner = start
        while not seen[corner]:
            other = along[corner]
            seen[corner] = seen[other] = True
            ring += [points[corner], points[other]]
            corner = across[other]
        if ring:
            # the first corner is the highest one, so the pixel below it says what is enclosed
            loops += [(part[start], r) for r in _simple(ring if opens[start] else ring[::-1])]
    return loops


def _corners(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the corners of the outline, int64 (K, 5).

    Where two pixels meet at a corner alone, there are two corners, one for each pixel. The columns
    are x, y, the order of two such corners on a horizontal and on a vertical line, and the index of
    a pixel of the corner's part.
    """
    width = inside.shape[1]
    quad = np.stack([inside[:-1, :-1], inside[:-1, 1:], inside[1:, :-1], inside[1:, 1:]])
    offset = np.array([0, 1, width, width + 1])
    count = quad.sum(axis=0)
    found = []
    y, x = np.nonzero(count % 2)
    pixel = y * width + x + offset[quad[:, y, x].argmax(axis=0)]
    found.append(np.stack([x, y, 0 * x, 0 * x, pixel], axis=1))
    meeting = (count == 2) & (quad[0] == quad[3])
    for falling, pair in ((True, ((0, 0, 0), (3, 1, 1))), (False, ((2, 0, 1), (1, 1, 0)))):
        y, x = np.nonzero(meeting & (quad[0] == falling))
        for which, before_h, before_v in pair:
            pixel = y * width + x + offset[which]
            found.append(np.stack([x, y, 0 * x + before_h, 0 * x + before_v, pixel], axis=1))
    return np.concatenate(found)


def _partners(order: NDArray[np.int64]) -> list[int]:
    partner = np.empty(len(order), dtype=np.int64)
    partner[order[0::2]], partner[order[1::2]] = order[1::2], order[0::2]
    return [int(other) for other in partner]


def _simple(ring: list[_Corner]) -> list[list[_Corner]]:
    """Cut a ring wherever it meets itself, so that no loop has a corner twice."""
    loops: list[list[_Corner]] = []
    open_loop: list[_Corner] = []
    place: dict[_Corner, int] = {}
    for corner in ring:
        if corner in place:
            begin = place[corner]
            loops.append(open_loop[begin:])
            for passed in open_loop[begin + 1 :]:
                del place[passed]
            del open_loop[begin + 1 :]
        else:
            place[corner] = len(open_loop)
            open_loop.append(corner)
    return [*loops, open_loop]


def _twice_the_area(loop: list[_Corner]) -> int:
    """Return twice the area of a loop, negative if it runs anticlockwise on the screen."""
    following = loop[1:] + loop[:1]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(loop, following, strict=True))
