"""What own images and labels hold, as far as the settings of a study follow from it."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gains.datasets.audit import CategoryAudit, describe_part
from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.import_labels import Imported
from gains.datasets.labels.recognise import recognise
from gains.datasets.labels.settings import FolderSettings
from gains.masks.overlaps import mask_areas


@dataclass(frozen=True)
class Facts:
    """Facts about a data set. Sizes are in px of the images as they are.

    Attributes:
        imported: format of the labels, and description of images and objects.
        short: median of the shorter sides of the images.
        aspect: largest ratio of the longer to the shorter side of an image.
        small: side of a square with the area of a small object: 9 of 10 objects are larger.
        boxes: short sides of boxes (5 % of them are smaller) and long ones (5 % are larger), as
            shares of the shorter side of their image.
        most: largest number of objects in an image.
        sides: side of a square with the area of the median object, by category.
        labelled: number of images with objects.
    """

    imported: Imported
    short: float
    aspect: float
    small: float
    boxes: tuple[float, float]
    most: int
    sides: dict[int, float]
    labelled: int

    @property
    def images(self) -> int:
        """Number of images."""
        return self.imported.content["images"]

    @property
    def categories(self) -> dict[int, CategoryAudit]:
        """The description of the objects of each class, by its number."""
        found = self.imported.content["categories"].items()
        return {int(number): category for number, category in found}


def facts_of(coco: Path, settings: FolderSettings) -> Facts:
    """Return the facts about a converted data set.

    Args:
        coco: the converted data set.
        settings: the folders that it was made from.

    Raises:
        ValueError: there is no object.
    """
    data = read_coco(coco)
    counts = [len(found) for found in data.annotations.values()]
    imported = Imported(
        recognise(settings).format, describe_part(data, list(data.images.values()), max(counts))
    )
    areas, boxes = _sizes(data)
    sizes = [(image.height, image.width) for image in data.images.values()]
    everything = np.concatenate([np.asarray(found) for found in areas.values()])
    return Facts(
        imported=imported,
        short=statistics.median(min(size) for size in sizes),
        aspect=max(max(size) / min(size) for size in sizes),
        small=float(np.sqrt(np.quantile(everything, 0.1))),
        boxes=(float(np.quantile(boxes, 0.05)), float(np.quantile(boxes, 0.95))),
        most=max(counts),
        sides={number: float(np.sqrt(np.median(found))) for number, found in areas.items()},
        labelled=sum(count > 0 for count in counts),
    )


def _sizes(data: CocoDataset) -> tuple[dict[int, list[float]], list[float]]:
    """Return the areas of the objects by category, and the sides of their boxes as shares."""
    areas: dict[int, list[float]] = {}
    boxes: list[float] = []
    for image in data.images.values():
        instances = data.instances(image.id)
        shorter = min(image.height, image.width)
        boxes += [
            float(np.sqrt((x1 - x0) * (y1 - y0))) / shorter for x0, y0, x1, y1 in instances.boxes
        ]
        for category, area in zip(instances.categories, mask_areas(instances.masks), strict=True):
            areas.setdefault(int(category), []).append(float(area))
    if not areas:
        raise ValueError(f"{data.path}: there is no object in {len(data.images)} images")
    return areas, boxes


def sizes_in_words(facts: Facts) -> str:
    """Return the sizes of the images in words."""
    sizes = Counter(facts.imported.content["image_sizes"]).most_common(3)
    return ", ".join(f"{number} of {size} px" for size, number in sizes)
