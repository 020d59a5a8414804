"""Contact between the objects of images: the kinds of contact, and how they are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gains.masks.columns import ColumnRuns, Ints, meeting_runs, spread
from gains.masks.pieces import crossing_pairs
from gains.masks.rle import Rle

LIGHT, MEDIUM = 0.1, 0.3
"""Largest share of an object's pixels that belong to others too, for light and medium overlap."""
BATCH = 2000
"""Number of objects whose contacts are found in one pass, which bounds the memory."""


class Contact(StrEnum):
    """The kinds of contact of an object, the strongest last. An object has the strongest that fits.

    isolated: it neither overlaps nor touches another object. touching: it shares no pixel, but one
    of the eight pixels around one of its pixels belongs to another object. light, medium and heavy
    overlap: up to :data:`LIGHT`, up to :data:`MEDIUM` or more of its pixels belong to others too.
    crossing: it and another object cut each other into pieces, of which each has at least
    :data:`gains.masks.pieces.PIECE` of its pixels.
    """

    isolated = "isolated"
    touching = "touching"
    light = "light overlap"
    medium = "medium overlap"
    heavy = "heavy overlap"
    crossing = "crossing"


KINDS = tuple(Contact)


@dataclass(frozen=True)
class Contacts:
    """Contact between the N objects of some images.

    Attributes:
        areas: int64 (N,), px.
        pairs: int64 (P, 2), the objects of each pair that overlaps or touches, in rising order.
        shared: int64 (P,), number of pixels that both have; 0 if they only touch.
        doubled: the pixels of each object that belong to another object too.
        crossing: bool (N,), whether each object and another one cut each other.
    """

    areas: Ints
    pairs: Ints
    shared: Ints
    doubled: ColumnRuns
    crossing: NDArray[np.bool_]

    @property
    def shared_areas(self) -> Ints:
        """Number of pixels of each object that belong to another one too, int64 (N,)."""
        return self.doubled.areas

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

    @property
    def kinds(self) -> Ints:
        """Kind of each object as an index of :data:`KINDS`, int64 (N,)."""
        shares = self.shared_areas / np.maximum(self.areas, 1)
        conditions = {
            Contact.crossing: self.crossing,
            Contact.heavy: shares > MEDIUM,
            Contact.medium: shares > LIGHT,
            Contact.light: shares > 0,
            Contact.touching: self.touched > 0,
        }
        numbers = [KINDS.index(kind) for kind in conditions]
        return np.asarray(np.select(list(conditions.values()), numbers, 0), dtype=np.int64)

    def _count(self, chosen: NDArray[np.bool_]) -> Ints:
        counts = np.bincount(self.pairs[chosen].ravel(), minlength=len(self.areas))
        return np.asarray(counts, dtype=np.int64)


def contacts_of(masks: Sequence[Rle], images: Ints | None = None) -> Contacts:
    """Find the contacts between the objects of images.

    Args:
        masks: the N objects.
        images: int64 (N,), the image of each, in rising order; None: all are in one.

    Raises:
        ValueError: the code of a mask is damaged.
    """
    runs = ColumnRuns.of_masks(masks)
    pairs = _near(runs, np.zeros(len(masks), dtype=np.int64) if images is None else images)
    pair, a, b = meeting_runs(runs, runs, pairs)
    start = np.maximum(runs.start[a], runs.start[b])
    end = np.minimum(runs.end[a], runs.end[b])
    some = np.flatnonzero(start < end)
    pair, a, b, start, end = (values[some] for values in (pair, a, b, start, end))
    shared = np.bincount(pair, end - start, len(pairs)).astype(np.int64)
    doubled = _united(
        runs, *(np.concatenate(both) for both in ((a, b), (start, start), (end, end)))
    )
    crossing = np.zeros(len(masks), dtype=bool)
    crossing[pairs[crossing_pairs(runs, pairs, shared, (pair, a, b, start, end))]] = True
    kept = shared > 0
    kept[~kept] = _touching(runs, pairs[~kept])
    return Contacts(runs.areas, pairs[kept], shared[kept], doubled, crossing)


def in_batches(counts: Sequence[int]) -> Iterator[slice]:
    """Yield adjacent parts of images, each of about :data:`BATCH` objects.

    Args:
        counts: number of objects of each image.
    """
    batch = np.cumsum(counts) // BATCH
    borders = [0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), len(counts)]
    yield from (slice(a, b) for a, b in zip(borders, borders[1:], strict=False) if a < b)


def _near(runs: ColumnRuns, images: Ints) -> Ints:
    """Return the pairs of objects whose boxes overlap or touch, the smaller index first."""
    top, bottom = runs.rows()
    filled = np.flatnonzero(runs.right)
    place = images[filled] * (runs.right.max(initial=0) + 2)
    left = place + runs.left[filled]
    order = np.argsort(left, kind="stable")
    behind = np.searchsorted(left[order], (place + runs.right[filled])[order], side="right")
    item, step = spread(behind - np.arange(len(order)) - 1)
    i, j = filled[order[item]], filled[order[item + step + 1]]
    meets = (top[i] <= bottom[j]) & (top[j] <= bottom[i])
    pairs = np.sort(np.column_stack([i, j])[meets], axis=1)
    return np.asarray(pairs[np.lexsort(pairs.T[::-1])])


def _touching(runs: ColumnRuns, pairs: Ints) -> NDArray[np.bool_]:
    """Return which pairs, which share no pixel, have a pixel beside one of the other."""
    touching = np.zeros(len(pairs), dtype=bool)
    for shift in (-1, 0, 1):
        pair, a, b = meeting_runs(runs, runs, pairs, shift)
        beside = (runs.start[a] <= runs.end[b]) & (runs.start[b] <= runs.end[a])
        touching[pair[beside]] = True
    return touching


def _united(runs: ColumnRuns, of: Ints, start: Ints, end: Ints) -> ColumnRuns:
    """Return parts of runs, which may overlap, as runs of the same masks.

    Args:
        runs: the runs.
        of: int64 (K,), the run of each part.
        start: int64 (K,), first row of each part.
        end: int64 (K,), the row behind it.
    """
    # one row lies between runs, so that those of neighbouring columns are not joined
    height = int(runs.end.max(initial=0)) + 1
    starts, ends = (np.sort(of * height + rows, kind="stable") for rows in (start, end))
    apart = starts[1:] > ends[:-1]
    opens, closes = (np.insert(apart, k, True)[: len(of)] for k in (0, len(apart)))
    of, start = np.divmod(starts[opens], height)
    end = ends[closes] - of * height
    return ColumnRuns.of(runs.mask[of], runs.column[of], start, end, len(runs.left))
