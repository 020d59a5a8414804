"""Reading of a prediction file and of the list of images beside it, for an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gains.datasets.coco import CocoDataset, ImageRecord, read_coco
from gains.datasets.pixel_bound import check_pixels
from gains.datasets.records import CocoRecord, integer
from gains.export.base import ExportedImage, Results
from gains.figures.prediction.predicted_images import info_of
from gains.instances import Instances
from gains.masks.overlaps import mask_areas
from gains.prediction.files import box_scores, read_predictions
from gains.prediction.sidecar import predicted_images, read_sidecar, sidecar_path
from gains.support.files import require_file


def read_results(predictions: Path, coco: Path | None, score_threshold: float) -> Results:
    """Return the objects of a prediction file that have a score and a pixel.

    Images and names of classes come from the list that ``gains predict`` writes beside the file.

    Args:
        predictions: COCO result list, plain or gzip.
        coco: COCO file of the images, for a result list without such a list; None if there is none.
        score_threshold: lowest score of an object; it is compared with the box score, if there is
            one.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is broken, or the images or names of classes are not known.
    """
    require_file(predictions)
    info = info_of(predictions)
    source = _listed(predictions, info) or _of_coco(predictions, coco)
    found = read_predictions(predictions, source)
    images, empty = [], 0
    for record in source.images.values():
        objects = found.get(record.id, Instances.from_rles(record.height, record.width, [], []))
        if len(objects):
            objects = objects.select(box_scores(objects) >= score_threshold)
            objects = objects.select(np.argsort(-objects.scores, kind="stable"))
        some = mask_areas(objects.masks) > 0
        empty += int((~some).sum())
        images.append(ExportedImage(record, objects.select(some)))
    detections = sum(map(len, found.values()))
    return Results(predictions, source.categories, images, score_threshold, detections, empty, info)


def _listed(predictions: Path, info: CocoRecord) -> CocoDataset | None:
    """Return the listed images and the names of classes as a data set without annotations."""
    entries, names = read_sidecar(predictions), info.get("categories")
    if entries is None or not isinstance(names, dict):
        return None
    path = sidecar_path(predictions)
    images: dict[int, ImageRecord] = {}
    for entry in entries:
        name = str(entry["file_name"])
        at = f"{path}: image {name!r}"
        number, height, width = (integer(entry, key, at) for key in ("id", "height", "width"))
        check_pixels(height, width, at)
        if number in images or min(height, width) < 1:
            raise ValueError(
                f"{at}: has the id of another image, or no pixel; predict the images again"
            )
        images[number] = ImageRecord(number, name, height, width)
    try:
        categories = {int(number): str(name) for number, name in names.items()}
    except ValueError as error:
        raise ValueError(f"{path}: categories are {names!r}; expected names by number") from error
    return CocoDataset(str(path), images, categories, {})


def _of_coco(predictions: Path, coco: Path | None) -> CocoDataset:
    if coco is None:
        raise ValueError(
            f"{predictions}: there is no list of images and classes beside this file "
            f"({sidecar_path(predictions).name}, which `gains predict` writes); name the COCO file "
            "of the images with --coco"
        )
    truth = read_coco(coco)
    listed = predicted_images(predictions, truth)
    if listed is None:
        return truth
    images = {image.id: image for image in listed.values()}
    return CocoDataset(truth.path, images, truth.categories, {})
