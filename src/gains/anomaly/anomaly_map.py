"""The in-memory gradient anomaly map.

It has its own module so that code that only reads maps does not depend on the code that computes
them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class AnomalyMap(NamedTuple):
    """A map, stored as a block in a constant plane.

    Attributes:
        constant: value outside the block, 1 or 0.
        y0: image row of the block's first row.
        x0: image column of the block's first column.
        block: float64 or float32 (h, w), values in [1, 1 + f_ga]; of shape (0, 0) if the map
            is constant.
    """

    constant: float
    y0: int
    x0: int
    block: NDArray[np.floating]

    def full(self, size: tuple[int, int]) -> NDArray[np.floating]:
        """Return the map of the whole image (H, W), in the block's dtype."""
        result = np.full(size, self.constant, dtype=self.block.dtype)
        height, width = self.block.shape
        result[self.y0 : self.y0 + height, self.x0 : self.x0 + width] = self.block
        return result


def constant_map(value: float) -> AnomalyMap:
    """Return a map that has the same value everywhere."""
    return AnomalyMap(value, 0, 0, np.zeros((0, 0)))
