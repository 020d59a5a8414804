"""Drawn scenes of overlapping objects, and what a detector would find in the tiles of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.tiling import Tiling, _places

Mask = NDArray[np.bool_]


def tiling(size: tuple[int, int], tile: tuple[int, int], overlap: int) -> Tiling:
    """Return tiles that the model sees at four times their size, so the edge is 1 px."""
    tile = (min(tile[0], size[0]), min(tile[1], size[1]))
    rows, columns = (_places(*pair, overlap) for pair in zip(size, tile, strict=True))
    return Tiling(rows, columns, (4 * tile[0], 4 * tile[1]), 4.0, overlap)


def disc(size: tuple[int, int], y: float, x: float, radius: float) -> Mask:
    rows, columns = np.ogrid[: size[0], : size[1]]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def rod(size: tuple[int, int], y: float, x: float, length: float, angle: float) -> Mask:
    """Return a rod of 5 px width."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    return np.asarray((abs(along) <= length / 2) & (abs(across) <= 2.5))


def drawn(rng: np.random.Generator, size: tuple[int, int], number: int, longest: int) -> list[Mask]:
    """Return overlapping discs and rods of at most ``longest`` px, without empty or equal ones."""
    masks: dict[bytes, Mask] = {}
    for _ in range(number):
        y, x = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        if rng.random() < 0.5:
            mask = disc(size, y, x, rng.uniform(1, longest / 2 - 1))
        else:
            mask = rod(size, y, x, rng.uniform(6, longest - 6), rng.uniform(0, np.pi))
        if mask.any():
            masks[mask.tobytes()] = mask
    return list(masks.values())


def found_in(
    tiles: Tiling,
    masks: list[Mask],
    categories: list[int] | None = None,
    change: Callable[[Mask], Mask] = lambda mask: mask,
) -> list[Instances]:
    """Return the part of every object that each tile shows; the score is that of the object."""
    found = []
    for window in tiles.windows:
        seen = [(k, change(mask[window.place])) for k, mask in enumerate(masks)]
        seen = [(k, mask) for k, mask in seen if mask.any()]
        found.append(
            Instances.from_rles(
                *tiles.size,
                [encode_mask(mask) for _, mask in seen],
                [1 if categories is None else categories[k] for k, _ in seen],
                [1 - k / (len(masks) + 1) for k, _ in seen],
                extra={"object": [k for k, _ in seen]},
            )
        )
    return found
