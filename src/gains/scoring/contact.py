"""The block ``contact`` of a score file: scores of the objects of each kind of contact."""

from __future__ import annotations

from typing import TypedDict

from gains.metrics.contact import (
    TERMS,
    ImageContacts,
    contact_terms,
    overlapping_found,
    precision_by_contact,
)
from gains.metrics.pairs import Pairs
from gains.scoring.pairing import ByClass
from gains.scoring.resampling import numbers_as_text


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
    beside = {pairs.image_id: ImageContacts.of(pairs) for pairs in everything}
    terms = {p.image_id: contact_terms(p, beside[p.image_id]) for p in cleaned}
    found = {p.image_id: overlapping_found(p, beside[p.image_id]) for p in cleaned}
    texts = {
        name: {
            part: numbers_as_text(
                terms[image][name][k] if image in terms else 0 for image in image_ids
            )
            for k, part in enumerate(("over", "under"))
        }
        for name in TERMS
    }
    return {
        "terms": texts,
        "precision": precision_by_contact(everything, list(beside.values())),
        "overlapping": numbers_as_text(found.get(image, 0) for image in image_ids),
    }
