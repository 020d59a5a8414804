"""The pixels of a scene: cells that absorb or emit light, one over the other.

A cell is described by how it changes the background of its own image. Where it is darker, it
absorbs: its pixels divided by the background are its transmittance, which multiplies what lies
below. Where it is brighter, it emits: its difference from the background is added. With opacity a,
what lies below is first mixed with the background of the scene, (1 - a) below + a background. So on
plain background every opacity gives the look that the cell has in its own image; over another cell,
opacity 0 shows both, and opacity 1 hides the lower one.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.clusters.cells import Mask, SourceCell, turned
from gains.clusters.places import Placed

Float = NDArray[np.float64]

EDGE = 1
"""Width in px of the soft edge, inside the mask."""
SMOOTH = 0.15
"""Standard deviation of the filter that averages over a cell, by the square root of its area."""
FEWEST = 50
"""Number of background pixels from which the level near a cell is taken; else of the image."""


def background_level(pixels: NDArray[np.uint8], free: Mask, box: tuple[slice, slice]) -> Float:
    """Return the median colour of the background around a box, float64 (3,).

    Args:
        pixels: uint8 (H, W, 3).
        free: bool (H, W), pixels that belong to no object, at least one.
        box: rows and columns; the background counts up to half a side beyond them.
    """
    around = tuple(_widened(side, (side.stop - side.start) // 2) for side in box)
    near = free[around]
    chosen = pixels[around][near] if near.sum() >= FEWEST else pixels[free]
    return np.asarray(np.median(chosen, axis=0), dtype=np.float64)


def _widened(side: slice, by: int) -> slice:
    return slice(max(0, side.start - by), side.stop + by)


def look_of(cell: SourceCell, pixels: NDArray[np.uint8]) -> Float:
    """Return the pixels of a cell, float64 (h, w, 3), without the other objects over it.

    Shared pixels get the mean colour of the cell around them, and its texture, mirrored at the
    nearest pixel that shows the inside of the cell alone.

    Args:
        cell: the cell.
        pixels: its image, uint8 (H, W, 3).
    """
    cut = pixels[cell.box].astype(np.float64)
    if not cell.shared.any():
        return cut
    inner = scipy.ndimage.binary_erosion(cell.own, iterations=2)
    if not inner.any():
        inner = cell.own
    mean = _mean_around(cut, inner)
    nearest = scipy.ndimage.distance_transform_edt(
        ~inner, return_distances=False, return_indices=True
    )
    here = np.indices(cell.own.shape)
    limits = np.array(cell.own.shape)[:, None, None] - 1
    mirrored = tuple(np.clip(2 * nearest - here, 0, limits))
    texture = np.where(inner[..., None], cut - mean, 0)[mirrored]
    # the edges of other objects are soft, and reach beyond their masks
    hidden = scipy.ndimage.binary_dilation(cell.shared, iterations=2) & cell.mask & ~cell.of_parts
    cut[hidden] = (mean + texture)[hidden]
    return cut


def _mean_around(values: Float, own: Mask) -> Float:
    """Return the mean of the own pixels near each pixel, float64 (h, w, 3)."""
    width = SMOOTH * np.sqrt(own.sum())

    def smooth(plane: Float) -> Float:
        return np.asarray(scipy.ndimage.gaussian_filter(plane, width, truncate=8))

    weight = np.maximum(smooth(own.astype(np.float64)), 1e-12)
    planes = [smooth(np.where(own, values[..., c], 0)) / weight for c in range(3)]
    return np.stack(planes, axis=-1)


def soft_edge(region: Mask) -> Float:
    """Return the weight of each pixel of a region, float64 (h, w): it rises to 1 from its edge."""
    depth = scipy.ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    return np.asarray(np.minimum(depth / (EDGE + 1), 1.0))


def blend(scene: Float, placed: Placed, look: Float, own_level: Float, level: Float) -> None:
    """Put a cell into a scene, in place.

    Args:
        scene: float64 (H, W, 3), with the cells before it.
        placed: the cell and its place.
        look: float64 (h, w, 3), its pixels in its own image, see :func:`look_of`.
        own_level: float64 (3,), background of its own image.
        level: float64 (3,), background of the scene at its place.
    """
    region, turn = placed.cell.region, placed.turn
    absorbs = look[region].mean() < own_level.mean()
    look, weight = turned(look, turn), turned(soft_edge(region), turn)[..., None]
    below = scene[placed.box]
    mixed = (1 - placed.opacity) * below + placed.opacity * level
    over = mixed * (look / np.maximum(own_level, 1)) if absorbs else mixed + look - own_level
    below += weight * (over - below)
