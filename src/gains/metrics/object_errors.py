"""Kinds of error of the objects of an image: merged, suppressed, overlap lost, inaccurate, alone.

They follow from the ground truth, from where its objects meet and which pixels they share
(:mod:`gains.masks.contacts`), and from the masks of the detections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gains.masks.columns import ColumnRuns, Ints, common_pixels
from gains.masks.contacts import Contacts, contacts_of
from gains.masks.rle import Rle
from gains.metrics.matching import greedy_by_overlap

FOUND = 0.5
"""An object is found by a detection whose IoU with it is above this."""
NEAR = 0.25
"""A detection whose IoU with an object is above this, and which finds no other, is meant for it."""
ACCURATE = 0.7
"""A detection with an IoU up to this is inaccurate."""
COVERED = 0.5
"""A part of an object is covered if more than this share of its pixels is in the detection."""


class ObjectError(StrEnum):
    """The kinds of error of an object; it has the first that fits.

    merged: one detection covers the object and another one, of each the pixels that no other
    object has; the object is not found by a detection of its own. suppressed: no detection is meant
    for the object, and it overlaps or touches an object that is found. missed: none is meant for
    it, and no object in contact with it is found. overlap lost: its detection covers the pixels
    that it has alone, but not those that it shares with others. inaccurate: the IoU with its
    detection is at most :data:`ACCURATE`.
    """

    merged = "merged"
    suppressed = "suppressed"
    missed = "missed, alone"
    overlap_lost = "overlap lost"
    inaccurate = "inaccurate"


@dataclass(frozen=True)
class ObjectErrors:
    """The errors of an image.

    Attributes:
        kinds: kind of error of each object, or None.
        detections: int64 (G,), index of the detection that is meant for each object; -1 for none.
        false: int64 (F,), indices of the detections that are meant for no object and merge none.
    """

    kinds: tuple[ObjectError | None, ...]
    detections: Ints
    false: Ints


def object_errors(objects: Sequence[Rle], detections: Sequence[Rle]) -> ObjectErrors:
    """Return the kind of error of each object of one image and class.

    Detections are meant for objects one-to-one: pairs with IoU above :data:`NEAR`, the best first.
    Those above :data:`FOUND` are the pairs of F1.

    Args:
        objects: the G objects of the ground truth, without crowd regions.
        detections: the D detections.

    Raises:
        ValueError: the code of a mask is damaged, or masks have different sizes.
    """
    contacts, found = contacts_of(objects), ColumnRuns.of_masks(detections)
    whole = _inside(ColumnRuns.of_masks(objects), found)
    shared = _inside(contacts.doubled, found)
    iou = whole / np.maximum(contacts.areas[:, None] + found.areas - whole, 1)
    meant = np.full(len(objects), -1, dtype=np.int64)
    for g, d in greedy_by_overlap(iou, NEAR):
        meant[g] = d
    has = meant >= 0
    best = np.where(has, iou[np.arange(len(objects)), meant] if iou.size else 0.0, 0.0)
    both = contacts.shared_areas
    covers = _covered(whole - shared, contacts.areas - both), _covered(shared, both)
    merging = covers[0] & (covers[0].sum(axis=0) > 1)
    own, overlap = (_of(part, meant) for part in covers)
    # a detection that finds an object takes it out of the other merged ones
    merged = np.where(best > FOUND, _of(merging, meant), merging.any(axis=1))
    conditions = {
        ObjectError.merged: merged,
        ObjectError.suppressed: ~has & _beside(contacts, best > FOUND),
        ObjectError.missed: ~has,
        ObjectError.overlap_lost: (both > 0) & own & ~overlap,
        ObjectError.inaccurate: best <= ACCURATE,
    }
    kinds = tuple(
        next((kind for kind, fits in conditions.items() if fits[g]), None)
        for g in range(len(objects))
    )
    used = merging.any(axis=0)
    used[meant[has]] = True
    return ObjectErrors(kinds, meant, np.flatnonzero(~used))


def _inside(objects: ColumnRuns, found: ColumnRuns) -> Ints:
    """Return the number of pixels that each object and each detection share, int64 (G, D)."""
    shape = len(objects.left), len(found.left)
    pairs = np.argwhere(np.ones(shape, dtype=bool))
    return common_pixels(objects, found, pairs).reshape(shape)


def _covered(inside: Ints, areas: Ints) -> NDArray[np.bool_]:
    """Return whether a detection covers a part of an object, bool (G, D); never an empty part."""
    return np.asarray(inside > COVERED * areas[:, None])


def _of(table: NDArray[np.bool_], meant: Ints) -> NDArray[np.bool_]:
    """Return the entry (G,) of a table (G, D) for the detection of each object, or False."""
    if not table.size:
        return np.zeros(len(meant), dtype=bool)
    return np.asarray((meant >= 0) & table[np.arange(len(meant)), meant])


def _beside(contacts: Contacts, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which objects are in contact with one that is found, bool (G,)."""
    result = np.zeros_like(found)
    first, second = contacts.pairs.T
    result[first[found[second]]] = True
    result[second[found[first]]] = True
    return result
