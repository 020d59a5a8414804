"""Colours of objects; neighbours have different colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.instances import Instances
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle
from gains.masks.windows import window_of

# the colours of Okabe and Ito, which colour-blind readers can distinguish
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")

CLASSES = (
    *PALETTE,
    *("#0000ff", "#bbee99", "#882211", "#7766ff", "#99eeff", "#aaeecc", "#881155", "#4433aa"),
    *("#ee1155", "#880077", "#ccaa55", "#6699ff", "#5511cc", "#22cc88", "#ccee77", "#bb4422"),
    "#33bbcc",
)
"""Colours of classes: each is far from those before it, also for red-green colour blindness."""

WARM_TO_COOL = ("#F0E442", "#E69F00", "#D55E00", "#CC79A7", "#0072B2", "#56B4E9", "#009E73")
"""The same colours in an order in which those that stand together look alike."""

REACH = 2
"""Objects are neighbours if their masks meet when each grows by this distance, px."""


def colours(
    instances: Instances,
    palettes: Mapping[int, Sequence[str]] | None = None,
    given: Mapping[int, str] | None = None,
) -> list[str]:
    """Return a colour for each instance; neighbours have different colours.

    The objects with most neighbours are coloured first. Each gets the colour that the fewest
    neighbours have, and among such colours the one that is used least. If an object has more
    neighbours than there are colours, some of them may share a colour.

    Args:
        instances: the objects.
        palettes: colours of each category; None for :data:`PALETTE`.
        given: colours that objects have already, by index.
    """
    chosen = dict(given or {})
    if len(chosen) == len(instances):
        return [chosen[k] for k in range(len(instances))]
    near = _neighbours(instances)
    used = Counter(chosen.values())
    for k in np.argsort(-near.sum(axis=1), kind="stable").tolist():
        if k in chosen:
            continue
        palette = PALETTE if palettes is None else palettes[int(instances.categories[k])]
        taken = Counter(chosen[i] for i in np.flatnonzero(near[k]).tolist() if i in chosen)
        order = {colour: (taken[colour], used[colour]) for colour in palette}
        chosen[k] = min(order, key=order.__getitem__)
        used[chosen[k]] += 1
    return [chosen[k] for k in range(len(instances))]


def palettes_of(categories: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the colours of each category: all for a single one, and else some that look alike.

    More than seven categories get one colour each, of :data:`CLASSES`.

    Args:
        categories: all categories of a data set, also those without objects in a figure, so that a
            category has the same colours in every figure.
    """
    if len(categories) < 2:
        return dict.fromkeys(categories, PALETTE)
    if len(categories) > len(WARM_TO_COOL):
        return {c: (class_colour(place),) for place, c in enumerate(categories)}
    shares = np.array_split(WARM_TO_COOL, len(categories))
    return {c: tuple(share.tolist()) for c, share in zip(categories, shares, strict=True)}


def class_colour(place: int) -> str:
    """Return the colour of the class at a place of the list of classes; the 25th has the first."""
    return CLASSES[place % len(CLASSES)]


def _neighbours(instances: Instances) -> NDArray[np.bool_]:
    """Return which instances are neighbours, bool (N, N), False on the diagonal."""
    if not len(instances):
        return np.zeros((0, 0), dtype=bool)
    reached = [_grown(rle) for rle in instances.masks]
    near = np.asarray(coco_mask.iou(reached, reached, [0] * len(reached))) > 0
    np.fill_diagonal(near, False)
    return near


def _grown(rle: Rle) -> Rle:
    """Return a mask dilated by :data:`REACH`, without decoding the whole plane."""
    height, width = rle["size"]
    x, y, reached = window_of(rle).grown(REACH)
    left, top = max(x, 0), max(y, 0)
    inside = reached[top - y : height - y, left - x : width - x]
    return encode_crops(inside.T[None], np.array([[left, top]]), (height, width))[0]
