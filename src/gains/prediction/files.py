"""Predictions as a COCO result list: read, checked against a ground truth, grouped."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from gains.datasets.coco import CocoDataset
from gains.datasets.records import integer, whole
from gains.masks.rle import Rle
from gains.masks.segmentation import to_rle, valid_rles
from gains.support.files import read_json

KEYS = ("image_id", "category_id", "segmentation", "score")
NEEDED = frozenset(KEYS)


class Detection(NamedTuple):
    """One detection.

    Args:
        score: in [0, 1]; detections are ranked by it.
        mask: compressed RLE.
        box_score: in [0, 1]; score thresholds act on it. Equal to ``score`` but for methods that
            rank by another (Mask Scoring R-CNN).
    """

    score: float
    mask: Rle
    box_score: float


Detections = list[Detection]
"""The detections of one image and category, in file order."""


def read_predictions(path: str | Path) -> list[dict[str, Any]]:
    """Read a COCO result list, plain or gzip. An empty list is legitimate.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not complete JSON or not a list.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise ValueError(
            f"{path}: expected a COCO result list (one entry per detection), "
            f"found {type(content).__name__}"
        )
    return content


def group_predictions(
    predictions: list[dict[str, Any]], truth: CocoDataset
) -> dict[tuple[int, int], Detections]:
    """Check every detection and group them by (image id, category id).

    Raises:
        ValueError: a key is missing; an image or category is not in the ground truth; a mask is
            malformed or of another size than its image; a score is not in [0, 1]. The entry is
            named.
    """
    groups: dict[tuple[int, int], Detections] = defaultdict(list)
    known = _valid_masks(predictions, truth)
    for number, record in enumerate(predictions):
        try:
            image_id, category, detection = _check(record, truth, known.get(number))
        except ValueError as error:
            raise ValueError(f"prediction {number}: {error}") from error
        groups[image_id, category].append(detection)
    return groups


def _valid_masks(predictions: list[Any], truth: CocoDataset) -> dict[int, Rle]:
    """Return the masks that need no closer look, by the number of their entry."""
    numbers, segmentations, sizes = [], [], []
    for number, record in enumerate(predictions):
        image_id = record.get("image_id") if isinstance(record, dict) else None
        image = truth.images.get(image_id) if type(image_id) is int else None
        if image is not None:
            numbers.append(number)
            segmentations.append(record.get("segmentation"))
            sizes.append((image.height, image.width))
    found = zip(numbers, valid_rles(segmentations, sizes), strict=True)
    return {number: rle for number, rle in found if rle is not None}


def _check(record: Any, truth: CocoDataset, known: Rle | None) -> tuple[int, int, Detection]:
    if not isinstance(record, dict) or not record.keys() >= NEEDED:
        found = ", ".join(map(str, record)) if isinstance(record, dict) else type(record).__name__
        raise ValueError(f"expected the keys {', '.join(KEYS)}, found {found}")
    image_id, category = whole(record, "image_id"), whole(record, "category_id")
    image = truth.images.get(image_id)
    if image is None:
        raise ValueError(
            f"image {image_id} is not among the {len(truth.images)} images that are "
            f"scored of {truth.path}; the predictions belong to other images"
        )
    if category not in truth.categories:
        raise ValueError(
            f"category {category} is not in {truth.path}, which has {sorted(truth.categories)}"
        )
    score = _share(record["score"], "score")
    box_score = _share(record["box_score"], "box_score") if "box_score" in record else score
    rle = known or to_rle(record["segmentation"], image.height, image.width)
    return image_id, category, Detection(score, rle, box_score)


def _share(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a {name} in [0, 1], found {value!r}")
    if math.isnan(value) or not 0 <= value <= 1:
        raise ValueError(f"expected a {name} in [0, 1], found {value}")
    return float(value)


def sidecar_path(predictions: str | Path) -> Path:
    """Return where the list of predicted images lies: ``x.json[.gz]`` -> ``x.images.json``."""
    path = Path(predictions)
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".json") + ".images.json")


def check_sidecar(predictions: str | Path, truth: CocoDataset) -> None:
    """Refuse predictions made for other images than the ground truth's, where a sidecar tells.

    The sidecar lists id, file_name, height and width of every image that was predicted.

    Raises:
        ValueError: an entry differs from the ground truth's record of that id, or an image of
            the ground truth was not predicted; the first difference is named.
    """
    path = sidecar_path(predictions)
    if not path.is_file():
        return
    entries = read_json(path)
    wanted = {"id", "file_name", "height", "width"}
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and wanted <= set(entry) for entry in entries
    ):
        raise ValueError(f"{path}: expected a list of {', '.join(sorted(wanted))}; predict again")
    listed: set[int] = set()
    for entry in entries:
        image = truth.images.get(integer(entry, "id", f"{path}: an entry"))
        if image is None:
            raise ValueError(
                f"{path}: image {entry['id']} ({entry['file_name']}) was predicted, but is not "
                f"among the {len(truth.images)} images that are scored of {truth.path}"
            )
        for key in ("file_name", "height", "width"):
            if entry[key] != getattr(image, key):
                raise ValueError(
                    f"{path}: image {image.id} has {key} {entry[key]!r}, but "
                    f"{getattr(image, key)!r} in {truth.path}; the predictions belong to another "
                    "data set"
                )
        listed.add(image.id)
    missing = [image for image in truth.images.values() if image.id not in listed]
    if missing:
        raise ValueError(
            f"{path}: {len(missing)} of {len(truth.images)} images of {truth.path} were not "
            f"predicted, first {missing[0].file_name!r}; predict them too, or name the split and "
            "part that were predicted"
        )
