"""From a ground truth and grouped detections to the pairs that the metrics read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.masks.overlaps import intersections, mask_areas
from gains.metrics.pairs import Pairs
from gains.prediction.files import Detections

ByClass = dict[int, list[Pairs]]
"""Per category id (ascending) the images, by id, with a detection or a ground truth of it."""


def pairs_by_class(
    truth: CocoDataset, groups: dict[tuple[int, int], Detections], max_detections: int
) -> ByClass:
    """Pair the ``max_detections`` best detections of an image and category with its objects.

    Raises:
        ValueError: a mask of the ground truth is broken; its annotation is named.
    """
    result: ByClass = {category: [] for category in sorted(truth.categories)}
    for image_id in sorted(truth.images):
        objects: dict[int, list[dict[str, Any]]] = {}
        for annotation in truth.annotations[image_id]:
            objects.setdefault(int(annotation["category_id"]), []).append(annotation)
        for category, images in result.items():
            found = groups.get((image_id, category), [])
            if found or category in objects:
                best = sorted(found, key=lambda detection: -detection.score)[:max_detections]
                images.append(
                    _pairs(truth, truth.images[image_id], objects.get(category, []), best)
                )
    return result


def _pairs(
    truth: CocoDataset, image: ImageRecord, objects: list[dict[str, Any]], found: Detections
) -> Pairs:
    truths = truth.masks(objects, image)
    detections = [detection.mask for detection in found]
    areas, detection_areas = mask_areas(truths), mask_areas(detections)
    return Pairs(
        image.id,
        intersections(detections, truths, detection_areas, areas),
        np.array([detection.score for detection in found], dtype=np.float64),
        np.array([detection.box_score for detection in found], dtype=np.float64),
        detection_areas,
        areas,
        _recorded_areas(objects, areas),
        np.array([int(a["id"]) for a in objects], dtype=np.int64),
        np.array([bool(a.get("iscrowd", 0)) for a in objects], dtype=bool),
    )


def _recorded_areas(objects: list[dict[str, Any]], areas: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the ``area`` of the file; the mask's where it is missing or not positive."""
    recorded = np.array([float(a.get("area") or 0) for a in objects], dtype=np.float64)
    return np.where(recorded > 0, recorded, areas)


def clean(by_class: ByClass, score_threshold: float) -> ByClass:
    """Leave out crowd regions, the detections in them, and detections below the threshold.

    A detection lies in a crowd region when more than half of it does and no object has IoU >= 0.5
    with it.
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
