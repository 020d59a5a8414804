"""A drawn data set as files, and torchvision's data set that reads it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2
from torchvision.transforms import v2

from gains.datasets.convert import convert


def write_cells(folder: Path, images: int, size: int) -> Path:
    """Write scenes of overlapping cells: a COCO JSON file, an archive of images and image files."""
    coco = folder / "cells.json"
    convert("cells", "synthetic-cells", {"count": images, "size": size, "seed": 0}, coco)
    with zipfile.ZipFile(coco.with_suffix(".zip")) as archive:
        archive.extractall(folder / "images")
    return coco


def torchvision_dataset(coco: Path, model_size: int) -> Any:
    """Return torchvision's data set of these images at the size of the model, flipped at random."""
    transforms = v2.Compose(
        [v2.ToImage(), v2.Resize(model_size, antialias=True), v2.RandomHorizontalFlip(0.5)]
    )
    plain = CocoDetection(str(coco.parent / "images"), str(coco), transforms=transforms)
    return wrap_dataset_for_transforms_v2(plain, target_keys=("boxes", "labels", "masks"))
