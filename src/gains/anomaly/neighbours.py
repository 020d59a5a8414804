"""The choice of the instances that take part in the map of each instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.fields import Float
from gains.anomaly.patch import Patch
from gains.anomaly.region import Region

EVERYWHERE = Region(0, 0, 2**31, 2**31)


@dataclass(frozen=True)
class Neighbourhood:
    """The instances that take part in the map of one instance.

    Attributes:
        peers: number of instances in the mean of the pair term, including distant ones.
        near: the peers that share a window with the instance.
        order: the instances whose self terms are subtracted, in this order; the instance itself
            is one of them.
        self_origins: window origins at which the self term counts.
        pair_origins: window origins at which the pair term counts.
    """

    peers: int
    near: tuple[int, ...]
    order: tuple[int, ...]
    self_origins: Region = EVERYWHERE
    pair_origins: Region = EVERYWHERE


def neighbours_in_image(patches: Mapping[int, Patch], targets: int) -> dict[int, Neighbourhood]:
    """Return the neighbourhoods of `isbi` and `chrom`: all target instances are peers.

    Args:
        patches: the target instances that have a pixel, in annotation order.
        targets: number of target instances, including those without a pixel.

    Returns:
        One entry for each patch; no entry if there is only one target, since it has no peer.
    """
    if targets < 2:
        return {}
    found = {}
    near_of = _sharing_windows(patches)
    for i in patches:
        order = tuple(sorted((i, *near_of[i])))
        found[i] = Neighbourhood(targets - 1, near_of[i], order)
    return found


def _sharing_windows(patches: Mapping[int, Patch]) -> dict[int, tuple[int, ...]]:
    keys = np.array(list(patches), dtype=np.int64)
    y0, x0, y1, x1 = (
        np.array([patches[i].origins for i in patches], dtype=np.int64).reshape(-1, 4).T
    )
    result = {}
    for n, i in enumerate(patches):
        meets = (y0 < y1[n]) & (y0[n] < y1) & (x0 < x1[n]) & (x0[n] < x1)
        meets[n] = False
        result[i] = tuple(int(k) for k in keys[meets])
    return result


def neighbours_by_boxes(
    boxes: Float, target: NDArray[np.bool_], patches: Mapping[int, Patch], window: int
) -> tuple[dict[int, Neighbourhood], list[int]]:
    """Return the neighbourhoods of `nuclei`: instances whose boxes, grown by the window, meet.

    Boxes that share only a border or a corner meet too; the boxes of two instances that are
    exactly 2w apart do so. Two boxes are no neighbours if one grown box lies inside the other, with
    or without a common border. Grown boxes are not clipped at the border of the image. Windows
    count only near the union of the stored boxes: from its corner for the self term, from w - 1 px
    before it for the pair term.

    Args:
        boxes: float64 (N, 4), x y width height as stored in the file, px.
        target: bool (N,), whether an instance is of the target category.
        patches: the target instances that have a pixel, by index.
        window: side of the window, px.

    Returns:
        The neighbourhoods of the patches that have a target among their neighbours, and the
        indices of all instances (of any category) without a neighbour.
    """
    x0, y0 = boxes[:, 0] - window, boxes[:, 1] - window
    x1, y1 = boxes[:, 0] + boxes[:, 2] + window, boxes[:, 1] + boxes[:, 3] + window
    near_of = _sharing_windows(patches)
    found, isolated = {}, []
    for i in range(len(boxes)):
        meets = (x0 <= x1[i]) & (x0[i] <= x1) & (y0 <= y1[i]) & (y0[i] <= y1)
        holds = (x0[i] <= x0) & (y0[i] <= y0) & (x1 <= x1[i]) & (y1 <= y1[i])
        held = (x0 <= x0[i]) & (y0 <= y0[i]) & (x1[i] <= x1) & (y1[i] <= y1)
        members = meets & ~holds & ~held
        if not members.any():
            isolated.append(i)
            continue
        peers = np.flatnonzero(members & target)
        if i in patches and peers.size:
            members[i] = True
            near = tuple(k for k in near_of[i] if members[k])
            starts = _around(boxes[members])
            pairs = starts._replace(y0=starts.y0 - window + 1, x0=starts.x0 - window + 1)
            found[i] = Neighbourhood(int(peers.size), near, (i,), starts, pairs)
    return found, isolated


def _around(boxes: Float) -> Region:
    """Return the union of boxes, with corner and extent each truncated to whole px."""
    x, y = boxes[:, 0].min(), boxes[:, 1].min()
    width = (boxes[:, 0] + boxes[:, 2]).max() - x
    height = (boxes[:, 1] + boxes[:, 3]).max() - y
    return Region(int(y), int(x), int(y) + int(height), int(x) + int(width))
