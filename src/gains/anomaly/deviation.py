"""Exact standard deviations in sliding windows, by box sums (GAInS paper, Eq. 4).

A direction field holds angles inside its mask and the sentinel -4 outside. Adding a constant does
not change a standard deviation, so fields are stored with 4 added: zero outside the mask. The
origin of a window is its top-left pixel.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.fields import Float

LIFT = 4.0
"""The negative of the sentinel outside the mask; above pi, so that it differs from every angle."""

ROUND_OFF = 4 * np.finfo(np.float64).eps
"""Variances below this share of the mean square count as round-off."""


def box_sum(values: Float, window: int) -> Float:
    """Return the sum over each window.

    Each window is summed separately in one fixed order. Unlike with prefix or running sums, no
    round-off comes from other windows, and equal windows have bitwise equal sums.

    Args:
        values: float64 (..., H, W); the result may share its memory.
        window: side of the window, px, at most H and W.

    Returns:
        float64 (..., H - window + 1, W - window + 1), indexed by window origin.
    """
    columns_done = _sum_rows(values.swapaxes(-1, -2), window).swapaxes(-1, -2)
    return _sum_rows(columns_done, window)


def _sum_rows(values: Float, window: int) -> Float:
    """Sum ``window`` consecutive rows from sums of 1, 2, 4, ... rows: log2(window) additions."""
    length = values.shape[-2] - window + 1
    runs, width, start, total = values, 1, 0, None
    while True:
        if window & width:
            part = runs[..., start : start + length, :]
            total = part if total is None else total + part
            start += width
        if 2 * width > window:
            return np.asarray(total)
        runs = runs[..., :-width, :] + runs[..., width:, :]
        width *= 2


def standard_deviation(count: Float | float, total: Float, squares: Float) -> Float:
    """Return the population standard deviation from sums; 0 where the count is 0."""
    number = np.maximum(count, 1.0)
    mean_square, mean = squares / number, total / number
    variance = mean_square - np.square(mean, out=mean)
    mean_square *= ROUND_OFF
    # for equal values the result must be 0, and not the square root of a round-off error
    variance *= variance > mean_square
    return np.sqrt(variance, out=variance)


@dataclass(frozen=True)
class WindowSums:
    """Box sums of one lifted direction field, for both signs, by window origin (h, w).

    Attributes:
        window: side of the windows, px.
        count: number of mask pixels, float64 (h, w).
        total: sum of the field, float64 (2, h, w).
        squares: sum of its squares, float64 (2, h, w).
    """

    window: int
    count: Float
    total: Float
    squares: Float

    @staticmethod
    def from_field(field: Float, mask: NDArray[np.bool_], window: int) -> WindowSums:
        """Return the box sums of a lifted field (2, H, W) with its mask (H, W)."""
        sums = box_sum(np.concatenate([mask[None].astype(np.float64), field, field**2]), window)
        return WindowSums(window, sums[0], sums[1:3], sums[3:5])

    def cut(self, where: tuple[slice, slice]) -> WindowSums:
        """Return the sums of a rectangle of window origins."""
        rows, columns = where
        return WindowSums(
            self.window,
            self.count[rows, columns],
            self.total[:, rows, columns],
            self.squares[:, rows, columns],
        )

    @functools.cached_property
    def over_window(self) -> Float:
        """The deviation over all pixels of each window, also those with the sentinel; (2, h, w)."""
        return standard_deviation(self.window**2, self.total, self.squares)  # Eq. (4)

    @functools.cached_property
    def over_mask(self) -> Float:
        """The deviation over the mask pixels of each window; (2, h, w)."""
        return standard_deviation(self.count, self.total, self.squares)

    def over_both_masks(self, other: WindowSums) -> Float:
        """Return the deviation over the mask pixels of both fields together; (2, h, w)."""
        return standard_deviation(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )


def over_difference(field: Float, other: Float, window: int) -> Float:
    """Return the deviation of the difference of two lifted fields (2, H, W) in each window."""
    difference = field - other
    sums = box_sum(np.concatenate([difference, difference**2]), window)
    return standard_deviation(window**2, sums[:2], sums[2:])
