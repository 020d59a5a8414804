"""COCO average precision of masks, equal to pycocotools (area range "all")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.metrics.pairs import Pairs

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
    values = np.array([precision_at_recalls(r, p) for r, p in zip(recall, precision, strict=True)])
    return AveragePrecision(float(values.mean()), float(values[0]), float(values[5]))


def precision_at_recalls(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return the mean, over COCO's 101 recalls, of the best precision at this recall or above.

    It is 0 beyond the highest recall.

    Args:
        recall: float64 (D,), recall after each detection, in rising order.
        precision: float64 (D,), precision after each detection.
    """
    envelope = np.pad(np.maximum.accumulate(precision[::-1])[::-1], (0, 1))
    return float(envelope[np.searchsorted(recall, RECALL_POINTS, side="left")].mean())


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
    """Return which detections are right and which are ignored.

    Returns:
        Two bool arrays (10, D) with one row per IoU threshold. The first marks detections that
        are matched with an object. The second marks detections that are ignored, because they are
        matched with a crowd region.
    """
    found = pairs.score_matches
    some = found >= 0
    ignored = np.zeros_like(some)
    ignored[some] = pairs.crowd[found[some]]
    return some & ~ignored, ignored
