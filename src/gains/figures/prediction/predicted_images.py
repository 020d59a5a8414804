"""The images and categories that lists beside prediction files name, for own images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gains.config.base import validated
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.readers.images import Reading
from gains.datasets.records import CocoRecord
from gains.prediction.sidecar import IMAGE_KEYS, read_sidecar, sidecar_path
from gains.support.files import read_json


def info_of(predictions: Path) -> CocoRecord:
    """Return what the list beside a prediction file says about the prediction; empty without it."""
    path = sidecar_path(predictions)
    content = read_json(path) if path.is_file() else {}
    info = content.get("info") if isinstance(content, dict) else None
    return info if isinstance(info, dict) else {}


def dataset_of(files: Sequence[Path], folder: Path) -> CocoDataset:
    """Return predicted images as a data set without an object.

    Args:
        files: prediction files, with the lists of the predicted images beside them.
        folder: folder of the images, for messages.

    Raises:
        ValueError: a file has no list of its images and categories, or two files give one category
            different names.
    """
    categories: dict[int, str] = {}
    for file in files:
        named = info_of(file).get("categories")
        if not isinstance(named, dict) or not named:
            raise ValueError(
                f"{sidecar_path(file)}: expected a list of the predicted images and their "
                "categories, as `gains predict` writes it; predict again, or name the images with "
                "--coco"
            )
        for number, name in ((int(key), str(value)) for key, value in named.items()):
            if categories.setdefault(number, name) != name:
                raise ValueError(
                    f"{file}: category {number} is {name!r}, but {categories[number]!r} in "
                    "another prediction file; draw them in figures of their own"
                )
    entries = read_sidecar(files[0]) or []
    images = [ImageRecord(**{key: entry[key] for key in IMAGE_KEYS}) for entry in entries]
    return CocoDataset(
        str(folder),
        {image.id: image for image in images},
        categories,
        {image.id: [] for image in images},
    )


def reading_of(predictions: Path) -> Reading:
    """Return how the images of a folder were read for their prediction."""
    found = info_of(predictions).get("reading", {})
    return validated(Reading, found, str(sidecar_path(predictions)))
