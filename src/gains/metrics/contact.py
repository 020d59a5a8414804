"""How well the objects of each kind of contact are found, and the pixels that they share.

The kind of an object is its contact with the other objects of its class. A detection has no kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.masks.contacts import Contact, Contacts, contacts_of
from gains.masks.windows import overlap_of, window_of
from gains.metrics.coco import precision_at_recalls
from gains.metrics.pairs import Pairs

ALL = "all"
"""The objects of every kind."""
KINDS = (ALL, *Contact)
RECALLS = {"R50": 0.5, "R75": 0.75}
"""Recalls, by the IoU that the pair of an object must exceed."""
PRECISIONS = {"AP50": 0, "AP75": 5}
"""Average precisions, by the row of their IoU threshold."""
REGIONS = ("overlap region", "rest of object")
UNMATCHED = "unmatched detections"
TERMS = (*(f"{name} {kind}" for kind in KINDS for name in RECALLS), *REGIONS, UNMATCHED)
"""The names of all quotients."""


@dataclass(frozen=True)
class ImageContacts:
    """The objects of one image and class, without crowd regions.

    Attributes:
        contacts: contact between the G objects.
        kinds: int64 (G,), kind of each as an index of :data:`KINDS`.
    """

    contacts: Contacts
    kinds: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Pairs) -> ImageContacts:
        """Find the contacts of the ground truths of an image."""
        objects = [mask for mask, crowd in zip(pairs.masks, pairs.crowd, strict=True) if not crowd]
        contacts = contacts_of([window_of(mask) for mask in objects])
        kinds = [KINDS.index(kind) for kind in contacts.kinds()]
        return cls(contacts, np.array(kinds, dtype=np.int64))


def contact_terms(pairs: Pairs, beside: ImageContacts) -> dict[str, tuple[int, int]]:
    """Return the two terms of every quotient of one image; see docs/metrics.md.

    Args:
        pairs: the image in clean mode, without crowd regions.
        beside: contacts of its ground truths.
    """
    best = np.zeros(pairs.num_truths)
    for detection, truth in pairs.iou_matches:
        best[truth] = pairs.iou[detection, truth]
    terms: dict[str, tuple[int, int]] = {}
    for number, kind in enumerate(KINDS):
        members = best[beside.kinds == number] if kind != ALL else best
        for name, above in RECALLS.items():
            terms[term(name, kind)] = int((members > above).sum()), len(members)
    terms |= zip(REGIONS, _regions(pairs, beside.contacts), strict=True)
    unmatched = pairs.num_detections - len(pairs.iou_matches)
    return {**terms, UNMATCHED: (unmatched, pairs.num_detections)}


def term(name: str, kind: str) -> str:
    """Return the name of a value of one kind, e.g. ``R50 crossing``."""
    return f"{name} {kind}"


def overlapping_found(pairs: Pairs, beside: ImageContacts) -> int:
    """Return the number of objects behind :data:`REGIONS`: those that overlap and are matched."""
    return int((beside.contacts.shared_areas[[g for _, g in pairs.iou_matches]] > 0).sum())


def _regions(pairs: Pairs, contacts: Contacts) -> list[tuple[int, int]]:
    """Return the covered pixels and all pixels of both regions, over the matched objects."""
    covered, whole = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    for detection, truth in pairs.iou_matches:
        shared = int(contacts.shared_areas[truth])
        if not shared:
            continue
        found = window_of(pairs.detection_masks[detection])
        common = overlap_of(contacts.windows[truth], found)
        if common is not None:
            place, _, both = common
            inside = int((both & contacts.shared_masks[truth][place]).sum())
            covered += inside, int(pairs.intersection[detection, truth]) - inside
        whole += shared, int(contacts.areas[truth]) - shared
    return list(zip(covered.tolist(), whole.tolist(), strict=True))


def precision_by_contact(
    images: Sequence[Pairs], beside: Sequence[ImageContacts]
) -> dict[str, float | None]:
    """Return AP50 and AP75 of the objects of each kind; None for a kind without objects.

    The matching is that of the AP. Detections that are matched with an object of another kind, or
    with a crowd region, are ignored. An unmatched detection has no kind, so each kind carries a
    share of it: its share of the objects. With n objects, F false detections and recall R of the
    kind, the precision is R n / (R n + F) (Hoiem et al., ECCV 2012).

    Args:
        images: pairs of each image, in order of image id.
        beside: contacts of each.
    """
    kinds = np.concatenate([np.zeros(0, dtype=np.int64), *(found.kinds for found in beside)])
    counts = np.bincount(kinds, minlength=len(KINDS))
    counts[0] = total = len(kinds)
    order = np.argsort(-np.concatenate([np.zeros(0), *(p.scores for p in images)]), kind="stable")
    values: dict[str, float | None] = {}
    for name, row in PRECISIONS.items():
        matched = [_matched_kinds(p, found, row) for p, found in zip(images, beside, strict=True)]
        ranked = np.concatenate([np.zeros(0, dtype=np.int64), *matched])[order]
        false = np.cumsum(ranked == _UNMATCHED)
        for number, kind in enumerate(KINDS):
            true = np.cumsum(ranked == number if number else ranked > 0)
            recall = true / max(int(counts[number]), 1)
            precision = recall * total / (recall * total + false + np.spacing(1))
            known = counts[number] > 0
            values[term(name, kind)] = precision_at_recalls(recall, precision) if known else None
    return values


_UNMATCHED, _IGNORED = -1, -2


def _matched_kinds(pairs: Pairs, beside: ImageContacts, row: int) -> NDArray[np.int64]:
    """Return the kind of the object that each detection is matched with, or why there is none."""
    of_truth = np.full(pairs.num_truths + 1, _IGNORED, dtype=np.int64)
    of_truth[:-1][~pairs.crowd] = beside.kinds
    of_truth[-1] = _UNMATCHED
    return np.asarray(of_truth[pairs.score_matches[row]])
