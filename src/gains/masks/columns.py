"""Many masks, of one image or several, as runs of pixels that each lie in one column.

Masks are compared run by run, all pairs of masks at once, so that no pixel of an image is decoded.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.masks.rle import Rle

Ints = NDArray[np.int64]

_DAMAGED = "segmentation: RLE counts are damaged"


@dataclass(frozen=True)
class ColumnRuns:
    """N masks as R runs of pixels, sorted by mask, column and row.

    Attributes:
        mask: int64 (R,), the mask of each run.
        column: int64 (R,), its column in the image.
        start: int64 (R,), the row of its first pixel.
        end: int64 (R,), the row behind its last pixel.
        begin: int64 (N + 1,), index of the first run of each mask, and R.
        left: int64 (N,), first column of the box of each mask; 0 for an empty mask.
        right: int64 (N,), the column behind the box; 0 for an empty mask.
        base: int64 (N,), index of the left column of each mask in ``first``.
        first: int64 (C + 1,), index of the first run in each of the C columns of all boxes, and R.
    """

    mask: Ints
    column: Ints
    start: Ints
    end: Ints
    begin: Ints
    left: Ints
    right: Ints
    base: Ints
    first: Ints

    @classmethod
    def of(cls, mask: Ints, column: Ints, start: Ints, end: Ints, count: int) -> ColumnRuns:
        """Make the index of runs that are sorted by mask, column and row."""
        begin = _borders(np.bincount(mask, minlength=count))
        left, right = np.zeros((2, count), dtype=np.int64)
        some = np.flatnonzero(np.diff(begin))
        left[some] = column[begin[some]]
        right[some] = column[begin[some + 1] - 1] + 1
        borders = _borders(right - left)
        cell = borders[mask] + column - left[mask]
        first = _borders(np.bincount(cell, minlength=int(borders[-1])))
        return cls(mask, column, start, end, begin, left, right, borders[:-1], first)

    @classmethod
    def of_masks(cls, masks: Sequence[Rle]) -> ColumnRuns:
        """Read compressed RLEs with ``counts`` as ``str``.

        Raises:
            ValueError: the code of a mask does not fill its image.
        """
        height = np.array([rle["size"][0] for rle in masks], dtype=np.int64)
        owner, start, end = _inside(masks)
        rows = height[owner]
        leftmost = start // rows
        run, place = spread((end - 1) // rows - leftmost + 1)
        column, owner, rows = leftmost[run] + place, owner[run], rows[run]
        top = column * rows
        start, end = np.maximum(start[run] - top, 0), np.minimum(end[run] - top, rows)
        return cls.of(owner, column, start, end, len(masks))

    @functools.cached_property
    def areas(self) -> Ints:
        """Areas of the masks, px, int64 (N,)."""
        sums = np.concatenate([[0], np.cumsum(self.end - self.start)])
        return np.asarray(np.diff(sums[self.begin]))

    def rows(self) -> tuple[Ints, Ints]:
        """Return the first row of the box of each mask and the row behind it; 0 without pixels."""
        some = np.flatnonzero(np.diff(self.begin))
        top, bottom = np.zeros((2, len(self.left)), dtype=np.int64)
        if some.size:
            top[some] = np.minimum.reduceat(self.start, self.begin[some])
            bottom[some] = np.maximum.reduceat(self.end, self.begin[some])
        return top, bottom


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Return the item and the place within its item, from 0 up, of each of ``counts`` things."""
    item = np.repeat(np.arange(len(counts)), counts)
    return item, np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)


def meeting_runs(
    first: ColumnRuns, second: ColumnRuns, pairs: Ints, shift: int = 0
) -> tuple[Ints, Ints, Ints]:
    """Return every two runs of the masks of a pair that lie in the same column.

    Args:
        first: masks.
        second: masks.
        pairs: int64 (P, 2), a mask of the first and one of the second of the same image.
        shift: number of columns that a run of the second may lie to the right.

    Returns:
        The pair, the run of the first and the run of the second, int64 (M,) each.
    """
    a, b = pairs.T
    low = np.maximum(first.left[a], second.left[b] - shift)
    high = np.minimum(first.right[a], second.right[b] - shift)
    pair, place = spread(np.maximum(high - low, 0))
    cells = (
        (first.base[a] + low - first.left[a])[pair] + place,
        (second.base[b] + low + shift - second.left[b])[pair] + place,
    )
    (run_a, count_a), (run_b, count_b) = (
        (runs.first[cell], runs.first[cell + 1] - runs.first[cell])
        for runs, cell in zip((first, second), cells, strict=True)
    )
    item, place = spread(count_a * count_b)
    return pair[item], run_a[item] + place // count_b[item], run_b[item] + place % count_b[item]


def common_pixels(first: ColumnRuns, second: ColumnRuns, pairs: Ints) -> Ints:
    """Return the number of pixels that both masks of each pair have; see :func:`meeting_runs`."""
    pair, a, b = meeting_runs(first, second, pairs)
    ends = np.minimum(first.end[a], second.end[b])
    pixels = np.maximum(ends - np.maximum(first.start[a], second.start[b]), 0)
    return np.bincount(pair, pixels, len(pairs)).astype(np.int64)


def _borders(counts: Ints) -> Ints:
    """Return the sums of the counts before each item, and of all."""
    return np.concatenate([[0], np.cumsum(counts)])


def _inside(masks: Sequence[Rle]) -> tuple[Ints, Ints, Ints]:
    """Return owner, start and end of the runs of pixels of all masks, in order of columns."""
    runs, numbers = _decoded([rle["counts"] for rle in masks])
    borders = _borders(runs)
    last = np.cumsum(numbers)
    origin = borders[last - numbers]
    if (borders[last] - origin != [math.prod(rle["size"]) for rle in masks]).any():
        raise ValueError(_DAMAGED)
    owner, place = spread(numbers)
    kept = np.flatnonzero((place & 1 == 1) & (runs > 0))
    owner = owner[kept]
    start = borders[kept] - origin[owner]
    end = start + runs[kept]
    # a run of no pixel between two others separates nothing
    joined = (owner[1:] == owner[:-1]) & (start[1:] == end[:-1])
    opens, closes = (np.insert(~joined, k, True)[: len(kept)] for k in (0, len(joined)))
    return owner[opens], start[opens], end[closes]


def _decoded(codes: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the runs of all codes, and how many each has.

    :mod:`gains.masks.checks` describes the code. Most numbers are one character, so the other
    characters are added to the few numbers that have them.
    """
    characters = np.frombuffer("".join(codes).encode(), dtype=np.uint8) - np.uint8(48)
    more = characters > 31
    ends = np.cumsum([len(code) for code in codes], dtype=np.int64)
    if not all(codes) or more[ends - 1].any():
        raise ValueError(_DAMAGED)
    numbers = ((characters[~more] & 31) ^ 16).astype(np.int64) - 16
    early = np.flatnonzero(more)
    number = early - np.arange(len(early))
    begin = np.flatnonzero(np.diff(number, prepend=-1))
    if begin.size:
        counts = np.diff(begin, append=len(early))
        bits = (characters[early] & 31).astype(np.int64) << 5 * spread(counts)[1]
        long = number[begin]
        numbers[long] = (numbers[long] << 5 * counts) + np.add.reduceat(bits, begin)
    return _summed(numbers, np.diff(ends - np.searchsorted(early, ends), prepend=0))


def _summed(numbers: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Add to each number from the fourth of a code on the result two places before."""
    ends = np.cumsum(counts)
    begin = ends - counts
    sums = numbers.copy()
    for parity in (0, 1):
        # all codes are summed as one; the second and the third number begin the sums of a code
        chain = _borders(numbers[parity::2])
        first, behind = ((borders + 1 - parity) // 2 for borders in (begin, ends))
        before = chain[first + (begin % 2 == parity)]
        sums[parity::2] = chain[1:] - np.repeat(before, behind - first)
    sums[begin] = numbers[begin]
    return sums, counts
