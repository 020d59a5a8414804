"""Bilinear sampling, cell by cell."""

from __future__ import annotations

from torch import Tensor


def bilinear(plane: Tensor, x: float, y: float) -> float:
    """Sample a plane (H, W) at x y in cells, centres at halves, zero outside: cell by cell."""
    total = 0.0
    for row in range(plane.shape[0]):
        for column in range(plane.shape[1]):
            near = max(0.0, 1 - abs(x - 0.5 - column)) * max(0.0, 1 - abs(y - 0.5 - row))
            total += near * float(plane[row, column])
    return total
