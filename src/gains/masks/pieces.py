"""Pieces into which one mask cuts another, for all pairs of masks at once."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.masks.columns import ColumnRuns, Ints, spread

PIECE = 0.05
"""Smallest share of an object's pixels that counts as a piece of it."""

Overlaps = tuple[Ints, Ints, Ints, Ints, Ints]
"""What masks share, as M runs: the pair, the run of each of its masks, first row and last row + 1,
int64 (M,) each."""


def crossing_pairs(
    runs: ColumnRuns, pairs: Ints, shared: Ints, overlaps: Overlaps
) -> NDArray[np.bool_]:
    """Return which pairs of masks cut each other into more pieces than each has alone.

    Args:
        runs: the masks.
        pairs: int64 (P, 2), the masks of each pair.
        shared: int64 (P,), number of pixels that both have.
        overlaps: these pixels.

    Returns:
        bool (P,).
    """
    areas = runs.areas[pairs]
    # two pieces need pixels that are not shared
    enough = (areas - shared[:, None] >= 2 * PIECE * areas).all(axis=1)
    left = np.flatnonzero((shared > 0) & enough)
    pair, *of, start, end = overlaps
    for side in (0, 1):
        position = np.full(len(pairs), -1, dtype=np.int64)
        position[left] = np.arange(len(left))
        some = np.flatnonzero(position[pair] >= 0)
        removed = position[pair[some]], of[side][some], start[some], end[some]
        masks = pairs[left, side]
        after = _number_of_pieces(runs, masks, removed)
        several = np.flatnonzero(after > 1)
        before = _number_of_pieces(runs, masks[several], _NOTHING)
        left = left[several[after[several] > before]]
    crossing = np.zeros(len(pairs), dtype=bool)
    crossing[left] = True
    return crossing


_Removed = tuple[Ints, Ints, Ints, Ints]
_NOTHING: _Removed = (np.zeros(0, dtype=np.int64),) * 4


def _number_of_pieces(runs: ColumnRuns, masks: Ints, removed: _Removed) -> Ints:
    """Return the number of pieces, connected by 8 neighbours, of masks without some pixels.

    Pieces below :data:`PIECE` do not count, but where none counts, the number may be 1.

    Args:
        runs: runs of all masks.
        masks: int64 (K,), indices of masks; one may appear more than once.
        removed: what is left out, in order: the item of ``masks``, the run, first row and last
            row + 1.
    """
    # one empty row and column lie between columns and between items
    height, width = (int(ends.max(initial=0)) + 1 for ends in (runs.end, runs.right))
    begin, behind = _near_the_removed(runs, masks, removed)
    start, end = _without(runs, begin, behind, removed, height, width)
    owner, pixels = start // (height * width), end - start
    sums = np.append(0, np.cumsum(runs.end - runs.start))
    pixels += _at_first(owner, sums[begin] - sums[runs.begin[masks]])
    pixels += _at_first(owner[::-1], sums[runs.begin[masks + 1]] - sums[behind])[::-1]
    low = np.searchsorted(end, start + height, side="left")
    high = np.searchsorted(start, end + height, side="right")
    node, place = spread(np.maximum(high - low, 0))
    beside = low[node] + place
    several = np.ones(len(masks), dtype=bool)
    for known in (node, beside):
        # a piece has a run without a run to its right, and one without a run to its left
        alone = np.ones(len(start), dtype=bool)
        alone[known] = False
        several &= np.bincount(owner[alone], minlength=len(masks)) > 1
    chosen = several[owner]
    number = np.cumsum(chosen) - 1
    edges = np.flatnonzero(chosen[node])
    piece = _components(int(chosen.sum()), number[node[edges]], number[beside[edges]])
    of_piece = np.zeros(piece.max(initial=-1) + 1, dtype=np.int64)
    of_piece[piece] = owner[chosen]
    large = np.bincount(piece, pixels[chosen]) >= PIECE * runs.areas[masks[of_piece]]
    counts = np.bincount(of_piece[large], minlength=len(masks))
    return np.asarray(np.where(several, counts, 1))


def _near_the_removed(runs: ColumnRuns, masks: Ints, removed: _Removed) -> tuple[Ints, Ints]:
    """Return the first run of each item and the run behind the last that its pieces depend on.

    Most masks have one run in each column, beside that of the next one. Then the runs far from
    what is left out only add their pixels to the nearest run.
    """
    begin, behind = runs.begin[masks], runs.begin[masks + 1]
    follows = (
        (np.diff(runs.column) == 1)
        & (runs.start[1:] <= runs.end[:-1])
        & (runs.start[:-1] <= runs.end[1:])
    )
    breaks = np.flatnonzero(~follows & (np.diff(runs.mask) == 0))
    plain = np.bincount(runs.mask[breaks], minlength=len(runs.left)) == 0
    first, last = (
        np.flatnonzero(np.diff(removed[0], **{end: -1})) for end in ("prepend", "append")
    )
    kept = plain[masks[removed[0][first]]]
    first, last = first[kept], last[kept]
    items = removed[0][first]
    begin[items] = np.maximum(begin[items], removed[1][first] - 1)
    behind[items] = np.minimum(behind[items], removed[1][last] + 2)
    return begin, behind


def _at_first(owner: Ints, pixels: Ints) -> Ints:
    """Return the pixels of each item at its first run, and 0 at the others."""
    result = np.zeros(len(owner), dtype=np.int64)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    result[first] = pixels[owner[first]]
    return result


def _without(
    runs: ColumnRuns, begin: Ints, behind: Ints, removed: _Removed, height: int, width: int
) -> tuple[Ints, Ints]:
    """Return start and end of the runs of each item without the removed pixels, in order.

    The place of a pixel is its row, plus ``height`` for each column, plus ``height * width`` for
    each item.
    """
    item, place = spread(behind - begin)
    run = begin[item] + place
    slot = (item * width + runs.column[run]) * height
    item, of, first, after = removed
    removed_slot = (item * width + runs.column[of]) * height
    # both parts are almost in order, which a stable sort uses
    start, end = (
        np.sort(np.append(slot + rows[run], removed_slot + other), kind="stable")
        for rows, other in ((runs.start, after), (runs.end, first))
    )
    some = start < end
    return start[some], end[some]


def _components(nodes: int, first: Ints, second: Ints) -> Ints:
    """Return the number of the connected component of each node, int64 (nodes,)."""
    if not nodes:
        return np.zeros(0, dtype=np.int64)
    ones = np.ones(len(first), dtype=bool)
    graph = scipy.sparse.coo_array((ones, (first, second)), (nodes, nodes))
    return np.asarray(scipy.sparse.csgraph.connected_components(graph, directed=False)[1])
