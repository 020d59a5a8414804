"""Predictions in COCO files: a result list, or a data set whose annotations are the detections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gains.datasets.coco import CocoDataset
from gains.datasets.records import CocoRecord, flag, integer, record_list
from gains.external.base import External, KnownImages, category_id
from gains.instances import Instances
from gains.prediction.files import BOX_SCORE, box_scores, parse_predictions
from gains.prediction.sidecar import read_sidecar, sidecar_path
from gains.support.files import read_json

RESULTS = "COCO results"
BY_ID = (
    "the list does not name its images, so their ids were taken as those of the ground truth; the "
    "list of predicted images beside it (.images.json) would name them"
)


class _Content(NamedTuple):
    """Detections, with the images and classes that they name.

    Attributes:
        entries: a record for each detection.
        images: ids in the ground truth by the ids of the file; None if these are the same.
        categories: names by the ids of the file; None if these are ids of the ground truth.
        remarks: what was read by a rule.
    """

    entries: list[Any]
    images: dict[int, int] | None
    categories: Mapping[int, str] | None
    remarks: tuple[str, ...] = ()


def is_coco(content: Any) -> bool:
    """Return whether JSON is a COCO result list, or a COCO data set."""
    if isinstance(content, list):
        return not any(
            isinstance(entry, dict) and entry.get("type") == "Feature" for entry in content
        )
    return isinstance(content, dict) and {"images", "annotations", "categories"} <= content.keys()


def read_coco_results(path: Path, content: Any, truth: CocoDataset) -> External:
    """Return the predictions in the content of a COCO file.

    Args:
        path: the file, for messages; the list of the predicted images may be beside it.
        content: its JSON, see :func:`is_coco`.
        truth: the ground truth.

    Raises:
        ValueError: an entry is malformed, names an image or class that the ground truth lacks, has
            a mask of another size, or has no score although others have one.
    """
    found = (
        _result_list(path, content, truth)
        if isinstance(content, list)
        else _data_set(path, content, truth)
    )
    scored = _scored(found.entries, path)
    try:
        entries = [_translated(k, e, found, truth, path) for k, e in enumerate(found.entries)]
        predictions = parse_predictions(entries, truth)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(f"{path}: ") else f"{path}: {text}") from error
    listed = None if found.images is None else frozenset(found.images.values())
    plain = {number: _plain(instances) for number, instances in predictions.items()}
    return External(RESULTS, plain, listed, scored, found.remarks)


def _result_list(path: Path, entries: list[Any], truth: CocoDataset) -> _Content:
    listed = read_sidecar(path)
    if listed is None:
        return _Content(entries, None, None, (BY_ID,))
    beside = sidecar_path(path)
    info = read_json(beside).get("info")
    stated = info.get("categories") if isinstance(info, dict) else None
    names = None
    if isinstance(stated, dict):
        names = {int(key): str(name) for key, name in stated.items() if key.isdecimal()}
    return _Content(entries, _images(listed, beside, truth), names)


def _data_set(path: Path, content: CocoRecord, truth: CocoDataset) -> _Content:
    images, annotations, categories = (
        record_list(content, key, path) for key in ("images", "annotations", "categories")
    )
    names = {
        integer(record, "id", f"{path}: a category"): str(record.get("name", ""))
        for record in categories
    }
    crowds = [bool(flag(a, "iscrowd", f"{path}: an annotation")) for a in annotations]
    kept = [a for a, crowd in zip(annotations, crowds, strict=True) if not crowd]
    remark = f"annotations with iscrowd 1, which are no single objects, were dropped: {sum(crowds)}"
    return _Content(kept, _images(images, path, truth), names, (remark,) if any(crowds) else ())


def _images(records: list[CocoRecord], path: Path, truth: CocoDataset) -> dict[int, int]:
    known, found = KnownImages(truth), dict[int, int]()
    for record in records:
        number = integer(record, "id", f"{path}: an image")
        at = f"{path}: image {number}"
        height, width = (integer(record, key, at) for key in ("height", "width"))
        image = known.find(str(record.get("file_name")), (height, width), at)
        if number in found or image.id in found.values():
            raise ValueError(f"{at} ({image.file_name}) is listed twice; list each image once")
        found[number] = image.id
    return found


def _scored(entries: list[Any], path: Path) -> bool:
    """Return whether all entries have a score; an empty list lacks none."""
    without = [k for k, e in enumerate(entries) if isinstance(e, dict) and e.get("score") is None]
    if without and len(without) < len(entries):
        raise ValueError(
            f"{path}: {len(without)} of {len(entries)} detections have no score, first that at "
            f"position {without[0]}; give every detection a score, or none"
        )
    return not without


def _translated(position: int, entry: Any, found: _Content, truth: CocoDataset, path: Path) -> Any:
    """Return an entry with the ids of the ground truth; what is no record is refused later."""
    if not isinstance(entry, dict):
        return entry
    at = f"{path}: prediction {position}"
    result = dict(entry)
    if found.images is not None:
        result["image_id"] = _known(entry, "image_id", found.images.get, at)
    if found.categories is not None:
        name = _known(entry, "category_id", found.categories.get, at)
        result["category_id"] = category_id(name, truth, path)
    return {**result, "score": 1.0} if entry.get("score") is None else result


def _known(entry: CocoRecord, key: str, get: Callable[[int], Any], at: str) -> Any:
    number = integer(entry, key, at)
    value = get(number)
    if value is None:
        raise ValueError(f"{at}: {key} {number} is not in the lists of the file")
    return value


def _plain(instances: Instances) -> Instances:
    """Return detections without box scores that equal their scores."""
    equal = np.array_equal(box_scores(instances), instances.scores)
    extra = {} if equal else {BOX_SCORE: instances.extra[BOX_SCORE]}
    return replace(instances, extra=extra)
