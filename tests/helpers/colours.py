"""A data set of coloured images, in which flips, colours and categories cannot be confused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.support.files import write_json
from helpers.coco_files import write_coco
from helpers.tiny import Tiny

SIZE = (40, 60)
"""Height and width of each image, px."""
CATEGORIES = {8: "high", 3: "low"}
"""Names by id, not in the order of the ids."""


def pixels_of(number: int) -> NDArray[np.uint8]:
    """Return image ``number``: red, green and blue differ, and the top left corner is black."""
    pixels = np.zeros((*SIZE, 3), dtype=np.uint8)
    pixels[:] = (200, 100, 10 + 10 * number)
    pixels[:5, :8] = 0
    return pixels


def coloured(folder: Path, count: int = 6) -> Tiny:
    """Write the data set; each image has an object of category 8, then one of category 3."""

    def images() -> Iterator[tuple[str, NDArray[np.uint8], Instances]]:
        for number in range(count):
            masks = [np.zeros(SIZE, dtype=bool) for _ in range(2)]
            masks[0][4:14, 6:30] = True
            masks[1][20:36, 40 : 50 + number] = True
            rles = [encode_mask(mask) for mask in masks]
            yield f"{number}.png", pixels_of(number), Instances.from_rles(*SIZE, rles, [8, 3])

    made = Tiny(folder / "coloured.json", folder / "split.json", folder / "maps.npz")
    write_coco(made.coco, images(), CATEGORIES, {})
    names = [f"{number}.png" for number in range(count)]
    folds = [
        {"train": names[:4], "val": [], "test": names[4:], "unlabelled": []},
        {"train": names[2:], "val": [], "test": names[:2], "unlabelled": []},
    ]
    write_json(made.split, {"dataset": "coloured", "generator": {}, "folds": folds})
    return made
