"""Pairs of detections and ground truths, from which the metrics are computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.masks.overlaps import intersections, mask_areas
from gains.metrics.pairs import Pairs
from gains.prediction.files import BOX_SCORE, Predictions, box_scores

ByClass = dict[int, list[Pairs]]
"""For each category id (ascending) the images, by id, with a detection or ground truth of it."""

_NONE = np.zeros(0, dtype=np.intp)


def pairs_by_class(truth: CocoDataset, predictions: Predictions, max_detections: int) -> ByClass:
    """Pair the ``max_detections`` best detections of an image and category with its objects.

    Raises:
        ValueError: a mask of the ground truth is broken; the message names its annotation.
    """
    result: ByClass = {category: [] for category in sorted(truth.categories)}
    for image_id in sorted(truth.images):
        image = truth.images[image_id]
        objects: dict[int, list[CocoRecord]] = {}
        for annotation in truth.annotations[image_id]:
            objects.setdefault(int(annotation["category_id"]), []).append(annotation)
        detections = predictions.get(image_id)
        if detections is None:
            extra: dict[str, list[float]] = {BOX_SCORE: []}
            detections = Instances.from_rles(image.height, image.width, [], [], extra=extra)
        best = _best(detections, max_detections)
        for category, images in result.items():
            if category in best or category in objects:
                chosen = best.get(category, _NONE)
                images.append(_pairs(truth, image, objects.get(category, []), detections, chosen))
    return result


def _best(detections: Instances, max_detections: int) -> dict[int, NDArray[np.intp]]:
    """Return the indices of each category's detections, best first; ties keep their order."""
    order = np.argsort(-detections.scores, kind="stable")
    categories = detections.categories[order]
    return {
        int(category): order[categories == category][:max_detections]
        for category in np.unique(categories)
    }


def _pairs(
    truth: CocoDataset,
    image: ImageRecord,
    objects: list[CocoRecord],
    detections: Instances,
    chosen: NDArray[np.intp],
) -> Pairs:
    truths = truth.masks(objects, image)
    masks = [detections.masks[i] for i in chosen]
    areas, detection_areas = mask_areas(truths), mask_areas(masks)
    return Pairs(
        image.id,
        intersections(masks, truths, detection_areas, areas),
        detections.scores[chosen],
        box_scores(detections)[chosen],
        detection_areas,
        areas,
        _recorded_areas(objects, areas),
        np.array([int(a["id"]) for a in objects], dtype=np.int64),
        np.array([bool(a.get("iscrowd", 0)) for a in objects], dtype=bool),
        masks,
        truths,
    )


def _recorded_areas(objects: list[CocoRecord], areas: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the ``area`` of the file, or that of the mask if it is missing or not positive."""
    recorded = np.array([float(a.get("area") or 0) for a in objects], dtype=np.float64)
    return np.where(recorded > 0, recorded, areas)


def clean(by_class: ByClass, score_threshold: float) -> ByClass:
    """Leave out crowd regions, the detections in them, and detections below the threshold.

    A detection lies in a crowd region if more than half of its area does, and if no object has
    IoU >= 0.5 with it. A class that has only crowd regions keeps its other detections, but has no
    ground truth.
    """
    result: ByClass = {}
    for category, images in by_class.items():
        kept = [_clean(pairs, score_threshold) for pairs in images]
        result[category] = [p for p in kept if p.num_detections or p.num_truths]
    return result


def _clean(pairs: Pairs, score_threshold: float) -> Pairs:
    keep = pairs.box_scores >= score_threshold
    if pairs.crowd.any():
        half = pairs.detection_areas / 2
        inside = (pairs.intersection > half[:, None])[:, pairs.crowd].any(axis=1)
        found = (pairs.iou >= 0.5)[:, ~pairs.crowd].any(axis=1)
        keep &= found | ~inside
    return pairs.select(keep, ~pairs.crowd)
