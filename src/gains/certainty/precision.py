"""Average precision of many resamples of the images at once.

In a resample an image counts as often as it was drawn. Its matches do not depend on other images,
so a resample is a cumulative sum over the detections of all images, the best score first, each with
the weight of its image. This equals the AP of the repeated images.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.metrics.coco import RECALL_POINTS
from gains.metrics.pairs import IOU_THRESHOLDS

Floats = NDArray[np.float64]
BLOCK = 1 << 17
"""Number of weights of detections that are held at once; they fit into the cache of a core."""


@dataclass(frozen=True)
class Ranked:
    """The detections of one class, the best score first, and the number of its objects.

    Attributes:
        image: intp (D,), position of the image of each detection.
        hits: bool (10, D), detections that find an object at each IoU threshold.
        ignored: bool (10, D), detections that count as nothing.
        truths: float64 (N,), number of objects of each image.
    """

    image: NDArray[np.intp]
    hits: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    truths: Floats


def resampled_precision(ranked: Ranked, weights: Floats) -> Floats:
    """Return AP, AP50 and AP75 of resamples.

    Args:
        ranked: the detections of a class.
        weights: float64 (N, R), how often each resample holds each image.

    Returns:
        float64 (3, R), NaN for a resample without an object of the class.
    """
    values = np.empty((len(IOU_THRESHOLDS), weights.shape[1]))
    for part in _parts(weights.shape[1], len(ranked.image)):
        values[:, part] = _values(ranked, weights[:, part])
    return np.stack([values.mean(axis=0), values[0], values[5]])


def _parts(total: int, detections: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(detections, 1))
    return (slice(start, min(start + step, total)) for start in range(0, total, step))


def _values(ranked: Ranked, weights: Floats) -> Floats:
    """Return the AP at each IoU threshold, float64 (10, R)."""
    drawn = weights[ranked.image]
    objects = ranked.truths @ weights
    all_counted = np.cumsum(drawn, axis=0) + np.spacing(1)
    values = np.empty((len(IOU_THRESHOLDS), weights.shape[1]))
    for row, (hits, ignored) in enumerate(zip(ranked.hits, ranked.ignored, strict=True)):
        counted = all_counted
        if ignored.any():
            counted = np.cumsum(drawn * ~ignored[:, None], axis=0) + np.spacing(1)
        places = np.flatnonzero(hits)
        found = np.cumsum(drawn[places], axis=0)
        precision = found / counted[places]
        # Best precision at this recall or a higher one.
        envelope = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
        points = _reached(found, np.maximum(objects, 1))
        points[1:] -= points[:-1].copy()
        values[row] = np.einsum("hr,hr->r", envelope, points) / len(RECALL_POINTS)
    values[:, objects == 0] = np.nan
    return values


def _reached(found: Floats, objects: Floats) -> Floats:
    """Return how many of the recall points are at most ``found / objects``; changes ``found``."""
    recall = np.divide(found, objects, out=found)
    nearest: Floats = np.rint(recall * (len(RECALL_POINTS) - 1))
    # k * RECALL_POINTS[1] is RECALL_POINTS[k] to the last bit, and needs no look-up.
    nearest += nearest * RECALL_POINTS[1] <= recall
    return nearest
