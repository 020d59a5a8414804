"""Colours of objects; neighbours have different colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.instances import Instances
from gains.masks.overlaps import grown
from gains.masks.rle import encode_mask

# the colours of Okabe and Ito, which colour-blind readers can distinguish
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")

REACH = 2
"""Objects are neighbours if their masks meet when each grows by this distance, px."""


def colours(instances: Instances) -> list[str]:
    """Return a colour of :data:`PALETTE` for each instance; neighbours have different colours.

    The objects with most neighbours are coloured first. Each gets the colour that the fewest
    neighbours have, and among such colours the one that is used least. If an object has more
    neighbours than there are colours, some of them may share a colour.
    """
    near = _neighbours(instances)
    chosen = np.full(len(instances), -1)
    for k in np.argsort(-near.sum(axis=1), kind="stable"):
        beside, used = (
            np.bincount(taken[taken >= 0], minlength=len(PALETTE))
            for taken in (chosen[near[k]], chosen)
        )
        chosen[k] = np.lexsort((used, beside))[0]
    return [PALETTE[c] for c in chosen]


def _neighbours(instances: Instances) -> NDArray[np.bool_]:
    """Return which instances are neighbours, bool (N, N), False on the diagonal."""
    if not len(instances):
        return np.zeros((0, 0), dtype=bool)
    reached = [encode_mask(grown(mask, REACH)) for mask in instances.stack()]
    near = np.asarray(coco_mask.iou(reached, reached, [0] * len(reached))) > 0
    np.fill_diagonal(near, False)
    return near
