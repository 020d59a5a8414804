"""The prediction file: a COCO result list, and beside it the list of the predicted images.

An entry of the result list holds ``image_id``, ``category_id``, ``segmentation`` (RLE or
polygons) and ``score``. A method that ranks its detections by another score than its box score
(Mask Scoring R-CNN) also writes ``box_score``, to which score thresholds then apply.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.records import CocoRecord, whole
from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.segmentation import is_number, to_rle, valid_rles
from gains.masks.units import refuse_shares
from gains.prediction.sidecar import predicted_images, write_sidecar
from gains.support.files import json_bytes, read_json, written_last

KEYS = ("image_id", "category_id", "segmentation", "score")
NEEDED = frozenset(KEYS)
BOX_SCORE = "box_score"

Predictions = dict[int, Instances]
"""The detections by image id, in file order, for the images that have any."""


def write_predictions(
    path: Path,
    predicted: Iterable[tuple[ImageRecord, Instances]],
    info: CocoRecord,
    tiles: Mapping[int, CocoRecord] = MappingProxyType({}),
) -> tuple[int, int]:
    """Write the result list and, beside it, the list of the images.

    Args:
        path: path of the result list, which is compressed if the name ends in ``.gz``.
        predicted: every image that was predicted, also those without a detection.
        info: how the predictions were made, for the list of the images.
        tiles: how the images that were cut into tiles were cut, by image id, for that list.

    Returns:
        The number of detections and the number of images.
    """
    entries: list[CocoRecord] = []
    images: list[ImageRecord] = []
    for record, instances in predicted:
        entries += _entries(record.id, instances)
        images.append(record)
    with written_last(path, json_bytes(path, entries, indent=None)):
        write_sidecar(path, images, info, tiles)
    return len(entries), len(images)


def _entries(image_id: int, instances: Instances) -> list[CocoRecord]:
    return [
        {
            "image_id": image_id,
            "category_id": int(instances.categories[k]),
            "segmentation": instances.masks[k],
            "bbox": [round(float(v), 3) for v in (x0, y0, x1 - x0, y1 - y0)],
            "score": float(instances.scores[k]),
            **{name: values[k] for name, values in instances.extra.items()},
        }
        for k, (x0, y0, x1, y1) in enumerate(instances.boxes)
    ]


def as_predictions(predicted: Iterable[tuple[ImageRecord, Instances]]) -> Predictions:
    """Return detections in memory as :func:`read_predictions` returns those of a file."""
    return {
        record.id: replace(found, extra={BOX_SCORE: found.scores.tolist(), **found.extra})
        for record, found in predicted
    }


def read_predictions(path: str | Path, truth: CocoDataset) -> Predictions:
    """Read a COCO result list, plain or gzip, and check it. An empty list is allowed.

    If there is a list of the predicted images beside the file, their names say which images of the
    ground truth they are; else their ids do.

    Args:
        path: the file.
        truth: the images and categories that it may name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not complete JSON or not a list, or :func:`parse_predictions` or
            :func:`predicted_images` refuses an entry.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise ValueError(
            f"{path}: expected a COCO result list (one entry per detection), "
            f"found {type(content).__name__}"
        )
    images = predicted_images(path, truth) or {}
    try:
        if any(number != image.id for number, image in images.items()):
            content = [_renumbered(k, entry, images) for k, entry in enumerate(content)]
        return parse_predictions(content, truth)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _renumbered(position: int, entry: Any, images: dict[int, ImageRecord]) -> Any:
    """Return an entry with the ground truth's id of its image; others are refused later."""
    number = entry.get("image_id") if isinstance(entry, dict) else None
    if not is_number(number):
        return entry
    if number not in images:
        raise ValueError(
            f"prediction {position}: image {number} is not in the list of predicted images beside "
            "the file; predict again"
        )
    return {**entry, "image_id": images[number].id}


def parse_predictions(entries: list[CocoRecord], truth: CocoDataset) -> Predictions:
    """Check every entry of a COCO result list, and return the detections by image.

    The box score of each detection is in ``extra``. It equals the score if the entry has none.

    Args:
        entries: the result list.
        truth: the images and categories that it may name.

    Raises:
        ValueError: a key is missing; an image or category is not in the ground truth; a mask is
            malformed or of another size than its image; a score is not in [0, 1]; all polygons are
            in another unit than px. The message names the entry.
    """
    valid = _valid_masks(entries, truth)
    by_image: dict[int, list[_Detection]] = {}
    for number, entry in enumerate(entries):
        try:
            image_id, detection = _check(entry, truth, valid.get(number))
        except ValueError as error:
            raise ValueError(f"prediction {number}: {error}") from error
        by_image.setdefault(image_id, []).append(detection)
    refuse_shares((entry["segmentation"] for entry in entries), "predictions")
    return {
        image_id: _instances(truth.images[image_id], detections)
        for image_id, detections in by_image.items()
    }


def box_scores(instances: Instances) -> NDArray[np.float64]:
    """Return the scores that thresholds apply to, float64 (N,) in [0, 1]."""
    return np.asarray(instances.extra[BOX_SCORE], dtype=np.float64)


class _Detection(NamedTuple):
    mask: Rle
    category: int
    score: float
    box_score: float


def _instances(image: ImageRecord, detections: list[_Detection]) -> Instances:
    masks, categories, scores, thresholded = (
        list(column) for column in zip(*detections, strict=True)
    )
    return Instances.from_rles(
        image.height,
        image.width,
        masks,
        categories,
        scores,
        extra={BOX_SCORE: thresholded},
    )


def _valid_masks(entries: list[Any], truth: CocoDataset) -> dict[int, Rle]:
    """Return the masks that need no further check, by the index of their entry."""
    indices, segmentations, sizes = [], [], []
    for index, entry in enumerate(entries):
        image_id = entry.get("image_id") if isinstance(entry, dict) else None
        image = truth.images.get(image_id) if type(image_id) is int else None
        if image is not None:
            indices.append(index)
            segmentations.append(entry.get("segmentation"))
            sizes.append((image.height, image.width))
    rles = zip(indices, valid_rles(segmentations, sizes), strict=True)
    return {index: rle for index, rle in rles if rle is not None}


def _check(entry: Any, truth: CocoDataset, valid: Rle | None) -> tuple[int, _Detection]:
    if not isinstance(entry, dict) or not entry.keys() >= NEEDED:
        found = ", ".join(map(str, entry)) if isinstance(entry, dict) else type(entry).__name__
        raise ValueError(f"expected the keys {', '.join(KEYS)}, found {found}")
    image_id, category = whole(entry, "image_id"), whole(entry, "category_id")
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
    score = _share(entry["score"], "score")
    box_score = _share(entry[BOX_SCORE], BOX_SCORE) if BOX_SCORE in entry else score
    rle = valid or to_rle(entry["segmentation"], image.height, image.width)
    return image_id, _Detection(rle, category, score, box_score)


def _share(value: Any, name: str) -> float:
    if not is_number(value) or math.isnan(value) or not 0 <= value <= 1:
        raise ValueError(f"expected a {name} in [0, 1], found {value!r}")
    return float(value)
