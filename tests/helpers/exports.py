"""Predictions with overlaps, holes and several parts, written as `gains predict` writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import ImageRecord
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.files import write_predictions

CATEGORIES = {1: "cell", 4: "nucleus/Kern"}
SIZE = (20, 30)


def masks() -> list[NDArray[np.bool_]]:
    """Return five masks: overlapping discs, one with a hole, two parts, and a single pixel."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    disc = (x - 9) ** 2 + (y - 9) ** 2 < 50
    ring = ((x - 15) ** 2 + (y - 10) ** 2 < 50) & ~((x - 15) ** 2 + (y - 10) ** 2 < 9)
    parts = ((x > 24) & (y < 5)) | ((x > 26) & (y > 15))
    pixel, inner = (x == 0) & (y == 19), (x - 9) ** 2 + (y - 9) ** 2 < 6
    return [disc, ring, parts, pixel, inner]


def objects(scores: list[float]) -> Instances:
    """Return the five masks of two classes with scores."""
    rles = [encode_mask(mask) for mask in masks()]
    return Instances.from_rles(*SIZE, rles, [1, 1, 4, 1, 4], scores)


def write(
    folder: Path, scores: list[float], names: tuple[str, ...] = ("day 1/a.png", "b.tif")
) -> Path:
    """Write predictions in the first image and none in the others; return the file."""
    records = [ImageRecord(k, name, *SIZE) for k, name in enumerate(names, start=1)]
    none = Instances.from_rles(*SIZE, [], [])
    found = [(r, none if k else objects(scores)) for k, r in enumerate(records)]
    info = {"categories": {str(k): name for k, name in CATEGORIES.items()}}
    write_predictions(folder / "det.json.gz", found, info)
    return folder / "det.json.gz"
