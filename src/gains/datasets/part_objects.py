"""The objects in the parts of a split; a part without any fails in training or in scoring."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

from gains.datasets.coco import CocoDataset
from gains.datasets.split_file import Fold

logger = logging.getLogger(__name__)

LABELLED = ("train", "val", "test")
"""The parts whose objects are learnt or scored."""
Labels = Mapping[str, Collection[str]]
"""The names of the categories of each image's objects, by file name."""


def labels_of(coco: CocoDataset) -> dict[str, set[str]]:
    """Return the categories of the objects of each image; crowd regions are no objects."""
    return {
        image.file_name: {
            coco.categories[int(a["category_id"])]
            for a in coco.annotations[image.id]
            if not a.get("iscrowd")
        }
        for image in coco.images.values()
    }


def parts_without_object(folds: Sequence[Fold], labels: Labels) -> list[tuple[int, str]]:
    """Return the fold and the part of each part that lists images, none of which has an object."""
    return [
        (number, part)
        for number, part, names in _labelled(folds)
        if not any(labels[name] for name in names)
    ]


def warn_of_absent_categories(folds: Sequence[Fold], labels: Labels) -> None:
    """Log which categories have no object in a part although the data set has some."""
    every = {category for image in labels.values() for category in image}
    effects = {
        "train": "the models do not learn them",
        "test": "they get no score, and no mean over categories contains them",
    }
    for number, part, names in _labelled(folds):
        absent = sorted(every.difference(*(labels[name] for name in names)))
        if absent and part in effects:
            logger.warning(
                "fold %d: %s has no object of %d of the %d categories (%s): %s",
                number,
                part,
                len(absent),
                len(every),
                ", ".join(absent),
                effects[part],
            )


def _labelled(folds: Sequence[Fold]) -> Iterator[tuple[int, str, list[str]]]:
    for number, fold in enumerate(folds):
        for part in LABELLED:
            if fold[part]:
                yield number, part, fold[part]
