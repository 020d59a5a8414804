"""How many other objects of an image each object overlaps and touches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.masks.windows import MaskWindow

Ints = NDArray[np.int64]


class Neighbours(NamedTuple):
    """The other objects beside each of N objects of one image, of any class; int64 (N,) each.

    Attributes:
        overlapped: how many share a pixel with it.
        touched: how many share none, but lie in one of the eight pixels around one of its pixels.
        overlap_area: number of its pixels that belong to another object too.
    """

    overlapped: Ints
    touched: Ints
    overlap_area: Ints


def neighbours_of(windows: list[MaskWindow]) -> Neighbours:
    """Count the neighbours of the N objects of one image."""
    overlapped, touched = (np.zeros(len(windows), dtype=np.int64) for _ in range(2))
    twice = [np.zeros_like(window.mask) for window in windows]
    grown = [window.grown(1) for window in windows]
    for i, j in _near(windows):
        if (shared := _shared(windows[i], windows[j])) is not None:
            twice[i][shared[0]] |= shared[2]
            twice[j][shared[1]] |= shared[2]
            overlapped[[i, j]] += 1
        elif _shared(grown[i], windows[j]) is not None:
            touched[[i, j]] += 1
    areas = np.array([mask.sum() for mask in twice], dtype=np.int64)
    return Neighbours(overlapped, touched, areas)


def _near(windows: list[MaskWindow]) -> list[tuple[int, int]]:
    """Return the pairs of objects whose boxes overlap or touch, the smaller index first."""
    begin = np.array([(w.x, w.y) for w in windows]).reshape(-1, 2)
    end = begin + np.array([w.mask.shape[::-1] for w in windows]).reshape(-1, 2)
    pairs: list[tuple[int, int]] = []
    for i in range(len(windows)):
        meets = (begin[i + 1 :] <= end[i]) & (begin[i] <= end[i + 1 :])
        pairs += [(i, i + 1 + int(k)) for k in np.flatnonzero(meets.all(axis=1))]
    return pairs


def _shared(
    a: MaskWindow, b: MaskWindow
) -> tuple[tuple[slice, slice], tuple[slice, slice], NDArray[np.bool_]] | None:
    """Return a box in both windows and its pixels that belong to both masks; None for no pixel."""
    y, x = max(a.y, b.y), max(a.x, b.x)
    bottom = min(a.place[0].stop, b.place[0].stop)
    right = min(a.place[1].stop, b.place[1].stop)
    if y >= bottom or x >= right:
        return None
    in_a, in_b = ((slice(y - w.y, bottom - w.y), slice(x - w.x, right - w.x)) for w in (a, b))
    both = a.mask[in_a] & b.mask[in_b]
    return (in_a, in_b, both) if both.any() else None
