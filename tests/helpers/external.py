"""Predictions of another program, which tests make from the ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from gains.datasets.coco import CocoDataset
from gains.instances import Instances
from gains.masks.rle import encode_mask
from helpers.coco_files import write_coco

H, W = 20, 30
LEFT, RIGHT = (2, 3, 14, 13), (10, 3, 22, 13)
"""Two cells, left, top, right and bottom, that share the columns 10 to 13: 40 of 120 px each."""


def mask(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return a mask that covers the columns left to right - 1 and the rows top to bottom - 1."""
    result = np.zeros((H, W), dtype=bool)
    result[top:bottom, left:right] = True
    return result


def write_truth(
    path: Path,
    categories: dict[int, str] | None = None,
    names: Sequence[str] = ("a.png", "b.png", "c.png"),
) -> Path:
    """Write images with two cells each, which overlap."""
    cells = Instances.from_rles(H, W, [encode_mask(mask(*box)) for box in (LEFT, RIGHT)], [1, 1])
    pixels = np.full((H, W), 90, np.uint8)
    write_coco(
        path,
        [(name, pixels, cells) for name in names],
        categories or {1: "cell"},
        {"name": path.stem},
    )
    return path


def draw_label_images(truth: CocoDataset, folder: Path, category: int = 1) -> Path:
    """Draw the objects of one class into a label image for each image, in which each pixel has one owner.

    Later objects cover earlier ones, as in the output of programs that cannot draw overlaps.
    """
    for image in truth.images.values():
        values = np.zeros((image.height, image.width), dtype=np.uint16)
        objects = truth.instances(image.id)
        for number, shape in enumerate(objects.stack()[objects.categories == category], start=1):
            values[shape] = number
        path = folder / image.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
    return folder
