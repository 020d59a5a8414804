"""Colours of objects: neighbours differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.instances import Instances
from gains.masks.overlaps import grown
from gains.masks.rle import encode_mask

# Okabe and Ito's colours, told apart by colour-blind readers too
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")

REACH = 2
"""Objects whose masks meet when each is grown by this many px are neighbours."""


def colours(instances: Instances) -> list[str]:
    """Return a colour of :data:`PALETTE` for each instance; those of neighbours differ.

    Greedy colouring, most neighbours first: the colour that the fewest neighbours have, among
    those the one used least. Where an object has more neighbours than there are colours, some
    may share one.
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
    """Return which instances meet when grown, bool (N, N), False on the diagonal."""
    if not len(instances):
        return np.zeros((0, 0), dtype=bool)
    reached = [encode_mask(grown(mask, REACH)) for mask in instances.stack()]
    near = np.asarray(coco_mask.iou(reached, reached, [0] * len(reached))) > 0
    np.fill_diagonal(near, False)
    return near
