"""Aggregated Jaccard index (AJI) of the published evaluator, and that of Kumar et al."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gains.metrics.base import METRICS, Metric, mean, of_image
from gains.metrics.matching import Match, greedy_by_truth
from gains.metrics.pairs import AJI_IOU, Pairs

AREA_RANGES = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))
"""COCO's area ranges in px: all, small, medium, large."""


def image_aji(pairs: Pairs) -> float:
    """Return the AJI of one image by the published matching, without the program's peculiarities.

    Each ground truth, in file order, takes the free detection of largest IoU >= 0.5. With M the
    set of these pairs, AJI = sum_M I / (sum_M U + areas of unmatched ground truths + areas of
    unmatched detections). The value is 0 if there are only detections or only ground truths.
    """
    if pairs.one_sided:
        return 0.0
    return _ratio(pairs, pairs.truth_matches, pairs.areas)


def image_aji_published(pairs: Pairs, area_range: tuple[float, float]) -> float:
    """Return the AJI of one image as the published program computes it in an area range (px).

    Ground truths outside the range, and crowd regions, move to the end of the list while the
    columns of the IoU matrix stay. For a missed column the recorded area of another ground truth
    is therefore added: of the one that moved to its index. A ground truth with annotation id 0
    leaves its detection free.
    """
    if pairs.one_sided:
        return 0.0
    low, high = area_range
    ignored = pairs.crowd | (pairs.recorded_areas < low) | (pairs.recorded_areas > high)
    order = np.argsort(ignored, kind="stable")
    matches = pairs.truth_matches
    if not pairs.ids.all():
        matches = greedy_by_truth(pairs.iou, AJI_IOU, pairs.ids[order] == 0)
    return _ratio(pairs, matches, pairs.recorded_areas[order])


def image_aji_kumar(pairs: Pairs) -> float:
    """Return the AJI of Kumar et al. (IEEE TMI 36, 2017, algorithm 1) of one image.

    Each ground truth is paired with the detection of largest IoU, however small it is, and a
    detection may be used twice. A ground truth that meets no detection adds its area to the
    denominator, and so does each detection that is never used.
    """
    if pairs.one_sided:
        return 0.0
    best = pairs.iou.argmax(axis=0)
    met = np.flatnonzero(pairs.iou.max(axis=0) > 0)
    return _ratio(pairs, [(int(best[g]), int(g)) for g in met], pairs.areas)


def _ratio(pairs: Pairs, matches: list[Match], areas: NDArray[np.number]) -> float:
    rows, columns = [d for d, _ in matches], [g for _, g in matches]
    unmatched = _without(areas, columns) + _without(pairs.detection_areas, rows)
    whole = float(pairs.union[rows, columns].sum()) + unmatched
    return float(pairs.intersection[rows, columns].sum()) / whole if whole else 0.0


def _without(areas: NDArray[np.number], left_out: list[int]) -> float:
    kept = np.ones(len(areas), dtype=bool)
    kept[left_out] = False
    return float(areas[kept].sum())


def aji(images: Sequence[Pairs]) -> float:
    """Return the mean of :func:`image_aji` over images."""
    return mean([image_aji(pairs) for pairs in images])


def aji_published(images: Sequence[Pairs]) -> float:
    """Return the mean of :func:`image_aji_published` over images and the four area ranges."""
    return mean([image_aji_published(pairs, bounds) for bounds in AREA_RANGES for pairs in images])


def aji_kumar(images: Sequence[Pairs]) -> float:
    """Return the mean of :func:`image_aji_kumar` over images."""
    return mean([image_aji_kumar(pairs) for pairs in images])


def _over_ranges(pairs: Pairs) -> float:
    return aji_published([pairs])


METRICS.register(
    Metric(
        "AJI",
        clean=aji,
        as_published=aji_published,
        clean_terms=of_image(image_aji),
        as_published_terms=of_image(_over_ranges),
    )
)
METRICS.register(Metric("AJI_kumar", clean=aji_kumar, clean_terms=of_image(image_aji_kumar)))
