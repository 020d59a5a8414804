"""A small reader of polygons along pixel edges, independent of the code that writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def filled(polygons: Iterable[Any], height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels inside an odd number of polygons, bool (H, W); coordinates are whole."""
    mask = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        points = [(int(x), int(y)) for x, y in polygon]
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
            assert x0 == x1 or y0 == y1
            if x0 == x1:
                mask[min(y0, y1) : max(y0, y1), x0:] ^= True
    return mask
