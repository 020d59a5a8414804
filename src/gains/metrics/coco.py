"""COCO average precision of masks, equal to pycocotools (area range "all")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.metrics.pairs import Pairs

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_POINTS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class AveragePrecision:
    """Average precision of a class, or its mean over classes, as fractions.

    Attributes:
        ap: mean of the values at IoU 0.50:0.05:0.95.
        ap50: value at IoU 0.50.
        ap75: value at IoU 0.75.
    """

    ap: float
    ap50: float
    ap75: float

    def to_json(self) -> dict[str, float]:
        """Return the values under COCO's names."""
        return {"AP": self.ap, "AP50": self.ap50, "AP75": self.ap75}


def average_precision(images: Sequence[Pairs]) -> AveragePrecision | None:
    """Return the AP of one class over its images.

    Crowd regions are ignored: a missed one costs nothing, and detections in them count neither as
    right nor as wrong.

    Args:
        images: pairs of each image, in order of image id, which decides between equal scores.

    Returns:
        The AP, or None if the class has no ground truth (pycocotools: -1).
    """
    total = int(sum(np.count_nonzero(~pairs.crowd) for pairs in images))
    if total == 0:
        return None
    outcomes = [match_by_score(pairs) for pairs in images]
    order = np.argsort(-np.concatenate([pairs.scores for pairs in images]), kind="stable")
    hit = np.concatenate([hits for hits, _ in outcomes], axis=1)[:, order]
    ignored = np.concatenate([ignored for _, ignored in outcomes], axis=1)[:, order]
    true, false = np.cumsum(hit, axis=1), np.cumsum(~hit & ~ignored, axis=1)
    recall = true / total
    precision = true / (true + false + np.spacing(1))
    # Best precision at this recall or a higher one; 0 beyond the highest recall.
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    envelope = np.pad(envelope, ((0, 0), (0, 1)))
    values = np.array(
        [
            envelope[t, np.searchsorted(recall[t], RECALL_POINTS, side="left")].mean()
            for t in range(len(IOU_THRESHOLDS))
        ]
    )
    return AveragePrecision(float(values.mean()), float(values[0]), float(values[5]))


def mean_average_precision(classes: Sequence[AveragePrecision | None]) -> AveragePrecision:
    """Return the mean over the classes that have ground truth.

    Raises:
        ValueError: no class has ground truth.
    """
    known = [value for value in classes if value is not None]
    if not known:
        raise ValueError("average precision: no class has a ground truth; nothing to score against")
    return AveragePrecision(
        sum(value.ap for value in known) / len(known),
        sum(value.ap50 for value in known) / len(known),
        sum(value.ap75 for value in known) / len(known),
    )


def match_by_score(pairs: Pairs) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Match each detection, best score first, with the free ground truth of largest IoU.

    Returns:
        Two bool arrays (10, D) with one row per IoU threshold. The first marks detections that
        are matched with an object. The second marks detections that are ignored, because they are
        matched with a crowd region. The overlap with a crowd region is the intersection over the
        area of the detection.
    """
    hit = np.zeros((len(IOU_THRESHOLDS), pairs.num_detections), dtype=bool)
    ignored = np.zeros_like(hit)
    options = _options(pairs)
    crowd = pairs.crowd.tolist()
    for row, threshold in enumerate(IOU_THRESHOLDS.tolist()):
        taken: set[int] = set()
        for detection, candidates in options:
            chosen = _choose(candidates, threshold, taken, crowd)
            if chosen < 0:
                continue
            if crowd[chosen]:
                ignored[row, detection] = True
            else:
                taken.add(chosen)
                hit[row, detection] = True
    return hit, ignored


def _options(pairs: Pairs) -> list[tuple[int, list[tuple[int, float]]]]:
    """Return, for each detection that has any, the ground truths with IoU >= 0.5, crowds last."""
    overlap = pairs.iou
    if pairs.crowd.any():
        inside = pairs.intersection / np.maximum(pairs.detection_areas, 1)[:, None]
        overlap = np.where(pairs.crowd, inside, overlap)
    order = np.argsort(pairs.crowd, kind="stable")
    rows, columns = np.nonzero(overlap[:, order] >= IOU_THRESHOLDS[0])
    columns = order[columns]
    options: dict[int, list[tuple[int, float]]] = {}
    values = overlap[rows, columns].tolist()
    for row, column, value in zip(rows.tolist(), columns.tolist(), values, strict=True):
        options.setdefault(row, []).append((column, value))
    return list(options.items())


def _choose(
    candidates: list[tuple[int, float]], threshold: float, taken: set[int], crowd: list[bool]
) -> int:
    """Return the best free candidate, or -1.

    Of equal candidates the later one is chosen, and an object is preferred to any crowd region.
    """
    best, chosen = threshold, -1
    for column, value in candidates:
        if column in taken:
            continue
        if chosen >= 0 and crowd[column] and not crowd[chosen]:
            break
        if value >= best:
            best, chosen = value, column
    return chosen
