"""Contact between the objects of one image: the kinds of contact, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.masks.windows import MaskWindow, overlap_of

Ints = NDArray[np.int64]
_Box = tuple[slice, slice]

LIGHT, MEDIUM = 0.1, 0.3
"""Largest share of an object's pixels that belong to others too, for light and medium overlap."""
PIECE = 0.05
"""Smallest share of an object's pixels that counts as a piece of it."""


class Contact(StrEnum):
    """The kinds of contact of an object, the strongest last. An object has the strongest that fits.

    isolated: it neither overlaps nor touches another object. touching: it shares no pixel, but one
    of the eight pixels around one of its pixels belongs to another object. light, medium and heavy
    overlap: up to :data:`LIGHT`, up to :data:`MEDIUM` or more of its pixels belong to others too.
    crossing: it and another object cut each other into pieces, of which each has at least
    :data:`PIECE` of its pixels.
    """

    isolated = "isolated"
    touching = "touching"
    light = "light overlap"
    medium = "medium overlap"
    heavy = "heavy overlap"
    crossing = "crossing"


@dataclass(frozen=True)
class Contacts:
    """Contact between N objects of one image.

    Attributes:
        windows: the N masks.
        areas: int64 (N,), px.
        pairs: int64 (P, 2), the objects of each pair that overlaps or touches, in rising order.
        shared: int64 (P,), number of pixels that both have; 0 if they only touch.
        shared_areas: int64 (N,), number of pixels that belong to another object too.
        shared_masks: these pixels of each object, bool, in its window.
    """

    windows: list[MaskWindow]
    areas: Ints
    pairs: Ints
    shared: Ints
    shared_areas: Ints
    shared_masks: list[NDArray[np.bool_]]

    @property
    def overlapped(self) -> Ints:
        """Number of objects that share a pixel with each object, int64 (N,)."""
        return self._count(self.shared > 0)

    @property
    def touched(self) -> Ints:
        """Number of objects that only touch each object, int64 (N,)."""
        return self._count(self.shared == 0)

    @property
    def ratios(self) -> NDArray[np.float64]:
        """Intersection over the smaller area of each pair that shares a pixel, float64."""
        some = self.shared > 0
        return np.asarray(self.shared[some] / self.areas[self.pairs[some]].min(axis=1))

    def kinds(self) -> list[Contact]:
        """Return the kind of each object."""
        shares = self.shared_areas / np.maximum(self.areas, 1)
        conditions = {
            Contact.crossing: self._crossing(),
            Contact.heavy: shares > MEDIUM,
            Contact.medium: shares > LIGHT,
            Contact.light: shares > 0,
            Contact.touching: self.touched > 0,
        }
        columns = [column.tolist() for column in conditions.values()]
        strongest_first = [*conditions, Contact.isolated]
        return [strongest_first[(*holds, True).index(True)] for holds in zip(*columns, strict=True)]

    def _crossing(self) -> NDArray[np.bool_]:
        crossing = np.zeros(len(self.windows), dtype=bool)
        for i, j in self.pairs[self.shared > 0].tolist():
            if not (crossing[i] and crossing[j]):
                crossing[[i, j]] |= _cross(self.windows[i], self.windows[j])
        return crossing

    def _count(self, chosen: NDArray[np.bool_]) -> Ints:
        counts = np.bincount(self.pairs[chosen].ravel(), minlength=len(self.areas))
        return np.asarray(counts, dtype=np.int64)


def contacts_of(windows: list[MaskWindow]) -> Contacts:
    """Find the contacts between the N objects of one image, of any class."""
    found: list[tuple[int, int, int]] = []
    twice = [np.zeros_like(window.mask) for window in windows]
    grown: dict[int, MaskWindow] = {}
    for i, j in _near(windows):
        if (shared := overlap_of(windows[i], windows[j])) is not None:
            in_i, in_j, both = shared
            twice[i][in_i] |= both
            twice[j][in_j] |= both
            found.append((i, j, int(both.sum())))
            continue
        if i not in grown:
            grown[i] = windows[i].grown(1)
        if overlap_of(grown[i], windows[j]) is not None:
            found.append((i, j, 0))
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    areas, doubled = (
        np.array([mask.sum() for mask in masks], dtype=np.int64)
        for masks in ([window.mask for window in windows], twice)
    )
    return Contacts(windows, areas, table[:, :2], table[:, 2], doubled, twice)


def _near(windows: list[MaskWindow]) -> list[tuple[int, int]]:
    """Return the pairs of objects whose boxes overlap or touch, the smaller index first."""
    begin = np.array([(w.x, w.y) for w in windows]).reshape(-1, 2)
    end = begin + np.array([w.mask.shape[::-1] for w in windows]).reshape(-1, 2)
    pairs: list[tuple[int, int]] = []
    for i in range(len(windows)):
        meets = (begin[i + 1 :] <= end[i]) & (begin[i] <= end[i + 1 :])
        pairs += [(i, i + 1 + int(k)) for k in np.flatnonzero(meets.all(axis=1))]
    return pairs


def _cross(a: MaskWindow, b: MaskWindow) -> bool:
    """Return whether each of two masks that overlap has more pieces without the shared pixels."""
    shared = overlap_of(a, b)
    if shared is None:
        return False
    in_a, in_b, both = shared
    return _is_cut(a.mask, in_a, both) and _is_cut(b.mask, in_b, both)


def _is_cut(mask: NDArray[np.bool_], place: _Box, both: NDArray[np.bool_]) -> bool:
    rest = mask.copy()
    rest[place] &= ~both
    least = PIECE * mask.sum()
    return _pieces(rest, least) > _pieces(mask, least)


def _pieces(mask: NDArray[np.bool_], least: float) -> int:
    """Return the number of pieces, connected by 8 neighbours, of at least ``least`` pixels."""
    labels, _ = scipy.ndimage.label(mask, np.ones((3, 3)))
    return int((np.bincount(labels.ravel())[1:] >= least).sum())
