"""How data sets are shown: under their own name, objects side by side in different colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.support.files import read_json

# Okabe and Ito's colours, told apart by colour-blind readers too
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")

REACH = 2
"""Objects whose masks meet when each is grown by this many px are neighbours."""


def name_of(coco: str | Path) -> str:
    """Return the name that a COCO file gives its data set in ``info``, else its file's stem.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not JSON.
    """
    content = read_json(coco)
    info = content.get("info") if isinstance(content, dict) else None
    name = info.get("name") if isinstance(info, dict) else None
    return str(name) if name else Path(coco).stem


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
    grown = [encode_mask(_grow(mask)) for mask in instances.stack()]
    near = np.asarray(coco_mask.iou(grown, grown, [0] * len(grown))) > 0
    np.fill_diagonal(near, False)
    return near


def _grow(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask (H, W) grown by :data:`REACH` px in both directions, corners included."""
    for axis in (0, 1):
        padded = np.pad(mask, [(REACH, REACH) if a == axis else (0, 0) for a in (0, 1)])
        shifted = [np.roll(padded, step, axis) for step in range(-REACH, REACH + 1)]
        grown = np.logical_or.reduce(shifted)
        mask = grown[REACH:-REACH] if axis == 0 else grown[:, REACH:-REACH]
    return mask
