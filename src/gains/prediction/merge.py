"""The objects of an image from those of its tiles: each object once, and whole.

1. Detections of different tiles are the same object if they have one class and their masks agree
   (IoU of at least one half) inside the window that both tiles share. The best agreement comes
   first, and an object has at most one detection from each tile, so that objects which overlap in
   one tile are never joined.
2. Every object has a judge: the tile in which it lies deepest. What the judge did not find is left
   out: it is the remainder of an object at the border of a tile, or a mistake. So each place is
   judged once, as in an image that is predicted whole, however many tiles show it.
3. The mask is that of the tile in which the object lies deepest. If the object is cut there too,
   because it is larger than the overlap of the tiles, the masks of all its tiles are united.

The result does not depend on the order in which the tiles were predicted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.instances import Instances
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle
from gains.masks.windows import MaskWindow, shared_pixels, united, window_of
from gains.prediction.tiling import Tiling, Window

AGREEMENT = 0.5
"""Smallest IoU, in the window that two tiles share, of two masks of one object."""


class Merged(NamedTuple):
    """The objects of an image in tiles.

    Attributes:
        instances: best first.
        cut: number of them that lie whole in no tile.
    """

    instances: Instances
    cut: int


def merge_tiles(tiling: Tiling, found: Sequence[Instances]) -> Merged:
    """Return the objects of an image.

    Args:
        tiling: the tiles.
        found: the detections in each tile, in the order of ``tiling.windows``, in px of the tile;
            those without a pixel are left out.
    """
    pieces = _Pieces.of(tiling, found)
    groups = _groups(pieces, _pairs(pieces))
    kept: list[_Object] = []
    for group in groups:
        depths = pieces.depth[group]
        own = pieces.judge[group] == pieces.tile[group]
        best = group[np.lexsort((group, -depths, ~own))[0]]
        if pieces.judge[best] in pieces.tile[group]:
            parts = group if pieces.depth[best] < tiling.edge else np.array([best])
            kept.append(pieces.joined(int(best), parts))
    return _result(tiling, kept)


class _Object(NamedTuple):
    """One object: its mask, class, score and box, its further values, and whether it is cut."""

    mask: Rle
    category: int
    score: float
    box: NDArray[np.float64]
    extra: Mapping[str, float]
    cut: bool


@dataclass(frozen=True)
class _Pieces:
    """The detections of all tiles, tile by tile, best first in each.

    Attributes:
        tiling: the tiles.
        found: the detections in each tile.
        tile: index of the tile of each detection, int64 (N,).
        index: index of each detection among those of its tile, int64 (N,).
        category: class of each, int64 (N,).
        box: box of each mask in the image, int64 (N, 4), left, top, right, bottom.
        depth: distance of the box from the nearest border of its tile that is not one of the
            image, px, float64 (N,); infinite if there is none.
        judge: index of the tile in which the box lies deepest, int64 (N,).
    """

    tiling: Tiling
    found: Sequence[Instances]
    tile: NDArray[np.int64]
    index: NDArray[np.int64]
    category: NDArray[np.int64]
    box: NDArray[np.int64]
    depth: NDArray[np.float64]
    judge: NDArray[np.int64]

    @staticmethod
    def of(tiling: Tiling, found: Sequence[Instances]) -> _Pieces:
        windows = tiling.windows
        tile = np.concatenate([np.full(len(f), k) for k, f in enumerate(found)]).astype(np.int64)
        index = np.concatenate([np.arange(len(f)) for f in found]).astype(np.int64)
        category = np.concatenate([f.categories for f in found])
        begin = np.array([(w.left, w.top) * 2 for w in windows], dtype=np.int64)
        own = np.concatenate([_mask_boxes(f) for f in found])
        some = (own[:, 2:] > own[:, :2]).all(axis=1)
        tile, index, category, own = tile[some], index[some], category[some], own[some]
        box = own + begin[tile]
        across = _depths(box[:, 0], box[:, 2], tiling.columns)
        down = _depths(box[:, 1], box[:, 3], tiling.rows)
        columns = len(tiling.columns)
        every = np.arange(len(tile))
        depth = np.minimum(across[every, tile % columns], down[every, tile // columns])
        judge = down.argmax(axis=1) * columns + across.argmax(axis=1)
        return _Pieces(tiling, found, tile, index, category, box, depth, judge)

    def window(self, piece: int) -> MaskWindow:
        """Return the mask of a detection in the image."""
        window = self.tiling.windows[self.tile[piece]]
        x, y, mask = window_of(self.found[self.tile[piece]].masks[self.index[piece]])
        return MaskWindow(x + window.left, y + window.top, mask)

    def joined(self, best: int, parts: NDArray[np.int64]) -> _Object:
        """Return the object that ``best`` stands for, with the mask of all its parts."""
        of, at = self.found[self.tile[best]], int(self.index[best])
        window = self.tiling.windows[self.tile[best]]
        box = of.boxes[at] + np.array([window.left, window.top] * 2)
        mask = united([self.window(int(part)) for part in parts])
        if len(parts) > 1:
            (rows, columns) = mask.place
            box = np.array([columns.start, rows.start, columns.stop, rows.stop], dtype=np.float64)
        cut = bool(self.depth[best] < self.tiling.edge)
        extra = {name: values[at] for name, values in of.extra.items()}
        (code,) = encode_crops(mask.mask.T[None], np.array([[mask.x, mask.y]]), self.tiling.image)
        return _Object(code, int(self.category[best]), float(of.scores[at]), box, extra, cut)


def _mask_boxes(found: Instances) -> NDArray[np.int64]:
    boxes = Instances.from_rles(found.height, found.width, found.masks, found.categories).boxes
    return boxes.astype(np.int64)


def _depths(
    begin: NDArray[np.int64], end: NDArray[np.int64], places: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """Return how deep N intervals lie in each of K tiles along one axis, float64 (N, K).

    A border of the image is infinitely far.
    """
    first = np.array([-np.inf, *(a for a, _ in places[1:])])
    last = np.array([*(b for _, b in places[:-1]), np.inf])
    return np.asarray(np.minimum(begin[:, None] - first, last - end[:, None]))


class _Pair(NamedTuple):
    agreement: float
    a: int
    b: int


def _pairs(pieces: _Pieces) -> list[_Pair]:
    """Return the pairs of detections that may be one object, the best agreement first."""
    of_tile: dict[int, list[int]] = defaultdict(list)
    for piece, tile in enumerate(pieces.tile.tolist()):
        of_tile[tile].append(piece)
    windows = pieces.tiling.windows
    found: list[_Pair] = []
    for i, j, shared in _neighbours(windows, sorted(of_tile)):
        first = _reaching(pieces, of_tile[i], shared)
        second = _reaching(pieces, of_tile[j], shared)
        for a, b in ((a, b) for a in first for b in second):
            if pieces.category[a] == pieces.category[b] and _may_agree(pieces, a, b, windows):
                agreement = _agreement(first[a], second[b])
                if agreement >= AGREEMENT:
                    found.append(_Pair(agreement, a, b))
    return sorted(found, key=lambda pair: (-pair.agreement, pair.a, pair.b))


def _neighbours(
    windows: Sequence[Window], tiles: Sequence[int]
) -> Iterator[tuple[int, int, Window]]:
    """Yield the pairs of tiles that share a window, with the window."""
    every = np.array(windows)
    for place, i in enumerate(tiles):
        later = np.array(tiles[place + 1 :], dtype=np.int64)
        begin = np.maximum(every[i, :2], every[later, :2])
        end = np.minimum(every[i, 2:], every[later, 2:])
        for k in np.flatnonzero((begin < end).all(axis=1)):
            yield i, int(later[k]), Window(*begin[k].tolist(), *end[k].tolist())


def _reaching(pieces: _Pieces, chosen: list[int], shared: Window) -> dict[int, MaskWindow]:
    """Return the masks of detections inside a window, for those that have a pixel in it."""
    box = pieces.box[chosen]
    meets = (box[:, :2] < [shared.right, shared.bottom]) & ([shared.left, shared.top] < box[:, 2:])
    near = np.array(chosen)[meets.all(axis=1)].tolist()
    inside = {piece: pieces.window(piece).inside(*shared) for piece in near}
    return {piece: mask for piece, mask in inside.items() if mask.mask.any()}


def _may_agree(pieces: _Pieces, a: int, b: int, windows: Sequence[Window]) -> bool:
    """Return whether each is cut in its tile where the other one reaches beyond that tile."""
    edge = pieces.tiling.edge
    for one, other in ((a, b), (b, a)):
        left, top, right, bottom = pieces.box[one].tolist()
        tile = windows[pieces.tile[other]]
        beyond = max(tile.left - left, tile.top - top, right - tile.right, bottom - tile.bottom)
        if beyond > edge and pieces.depth[other] > edge:
            return False
    return True


def _agreement(a: MaskWindow, b: MaskWindow) -> float:
    """Return the IoU of two masks that have a pixel each."""
    both = shared_pixels(a, b)
    return both / (int(a.mask.sum()) + int(b.mask.sum()) - both)


def _groups(pieces: _Pieces, pairs: Sequence[_Pair]) -> list[NDArray[np.int64]]:
    """Return the detections of each object, at most one from each tile."""
    group_of = list(range(len(pieces.tile)))
    members = {piece: [piece] for piece in group_of}
    tiles = {piece: {int(tile)} for piece, tile in enumerate(pieces.tile)}
    for _, a, b in pairs:
        keep, gone = sorted((group_of[a], group_of[b]))
        if keep == gone or tiles[keep] & tiles[gone]:
            continue
        for piece in members[gone]:
            group_of[piece] = keep
        members[keep] += members.pop(gone)
        tiles[keep] |= tiles.pop(gone)
    return [np.array(sorted(listed), dtype=np.int64) for listed in members.values()]


def _result(tiling: Tiling, kept: list[_Object]) -> Merged:
    kept = sorted(kept, key=lambda found: -found.score)
    names = kept[0].extra if kept else {}
    instances = Instances.from_rles(
        *tiling.image,
        [found.mask for found in kept],
        [found.category for found in kept],
        [found.score for found in kept],
        np.array([found.box for found in kept]).reshape(-1, 4),
        extra={name: [found.extra[name] for found in kept] for name in names},
    )
    return Merged(instances, sum(found.cut for found in kept))
