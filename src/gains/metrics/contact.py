"""How well the objects of each kind of contact are found, and the pixels that they share.

The kind of an object is its contact with the other objects of its class. A detection has no kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.masks.columns import ColumnRuns, Ints, common_pixels
from gains.masks.contacts import Contact, Contacts, contacts_of, in_batches
from gains.metrics.coco import precision_at_recalls
from gains.metrics.pairs import Pairs

ALL = "all"
"""The objects of every kind."""
KINDS = (ALL, *Contact)
"""All objects, and the kinds of contact; an object's kind has the index 1 or more."""
RECALLS = {"R50": 0.5, "R75": 0.75}
"""Recalls, by the IoU that the pair of an object must exceed."""
PRECISIONS = {"AP50": 0, "AP75": 5}
"""Average precisions, by the row of their IoU threshold."""
REGIONS = ("overlap region", "rest of object")
UNMATCHED = "unmatched detections"
TERMS = (*(f"{name} {kind}" for kind in KINDS for name in RECALLS), *REGIONS, UNMATCHED)
"""The names of all quotients."""


@dataclass(frozen=True)
class ContactTerms:
    """What the scores by contact of a class are computed from.

    Attributes:
        kinds: int64 (G,), kind of each object of all images as an index of :data:`KINDS`.
        terms: the two terms of every quotient, by its name, int64 (2, images).
        overlapping: int64 (images,), number of objects behind :data:`REGIONS`: those that overlap
            and are matched.
    """

    kinds: Ints
    terms: dict[str, Ints]
    overlapping: Ints


def contact_terms(images: Sequence[Pairs]) -> ContactTerms:
    """Compute the terms of every quotient of a class; see docs/metrics.md.

    Args:
        images: the images in clean mode, without crowd regions.
    """
    batches = [_terms(images[part]) for part in in_batches([p.num_truths for p in images])]
    if not batches:
        nothing = np.zeros(0, dtype=np.int64)
        return ContactTerms(nothing, {name: np.stack([nothing] * 2) for name in TERMS}, nothing)
    return ContactTerms(
        np.concatenate([batch.kinds for batch in batches]),
        {name: np.hstack([batch.terms[name] for batch in batches]) for name in TERMS},
        np.concatenate([batch.overlapping for batch in batches]),
    )


def term(name: str, kind: str) -> str:
    """Return the name of a value of one kind, e.g. ``R50 crossing``."""
    return f"{name} {kind}"


def _terms(images: Sequence[Pairs]) -> ContactTerms:
    image = np.repeat(np.arange(len(images)), [pairs.num_truths for pairs in images])
    contacts = contacts_of([mask for pairs in images for mask in pairs.masks], image)
    kinds, matches = contacts.kinds + 1, _Matches.of(images)
    regions, overlapping = _regions(images, contacts, matches)
    detections = np.array([pairs.num_detections for pairs in images], dtype=np.int64)
    matched = np.bincount(matches.image, minlength=len(images))
    terms = {**regions, UNMATCHED: np.stack([detections - matched, detections])}
    whole = _by_kind(kinds, image, len(images))
    for name, above in RECALLS.items():
        truths = matches.truth[matches.iou > above]
        found = _by_kind(kinds[truths], image[truths], len(images))
        for number, kind in enumerate(KINDS):
            terms[term(name, kind)] = np.stack([found[number], whole[number]])
    return ContactTerms(kinds, terms, overlapping)


def _by_kind(kinds: Ints, image: Ints, images: int) -> Ints:
    """Return how many objects of each kind each image has, int64 (kinds, images)."""
    counts = np.bincount(kinds * images + image, minlength=len(KINDS) * images)
    table = counts.reshape(len(KINDS), images)
    table[0] = table.sum(axis=0)
    return table


@dataclass(frozen=True)
class _Matches:
    """The M matched objects of images.

    Attributes:
        image: int64 (M,), position of the image.
        detection: int64 (M,), index in the image.
        truth: int64 (M,), index among the objects of all images.
        iou: float64 (M,).
        intersection: int64 (M,), px.
    """

    image: Ints
    detection: Ints
    truth: Ints
    iou: NDArray[np.float64]
    intersection: Ints

    @classmethod
    def of(cls, images: Sequence[Pairs]) -> _Matches:
        counts = [len(pairs.iou_matches) for pairs in images]
        image = np.repeat(np.arange(len(images)), counts)
        matches = [match for pairs in images for match in pairs.iou_matches]
        detection, truth = np.array(matches, dtype=np.int64).reshape(-1, 2).T
        iou, intersection = (
            [
                matrix[match]
                for matrix, pairs in zip(matrices, images, strict=True)
                for match in pairs.iou_matches
            ]
            for matrices in ([p.iou for p in images], [p.intersection for p in images])
        )
        objects = np.array([pairs.num_truths for pairs in images], dtype=np.int64)
        truth = truth + (np.cumsum(objects) - objects)[image]
        return cls(image, detection, truth, np.array(iou), np.array(intersection, dtype=np.int64))


def _regions(
    images: Sequence[Pairs], contacts: Contacts, matches: _Matches
) -> tuple[dict[str, Ints], Ints]:
    """Return the covered and all pixels of both regions, and the number of objects behind them."""
    some = np.flatnonzero(contacts.shared_areas[matches.truth] > 0)
    image, truth = matches.image[some], matches.truth[some]
    places = zip(image.tolist(), matches.detection[some].tolist(), strict=True)
    found = ColumnRuns.of_masks([images[k].detection_masks[d] for k, d in places])
    inside = common_pixels(contacts.doubled, found, np.column_stack([truth, np.arange(len(some))]))
    shared, areas = contacts.shared_areas[truth], contacts.areas[truth]
    terms = [[inside, shared], [matches.intersection[some] - inside, areas - shared]]
    sums = (
        np.array([np.bincount(image, pixels, len(images)) for pixels in both]).astype(np.int64)
        for both in terms
    )
    return dict(zip(REGIONS, sums, strict=True)), np.bincount(image, minlength=len(images))


def precision_by_contact(images: Sequence[Pairs], kinds: Ints) -> dict[str, float | None]:
    """Return AP50 and AP75 of the objects of each kind; None for a kind without objects.

    The matching is that of the AP. Detections that are matched with an object of another kind, or
    with a crowd region, are ignored. An unmatched detection has no kind, so each kind carries a
    share of it: its share of the objects. With n objects, F false detections and recall R of the
    kind, the precision is R n / (R n + F) (Hoiem et al., ECCV 2012).

    Args:
        images: pairs of each image, in order of image id.
        kinds: int64 (G,), kind of each object as an index of :data:`KINDS`, without crowd regions.
    """
    counts = np.bincount(kinds, minlength=len(KINDS))
    counts[0] = total = len(kinds)
    order = np.argsort(-np.concatenate([np.zeros(0), *(p.scores for p in images)]), kind="stable")
    matched = _matched_kinds(images, kinds)[:, order]
    values: dict[str, float | None] = {}
    for name, ranked in zip(PRECISIONS, matched, strict=True):
        false = np.cumsum(ranked == _UNMATCHED)
        for number, kind in enumerate(KINDS):
            values[term(name, kind)] = None
            if counts[number]:
                true = np.cumsum(ranked == number if number else ranked > 0)
                recall = true / int(counts[number])
                precision = recall * total / (recall * total + false + np.spacing(1))
                values[term(name, kind)] = precision_at_recalls(recall, precision)
    return values


_UNMATCHED, _IGNORED = -1, -2


def _matched_kinds(images: Sequence[Pairs], kinds: Ints) -> Ints:
    """Return the kind of the object that each detection is matched with, or why there is none.

    Returns:
        int64 (AP50 and AP75, detections).
    """
    crowd = np.concatenate([np.zeros(0, dtype=bool), *(pairs.crowd for pairs in images)])
    of_truth = np.full(len(crowd) + 1, _IGNORED, dtype=np.int64)
    of_truth[:-1][~crowd] = kinds
    of_truth[-1] = _UNMATCHED
    rows = list(PRECISIONS.values())
    nothing = np.zeros((len(rows), 0), dtype=np.int64)
    matches = np.hstack([nothing, *(pairs.score_matches[rows] for pairs in images)])
    truths = np.array([pairs.num_truths for pairs in images], dtype=np.int64)
    before = np.repeat(np.cumsum(truths) - truths, [pairs.num_detections for pairs in images])
    return np.asarray(of_truth[np.where(matches < 0, -1, matches + before)])
