"""Masks of simple shapes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> Mask:
    """Return a mask (H, W) of the pixels within ``radius`` of the centre."""
    rows, columns = np.indices(shape)
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def rectangle(shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> Mask:
    """Return a mask (H, W) of the rows and columns from the first to before the last."""
    mask = np.zeros(shape, dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask
