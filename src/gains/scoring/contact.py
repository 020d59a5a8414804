"""The block ``contact`` of a score file: scores of the objects of each kind of contact."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from gains.masks.columns import Ints
from gains.metrics.contact import contact_terms, precision_by_contact
from gains.metrics.pairs import Pairs
from gains.scoring.pairing import ByClass


class ContactBlock(TypedDict):
    """The scores of a class by contact; a list of numbers is one text.

    Attributes:
        terms: for each value, by its name, ``over`` and ``under``: the two terms of every image,
            of which the value is the quotient of the sums.
        precision: AP50 and AP75 of each kind.
        overlapping: number of objects of every image that overlap and are found.
    """

    terms: dict[str, dict[str, str]]
    precision: dict[str, float | None]
    overlapping: str


def contact_block(
    image_ids: list[int], everything: ByClass, cleaned: ByClass
) -> dict[str, ContactBlock]:
    """Return the scores by contact of every class, by category id as text.

    Args:
        image_ids: the scored images, in order of id.
        everything: pairs of every class, for the AP.
        cleaned: pairs of every class in clean mode.
    """
    return {
        str(category): _of_class(image_ids, images, cleaned[category])
        for category, images in everything.items()
    }


def _of_class(image_ids: list[int], everything: list[Pairs], cleaned: list[Pairs]) -> ContactBlock:
    found = contact_terms(cleaned)
    positions = {image_id: k for k, image_id in enumerate(image_ids)}
    places = np.array([positions[pairs.image_id] for pairs in cleaned], dtype=np.int64)

    def text(values: Ints) -> str:
        every = np.zeros(len(image_ids), dtype=np.int64)
        every[places] = values
        return " ".join(map(str, every.tolist()))

    return {
        "terms": {
            name: {"over": text(over), "under": text(under)}
            for name, (over, under) in found.terms.items()
        },
        "precision": precision_by_contact(everything, found.kinds),
        "overlapping": text(found.overlapping),
    }
