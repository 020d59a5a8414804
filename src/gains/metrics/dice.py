"""Dice, TPp and FNo over the pairs with Dice > 0.7 (ISBI 2014 challenge), and their variants.

The published program pools its lists over COCO's four area ranges. It clears its Dice matrix in
the first range, so a matched pair counts once, and all other items count four times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gains.metrics.base import METRICS, Metric, of_image
from gains.metrics.f1 import fnr_o, image_miss_rate
from gains.metrics.pairs import Pairs

NUM_RANGES = 4


def dice(images: Sequence[Pairs]) -> float:
    """Return the mean Dice of the matched pairs of all images.

    Each ground truth of an image without detections adds one 0. A ground truth that is missed in
    another image adds nothing.
    """
    return _pooled(_matched_dice(images), 1, images)


def dice_published(images: Sequence[Pairs]) -> float:
    """Return the published DSC: like :func:`dice`, but each 0 counts four times."""
    return _pooled(_matched_dice(images), NUM_RANGES, images)


def tpp(images: Sequence[Pairs]) -> float:
    """Return the mean of I / (ground-truth area) over the pairs and the zeros of :func:`dice`."""
    return _pooled(_covered_clean(images), 1, images)


def tpp_published(images: Sequence[Pairs]) -> float:
    """Return the published TPRp: :func:`tpp` with recorded areas, and each 0 counts four times."""
    return _pooled(_covered_recorded(images), NUM_RANGES, images)


def fno(images: Sequence[Pairs]) -> float:
    """Return 1 - matched / G, pooled over images: the share of ground truths without a pair."""
    total = sum(pairs.num_truths for pairs in images)
    return 1 - sum(len(pairs.dice_matches) for pairs in images) / total if total else 0.0


def fnr_p(images: Sequence[Pairs]) -> float:
    """Return the published FNRp = (4 G' - matched) / (4 G).

    G' is the number of ground truths of images that have detections. The value is normally at
    least 0.75, whatever the detections are.
    """
    return _leftover_rate(images, [pairs.num_truths for pairs in images])


def fdr(images: Sequence[Pairs]) -> float:
    """Return the published FDR = (4 D' - matched) / (4 G).

    D' is the number of detections of images that have ground truths. The program divides by
    ground truths, not by detections.
    """
    return _leftover_rate(images, [pairs.num_detections for pairs in images])


def _matched_dice(images: Sequence[Pairs]) -> list[float]:
    return [float(pairs.dice[match]) for pairs in images for match in pairs.dice_matches]


def _covered_clean(images: Sequence[Pairs]) -> list[float]:
    return _covered(images, [pairs.areas for pairs in images])


def _covered_recorded(images: Sequence[Pairs]) -> list[float]:
    return _covered(images, [pairs.recorded_areas for pairs in images])


def _covered(images: Sequence[Pairs], areas: Sequence[NDArray[np.number]]) -> list[float]:
    return [
        float(pairs.intersection[d, g] / area[g])
        for pairs, area in zip(images, areas, strict=True)
        for d, g in pairs.dice_matches
    ]


def _pooled(values: list[float], times: int, images: Sequence[Pairs]) -> float:
    return sum(values) / (len(values) + times * _zeros(images)) if values else 0.0


def _zeros(images: Sequence[Pairs]) -> int:
    return sum(pairs.num_truths for pairs in images if pairs.num_detections == 0)


def _leftover_rate(images: Sequence[Pairs], numbers: list[int]) -> float:
    total = sum(pairs.num_truths for pairs in images)
    leftover = sum(
        NUM_RANGES * number - len(pairs.dice_matches)
        for pairs, number in zip(images, numbers, strict=True)
        if not pairs.one_sided
    )
    return leftover / (NUM_RANGES * total) if total else 0.0


def _terms(
    values: Callable[[Sequence[Pairs]], list[float]], times: int
) -> Callable[[Pairs], tuple[float, float]]:
    """Return the terms of :func:`_pooled`."""

    def of_one(pairs: Pairs) -> tuple[float, float]:
        found = values([pairs])
        return sum(found), len(found) + times * _zeros([pairs])

    return of_one


def _fno_terms(pairs: Pairs) -> tuple[float, float]:
    return pairs.num_truths - len(pairs.dice_matches), pairs.num_truths


def _leftover_terms(number: Callable[[Pairs], int]) -> Callable[[Pairs], tuple[float, float]]:
    """Return the terms of :func:`_leftover_rate`."""
    return lambda pairs: (
        0 if pairs.one_sided else NUM_RANGES * number(pairs) - len(pairs.dice_matches),
        NUM_RANGES * pairs.num_truths,
    )


METRICS.register(
    Metric(
        "Dice",
        clean=dice,
        as_published=dice_published,
        clean_terms=_terms(_matched_dice, 1),
        as_published_terms=_terms(_matched_dice, NUM_RANGES),
    )
)
METRICS.register(
    Metric(
        "TPp",
        clean=tpp,
        as_published=tpp_published,
        clean_terms=_terms(_covered_clean, 1),
        as_published_terms=_terms(_covered_recorded, NUM_RANGES),
    )
)
METRICS.register(
    Metric(
        "FNo",
        clean=fno,
        as_published=fnr_o,
        clean_terms=_fno_terms,
        as_published_terms=of_image(image_miss_rate),
        smaller_is_better=True,
    )
)
METRICS.register(
    Metric(
        "FNRp",
        as_published=fnr_p,
        as_published_terms=_leftover_terms(lambda pairs: pairs.num_truths),
        smaller_is_better=True,
    )
)
METRICS.register(
    Metric(
        "FDR",
        as_published=fdr,
        as_published_terms=_leftover_terms(lambda pairs: pairs.num_detections),
        smaller_is_better=True,
    )
)
