"""AP at single IoU thresholds, their mean, and AJI, as the program of the layering paper has them.

Source: Chen, Wu, Merhof: Instance Segmentation of Dense and Overlapping Objects via Layering. BMVC
2022, and its program. Each ground truth is paired with the detection that shares most pixels with
it; several may be paired with the same detection. The program knows no scores and no crowd regions,
so both modes have one formula, and clean mode leaves out entries as for every metric.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gains.metrics.base import METRICS, Compute, Metric, Terms, mean, of_image
from gains.metrics.pairs import Pairs

THRESHOLDS = {f"AP{round(100 * t)}_layering": t for t in (0.5, 0.6, 0.7, 0.8, 0.9)}
"""Least IoU of a pair that counts as found, by the name of the metric."""

EVALUATOR = "Layering's evaluator"


def precision_terms(pairs: Pairs, at_least: float) -> tuple[int, int]:
    """Return the terms of the AP of one image at one threshold of the IoU.

    With S the ground truths whose pair reaches the threshold, these are |S| and D + G minus the
    number of different detections that S is paired with. The paper counts an IoU above the
    threshold and the program one that reaches it; this function follows the program.

    Args:
        pairs: the image.
        at_least: threshold that the IoU of a pair must reach.
    """
    truths, rows = _met(pairs)
    successful = pairs.iou[rows, truths] >= at_least
    different = len(np.unique(rows[successful]))
    return int(successful.sum()), pairs.num_detections + pairs.num_truths - different


def aji_terms(pairs: Pairs) -> tuple[int, int]:
    """Return the intersection and the union of one image, in px, whose quotient is the AJI.

    They are summed over the pairs, however small their IoU is. A ground truth that shares no pixel
    with a detection adds its area to the union, and so does a detection without a pair.
    """
    truths, rows = _met(pairs)
    missed, unused = np.ones(pairs.num_truths, bool), np.ones(pairs.num_detections, bool)
    missed[truths], unused[rows] = False, False
    alone = pairs.areas[missed].sum() + pairs.detection_areas[unused].sum()
    union = pairs.union[rows, truths].sum() + alone
    return int(pairs.intersection[rows, truths].sum()), int(union)


def _met(pairs: Pairs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ground truths that share pixels with a detection, and the one of each."""
    truths = np.flatnonzero(pairs.largest_intersections >= 0)
    return truths, pairs.largest_intersections[truths]


def _pooled(terms: Terms) -> Compute:
    """Return the metric that is the sum of the first terms over the sum of the second ones."""

    def of_all(images: Sequence[Pairs]) -> float:
        found = [terms(pairs) for pairs in images]
        whole = sum(under for _, under in found)
        return sum(over for over, _ in found) / whole if whole else 0.0

    return of_all


def _precision_at(threshold: float) -> Terms:
    return lambda pairs: precision_terms(pairs, threshold)


_PRECISIONS = {name: _pooled(_precision_at(at)) for name, at in THRESHOLDS.items()}
pooled_aji = _pooled(aji_terms)
"""Sum of the intersections of all images over the sum of their unions."""


def mean_precision(images: Sequence[Pairs]) -> float:
    """Return the mean of the AP at the five thresholds, each over all images."""
    return mean([precision(images) for precision in _PRECISIONS.values()])


def image_aji_layering(pairs: Pairs) -> float:
    """Return the AJI of one image, see :func:`aji_terms`."""
    return pooled_aji([pairs])


def mean_aji(images: Sequence[Pairs]) -> float:
    """Return the mean of :func:`image_aji_layering` over images."""
    return mean([image_aji_layering(pairs) for pairs in images])


def _register(name: str, compute: Compute, terms: Terms | None, *mean_of: str) -> None:
    """Register a metric with the same formula in both modes."""
    METRICS.register(
        Metric(
            name,
            clean=compute,
            as_published=compute,
            clean_terms=terms,
            as_published_terms=terms,
            mean_of=mean_of,
            published_definition=EVALUATOR,
        )
    )


for _name, _at in THRESHOLDS.items():
    _register(_name, _PRECISIONS[_name], _precision_at(_at))
_register("AP_layering", mean_precision, None, *THRESHOLDS)
_register("AJI_pooled_layering", pooled_aji, aji_terms)
_register("AJI_mean_layering", mean_aji, of_image(image_aji_layering))
