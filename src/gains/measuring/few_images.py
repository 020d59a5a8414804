"""The choice of a few images that stand for all images of a split in a measurement."""

from __future__ import annotations

import numpy as np

from gains.datasets.coco import CocoDataset
from gains.datasets.split_file import Fold, Split

FEW = 8
"""Number of images that a measurement reads of a part."""


def few_images(coco: CocoDataset, split: Split, fold: int) -> Fold:
    """Return parts of few images, from the one with the fewest objects to the one with the most.

    Args:
        coco: the data set.
        split: its split.
        fold: fold of the split.

    Raises:
        ValueError: no training image has objects.
    """
    train = _spread(coco, split.names("train", fold), least=1)
    if not train:
        raise ValueError(f"{coco.path}: no training image of fold {fold} has objects")
    return {"train": train, "test": _spread(coco, split.names("test", fold), least=0)}


def _spread(coco: CocoDataset, names: list[str], least: int) -> list[str]:
    """Return names of images in equal steps of the order by number of objects."""
    counts = [
        (len(coco.annotations[record.id]), name)
        for record, name in zip(coco.by_name(names), names, strict=True)
    ]
    ordered = [name for count, name in sorted(counts) if count >= least]
    steps = np.linspace(0, len(ordered) - 1, min(FEW, len(ordered)))
    return [ordered[round(step)] for step in steps]
