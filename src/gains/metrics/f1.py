"""Object-level F1 and false negative rate at IoU > 0.5."""

from __future__ import annotations

from collections.abc import Sequence

from gains.metrics.base import METRICS, Metric, mean, of_image
from gains.metrics.pairs import Pairs


def image_f1(pairs: Pairs) -> float:
    """Return F1 = 2 TP / (D + G) of one image.

    TP counts the one-to-one pairs with IoU > 0.5, taken in descending order of IoU. This equals
    2PR / (P + R) with P = TP / D and R = TP / G. The value is 0 if there are only detections or
    only ground truths.
    """
    if pairs.one_sided:
        return 0.0
    return 2 * len(pairs.iou_matches) / (pairs.num_detections + pairs.num_truths)


def image_miss_rate(pairs: Pairs) -> float:
    """Return (G - TP) / G of one image, or 0 if it has no detections or no ground truths."""
    if pairs.one_sided:
        return 0.0
    return 1 - len(pairs.iou_matches) / pairs.num_truths


def f1(images: Sequence[Pairs]) -> float:
    """Return the mean of :func:`image_f1` over images."""
    return mean([image_f1(pairs) for pairs in images])


def fnr_o(images: Sequence[Pairs]) -> float:
    """Return the published FNR_o: the mean of :func:`image_miss_rate` over images.

    An image without any detection contributes 0, as if it had no misses.
    """
    return mean([image_miss_rate(pairs) for pairs in images])


METRICS.register(
    Metric(
        "F1",
        clean=f1,
        as_published=f1,
        clean_terms=of_image(image_f1),
        as_published_terms=of_image(image_f1),
    )
)
METRICS.register(
    Metric(
        "FNR_o",
        as_published=fnr_o,
        as_published_terms=of_image(image_miss_rate),
        smaller_is_better=True,
    )
)
