"""What a method found in an image: objects, missed ones and false finds, with AJI and F1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.instances import Instances
from gains.metrics import METRICS, Metric
from gains.metrics.base import mean
from gains.metrics.pairs import Pairs
from gains.scoring.pairing import clean, pairs_by_class

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """The detections of an image beside its objects.

    Attributes:
        found: int64 (n, 2), indices of a detection and of the object that it finds.
        missed: int64 (m,), indices of the objects that no detection finds.
        false: int64 (f,), indices of the detections that find no object.
        aji: clean AJI, a fraction, mean over the classes in the image; None without any class.
        f1: clean F1 in the same way.
    """

    found: Ints
    missed: Ints
    false: Ints
    aji: float | None
    f1: float | None


def outcome_of(truth: CocoDataset, image: ImageRecord, detections: Instances) -> Outcome:
    """Compare the detections of an image with its objects, class by class.

    A detection finds an object by the matching of F1: one-to-one pairs with IoU > 0.5, the best
    first. Crowd regions, and detections in them, count as nothing. AJI and F1 equal those per image
    in a score file with the same threshold, as a mean over the classes that have ground truth in
    the data.

    Args:
        truth: the data set.
        image: one of its images.
        detections: detections of this image that count, the best first.

    Raises:
        ValueError: a mask of the ground truth is broken; the message names its annotation.
    """
    # the pairing keeps scores but no indices; thresholds act on the box scores, which stay
    ranked = replace(detections, scores=-np.arange(len(detections), dtype=np.float64))
    predictions = {image.id: ranked} if len(ranked) else {}
    by_class = clean(
        pairs_by_class(truth.part([image.file_name]), predictions, max(len(ranked), 1)), 0.0
    )
    every = [pairs for images in by_class.values() for pairs in images]
    known = [p for category in _categories(truth) for p in by_class.get(category, [])]
    place = {int(a["id"]): k for k, a in enumerate(truth.annotations[image.id])}
    found, missed, false = [], [], []
    for pairs in every:
        ours, theirs = (-pairs.scores).astype(int), [place[i] for i in pairs.ids.tolist()]
        matched = [(int(ours[d]), theirs[g]) for d, g in pairs.iou_matches]
        found += matched
        missed += sorted(set(theirs) - {g for _, g in matched})
        false += sorted(set(ours.tolist()) - {d for d, _ in matched})
    return Outcome(
        np.array(found, dtype=np.int64).reshape(-1, 2),
        np.array(missed, dtype=np.int64),
        np.array(false, dtype=np.int64),
        _mean(METRICS.get("AJI"), known),
        _mean(METRICS.get("F1"), known),
    )


def _categories(truth: CocoDataset) -> list[int]:
    """Return the categories that have an object to find."""
    found = {
        int(a["category_id"])
        for annotations in truth.annotations.values()
        for a in annotations
        if not a.get("iscrowd")
    }
    return sorted(found)


def _mean(metric: Metric, images: list[Pairs]) -> float | None:
    assert metric.clean is not None
    return mean([metric.clean([pairs]) for pairs in images]) if images else None
