"""The objects of the ground truth that figures show, and images chosen by their contact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.split_file import read_split
from gains.figures.drawing.images import candidates
from gains.instances import Instances
from gains.masks.contacts import KINDS, Contact
from gains.masks.meetings import Meeting, meetings_of
from gains.support.registry import nearest


def true_objects(coco: CocoDataset, image: ImageRecord, category: int | None = None) -> Instances:
    """Return the objects of an image, or those of one category; crowd regions are left out."""
    annotations = coco.annotations[image.id]
    kept = [not a.get("iscrowd") and category in (None, int(a["category_id"])) for a in annotations]
    return coco.instances(image.id).select(np.array(kept, dtype=bool))


def chosen_image(
    coco: CocoDataset,
    image: str | None,
    split: Path | None,
    part: str,
    category: int,
    *least: Contact,
) -> ImageRecord:
    """Return the named image, or the first of a part in which objects have a kind of contact.

    Args:
        coco: the data set.
        image: file name, or None.
        split: split file; None for all images.
        part: part of the split.
        category: category of the objects.
        least: kinds of contact; an image with an object of the first or a stronger kind is taken,
            or else one of the second, and so on.

    Raises:
        ValueError: there is no such image, or the named one has no object of the category.
    """
    require_category(coco, category)
    records = coco.by_name([image]) if image else candidates(coco, split, part)
    found = [(record, true_objects(coco, record, category)) for record in records]
    if image and not len(found[0][1]):
        raise ValueError(
            f"image {image!r} has no object of the category {coco.categories[category]!r}; name "
            "another one with --image"
        )
    if image:
        return records[0]
    kinds = [strongest(meetings_of(objects.masks)) for _, objects in found]
    for kind in least:
        for record, strong in zip(records, kinds, strict=True):
            if strong is not None and KINDS.index(strong.kind) >= KINDS.index(kind):
                return record
    where = f" of the part {part!r}" if split else ""
    raise ValueError(
        f"{coco.path}: in none of {len(records)} images{where} are two objects of the "
        f"category {coco.categories[category]!r} in contact ({', '.join(least)} or "
        "stronger); name an image with --image"
    )


def require_category(coco: CocoDataset, category: int) -> None:
    """Refuse a category that a data set lacks.

    Raises:
        ValueError: it lacks the category; the message lists those that it has.
    """
    if category not in coco.categories:
        known = ", ".join(f"{number} ({name})" for number, name in coco.categories.items())
        raise ValueError(f"{coco.path}: there is no category {category}; known: {known}")


def require_in_part(names: Sequence[str], split: Path | None, part: str) -> None:
    """Refuse images that are not in a part of a split; without a split, refuse nothing.

    Raises:
        ValueError: there is such an image.
    """
    if split is None:
        return
    known = read_split(split).names(part)
    for name in names:
        if name not in known:
            raise ValueError(
                f"{split}: image {name!r} is not in the part {part!r}; {nearest(name, known)}name "
                f"one of its {len(known)} images with --image, or leave out --split"
            )


def strongest(meetings: Sequence[Meeting]) -> Meeting | None:
    """Return the meeting of the strongest kind, of equal ones that with the largest box."""

    def rank(meeting: Meeting) -> tuple[int, int]:
        left, top, right, bottom = meeting.box
        return KINDS.index(meeting.kind), (right - left) * (bottom - top)

    return max(meetings, key=rank, default=None)
