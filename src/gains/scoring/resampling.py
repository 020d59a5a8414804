"""What a resample of the images is scored from: the block ``resampling`` of a score file.

It holds no pairs. A list of numbers is one text with spaces, so that the file stays short.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from gains.metrics import METRICS
from gains.metrics.coco import match_by_score
from gains.metrics.pairs import IOU_THRESHOLDS, Pairs
from gains.scoring.pairing import ByClass


class Block(TypedDict):
    """What a class adds to the metrics; a list of numbers is one text.

    Attributes:
        truths: number of objects of every image, without crowd regions.
        detections: ``image`` (position of the image), ``hits`` and ``ignored`` of every detection,
            the best score first. Bit k of the last two is the IoU threshold 0.5 + 0.05 k;
            ``ignored`` is empty where nothing is.
        terms: for each mode and metric ``over`` and ``under``, the terms of every image.
    """

    truths: str
    detections: dict[str, str]
    terms: dict[str, dict[str, dict[str, str]]]


_BITS = 1 << np.arange(len(IOU_THRESHOLDS))


def resampling_block(
    image_ids: list[int], everything: ByClass, cleaned: ByClass
) -> dict[str, Block]:
    """Return what every class contributes to the metrics of a resample.

    Args:
        image_ids: the scored images, in order of id.
        everything: pairs of every class, for the AP and the published formulas.
        cleaned: pairs of every class in clean mode.

    Returns:
        The block of every class, by category id as text.
    """
    positions = {image_id: k for k, image_id in enumerate(image_ids)}
    return {
        str(category): {
            "truths": numbers_as_text(_truths(images, positions)),
            "detections": _detections(images, positions),
            "terms": {
                "clean": _terms(cleaned[category], positions, "clean"),
                "as_published": _terms(images, positions, "as_published"),
            },
        }
        for category, images in everything.items()
    }


def parse_numbers(text: str) -> NDArray[np.float64]:
    """Return the numbers of a text, float64 (N,).

    Raises:
        ValueError: a word is no number.
    """
    return np.array(text.split(), dtype=np.float64)


def numbers_as_text(values: Iterable[float]) -> str:
    """Return numbers as one text with spaces."""
    return " ".join(
        str(int(value)) if float(value).is_integer() else repr(float(value)) for value in values
    )


def _truths(images: list[Pairs], positions: dict[int, int]) -> NDArray[np.int64]:
    counts = np.zeros(len(positions), dtype=np.int64)
    for pairs in images:
        counts[positions[pairs.image_id]] = np.count_nonzero(~pairs.crowd)
    return counts


def _detections(images: list[Pairs], positions: dict[int, int]) -> dict[str, str]:
    """Return the detections in the order in which the AP counts them."""
    if not images:
        return {"image": "", "hits": "", "ignored": ""}
    outcomes = [match_by_score(pairs) for pairs in images]
    hits, ignored = (
        _BITS @ np.concatenate([outcome[k] for outcome in outcomes], axis=1) for k in (0, 1)
    )
    image = np.repeat([positions[p.image_id] for p in images], [p.num_detections for p in images])
    order = np.argsort(-np.concatenate([pairs.scores for pairs in images]), kind="stable")
    return {
        "image": numbers_as_text(image[order]),
        "hits": numbers_as_text(hits[order]),
        "ignored": numbers_as_text(ignored[order]) if ignored.any() else "",
    }


def _terms(images: list[Pairs], positions: dict[int, int], mode: str) -> dict[str, dict[str, str]]:
    found = {}
    for metric in METRICS:
        terms = getattr(metric, f"{mode}_terms")
        if terms is not None:
            both = np.zeros((2, len(positions)))
            for pairs in images:
                both[:, positions[pairs.image_id]] = terms(pairs)
            found[metric.name] = {
                "over": numbers_as_text(both[0]),
                "under": numbers_as_text(both[1]),
            }
    return found
