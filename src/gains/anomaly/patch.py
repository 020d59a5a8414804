"""The data of one instance that maps are computed from, restricted to its surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.deviation import LIFT, WindowSums, over_difference
from gains.anomaly.fields import Float, centre_of, directions, gradient, influence
from gains.anomaly.region import Region


@dataclass(frozen=True)
class Patch:
    """An instance with its direction field and its window sums.

    Attributes:
        box: tight box of the mask.
        mask: bool, shape of ``box``.
        origins: origins of the windows that can hold a mask pixel.
        block: the pixels that take their value from those windows.
        support: the pixels that those windows cover.
        field: directions lifted by 4, both signs, 0 outside the mask; (2, *support).
        sums: window sums of the field, by ``origins``.
        influence: gradient magnitude over its maximum in the image; shape of ``block``.
    """

    box: Region
    mask: NDArray[np.bool_]
    origins: Region
    block: Region
    support: Region
    field: Float
    sums: WindowSums
    influence: Float

    @staticmethod
    def from_mask(mask: NDArray[np.bool_], window: int) -> Patch | None:
        """Return the patch of a (H, W) bool mask, or None if the mask is empty."""
        box = _tight_box(mask)
        if box is None:
            return None
        size = (mask.shape[0], mask.shape[1])
        last = (size[0] - window + 1, size[1] - window + 1)
        origins = Region(box.y0 - window + 1, box.x0 - window + 1, box.y1, box.x1)
        origins = origins.meet(Region(0, 0, *last))
        support = covered_pixels(origins, window)
        # the pixels after the last origin of a row or column take the value of that window
        block = origins._replace(
            y1=size[0] if origins.y1 == last[0] else origins.y1,
            x1=size[1] if origins.x1 == last[1] else origins.x1,
        )
        inside = mask[support.within(Region(0, 0, *size))]
        centre = centre_of(inside, (support.y0, support.x0))
        along_y, along_x = gradient(support, centre, size)
        pixels = np.flatnonzero(inside)
        flat = np.zeros((2, inside.size))
        flat[:, pixels] = directions(along_y.take(pixels), along_x.take(pixels)) + LIFT
        field = flat.reshape(2, *support.shape)
        at = block.within(support)
        return Patch(
            box=box,
            mask=inside[box.within(support)],
            origins=origins,
            block=block,
            support=support,
            field=field,
            sums=WindowSums.from_field(field, inside, window),
            influence=influence(along_y[at], along_x[at], centre, size),
        )

    def paint(self, values: Float) -> Float:
        """Return values by pixel (2, *block) from values by window origin (2, *origins).

        A pixel takes the value of the window that starts at it. In the last w - 1 rows and columns
        of the image no window starts; they take the value of the last window.
        """
        more = np.subtract(self.block.shape, self.origins.shape)
        return np.pad(values, ((0, 0), (0, more[0]), (0, more[1])), mode="edge")


def covered_pixels(origins: Region, window: int) -> Region:
    """Return the pixels that the windows with these origins cover."""
    return origins._replace(y1=origins.y1 + window - 1, x1=origins.x1 + window - 1)


def _tight_box(mask: NDArray[np.bool_]) -> Region | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return Region(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def pair_deviation(first: Patch, second: Patch, with_joint: bool) -> Float:
    """Return the deviation between two instances, both signs, where their origins meet.

    Args:
        first: one instance.
        second: another; the order does not matter.
        with_joint: whether to take the minimum with the deviation over both masks together.

    Returns:
        float64 (2, h, w), the shape of ``first.origins.meet(second.origins)``.
    """
    origins = first.origins.meet(second.origins)
    window = first.sums.window
    support = covered_pixels(origins, window)
    rows, columns = support.within(first.support)
    other_rows, other_columns = support.within(second.support)
    result = over_difference(
        first.field[:, rows, columns], second.field[:, other_rows, other_columns], window
    )
    if with_joint:
        ours = first.sums.cut(origins.within(first.origins))
        theirs = second.sums.cut(origins.within(second.origins))
        result = np.minimum(result, ours.over_both_masks(theirs))
    return result
