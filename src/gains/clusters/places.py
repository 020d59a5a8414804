"""The places of cells in a scene, found on masks alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.clusters.cells import Mask, SourceCell, turned
from gains.config.clusters import ClusterSettings

TRIES = 8
"""Number of draws of a cell and its turn for one overlap ratio."""
CLOSE = 0.02
"""Difference of reached and drawn ratio with which a try is taken without another one."""
ALIKE = 0.005
"""Overlap ratios that differ by less are equally good, so that one of many places is drawn."""


@dataclass(frozen=True)
class Placed:
    """A cell at its place in a scene.

    Attributes:
        cell: the cell.
        turn: its turn, see :func:`gains.clusters.cells.turned`.
        y: row of the first pixel of its box in the scene.
        x: column of this pixel.
        drawn: overlap ratio that was drawn.
        reached: overlap ratio that the cell has: the share of its area on earlier cells.
        opacity: opacity that was drawn.
    """

    cell: SourceCell
    turn: int
    y: int
    x: int
    drawn: float
    reached: float
    opacity: float

    @property
    def box(self) -> tuple[slice, slice]:
        """The rows and columns of its box in the scene."""
        height, width = turned(self.cell.mask, self.turn).shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


def cluster_places(
    cells: Sequence[SourceCell],
    occupied: Mask,
    start: Mask,
    settings: ClusterSettings,
    rng: np.random.Generator,
) -> list[Placed]:
    """Return cells placed one after the other, so that they form a cluster with a present cell.

    Each touches the cluster, and shares the drawn part of its area with the cells before it, also
    with those outside the cluster. Where no try reaches the range of ratios, the nearest is taken.
    A cell that cannot touch the cluster, for example in the corner of the image, is placed by its
    ratio alone.

    Args:
        cells: cells to choose from; each fits into the scene.
        occupied: bool (H, W), pixels of all cells that are in the scene already.
        start: bool (H, W), the one of them from which the cluster grows; not empty.
        settings: ranges of number, overlap and opacity.
        rng: source of random numbers.
    """
    occupied, cluster = occupied.copy(), start.copy()
    found = []
    for _ in range(rng.integers(settings.objects[0], settings.objects[1] + 1)):
        placed = _placed(cells, occupied, cluster, settings, rng)
        for plane in (occupied, cluster):
            plane[placed.box] |= turned(placed.cell.mask, placed.turn)
        found.append(placed)
    return found


def _placed(
    cells: Sequence[SourceCell],
    occupied: Mask,
    cluster: Mask,
    settings: ClusterSettings,
    rng: np.random.Generator,
) -> Placed:
    """Return the first try whose ratio is near the drawn one, or else the nearest of all."""
    drawn, opacity = rng.uniform(*settings.overlap), rng.uniform(*settings.opacity)
    tries: list[Placed] = []
    for _ in range(TRIES):
        cell, turn = cells[int(rng.integers(len(cells)))], int(rng.integers(8))
        mask = turned(cell.mask, turn)
        ratios = shared_area(occupied, mask) / mask.sum()
        distance = _distance(ratios, drawn, settings)
        y, x = _nearest(distance, shared_area(cluster, mask) > 0, rng)
        tries.append(Placed(cell, turn, y, x, drawn, float(ratios[y, x]), opacity))
        if distance[y, x] <= CLOSE:
            return tries[-1]
    return min(tries, key=lambda one: float(_distance(np.array(one.reached), drawn, settings)))


def shared_area(plane: Mask, mask: Mask) -> NDArray[np.int64]:
    """Return the number of pixels that a mask shares with a plane, at each place inside it.

    Args:
        plane: bool (H, W).
        mask: bool (h, w), not larger than the plane.

    Returns:
        int64 (H - h + 1, W - w + 1), by the place of the mask's first pixel.
    """
    whole = scipy.signal.correlate(
        plane.astype(np.float64), mask.astype(np.float64), mode="valid", method="fft"
    )
    return np.asarray(np.rint(whole), dtype=np.int64)


def _distance(
    ratios: NDArray[np.float64], drawn: float, settings: ClusterSettings
) -> NDArray[np.float64]:
    """Return how far ratios are from the drawn one; those outside the range come last."""
    low, high = settings.overlap
    return np.asarray(np.abs(ratios - drawn) + ((ratios < low) | (ratios > high)))


def _nearest(
    distance: NDArray[np.float64], touching: Mask, rng: np.random.Generator
) -> tuple[int, int]:
    """Return one of the places of the smallest distance that touch the cluster, if any do."""
    possible = np.where(touching, distance, np.inf) if touching.any() else distance
    places = np.argwhere(possible <= possible.min() + ALIKE)
    y, x = places[rng.integers(len(places))]
    return int(y), int(x)
