"""Predictions of another program as a prediction file, like that of a trained model."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import gains
from gains.datasets.coco import CocoDataset, ImageRecord, read_coco
from gains.datasets.records import CocoRecord
from gains.external.base import External
from gains.external.coco_results import is_coco, read_coco_results
from gains.external.files import ABSENT
from gains.external.label_files import read_label_files
from gains.external.origin import KEY, Origin
from gains.instances import Instances
from gains.prediction.files import write_predictions
from gains.prediction.sidecar import sidecar_path
from gains.support.files import read_json, require_file

logger = logging.getLogger(__name__)

JSON = (".json", ".json.gz")


def import_predictions(
    files: Path,
    ground_truth: Path,
    out: Path,
    *,
    file_names: Iterable[str] | None = None,
    category: str | None = None,
    max_detections: int = 100,
) -> External:
    """Write predictions that another program made as a prediction file.

    They are checked as labels and result lists are. An image without a prediction is refused if the
    format has a file or an entry for each image; a result list that names no images says nothing
    about an image without a detection, so nothing was found there.

    Args:
        files: a COCO file, or a file or folder of any label format.
        ground_truth: COCO JSON file of the data set.
        out: the result list to write, with the list of the images beside it.
        file_names: names of the images that are scored; predictions for other images of the data
            set are left out. None: all.
        category: class of the objects whose files name none; None: the only class.
        max_detections: number of detections per image and class that are scored.

    Returns:
        What was read, for all images.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: the predictions cannot be read, do not fit the images or the classes, lack an
            image, or hold more detections without scores than are scored.
    """
    truth = read_coco(ground_truth)
    scored = truth if file_names is None else truth.part(file_names)
    found = read_external(files, truth, category)
    images = list(scored.images.values())
    _refuse_missing(found, images, files)
    predicted = [(image, _of_image(found, image)) for image in images]
    if not found.scored:
        for image, instances in predicted:
            _refuse_too_many(image, instances, max_detections, files)
    remarks = [*found.remarks, *_remarks(found, images)]
    remarks += [
        f"no detection of the class {name!r} in any image" for name in _absent(found, truth)
    ]
    for sentence in remarks:
        logger.info("%s: %s", files, sentence)
    write_predictions(out, predicted, _info(found, truth, remarks))
    detections = sum(len(instances) for _, instances in predicted)
    level = logging.INFO if detections else logging.WARNING
    logger.log(
        level, "%s: %s, %d detections in %d images", files, found.format, detections, len(images)
    )
    return found


def read_external(files: Path, truth: CocoDataset, category: str | None) -> External:
    """Return the predictions of another program; errors as in :func:`import_predictions`."""
    if not files.is_dir():
        require_file(files, ABSENT)
        if files.name.lower().endswith(JSON):
            content = read_json(files)
            if is_coco(content):
                return read_coco_results(files, content, truth)
    return read_label_files(files, truth, category)


def _of_image(found: External, image: ImageRecord) -> Instances:
    nothing = Instances.from_rles(image.height, image.width, [], [])
    return found.predictions.get(image.id, nothing)


def _refuse_missing(found: External, images: list[ImageRecord], files: Path) -> None:
    listed = found.listed
    missing = [] if listed is None else [image for image in images if image.id not in listed]
    if missing:
        raise ValueError(
            f"{files}: {len(missing)} of the {len(images)} images to score have no prediction, "
            f"first {missing[0].file_name!r}; predict them too. If nothing was found in an image, "
            f"the format ({found.format}) needs a file or an entry without objects for it"
        )
    none = not any(image.id in found.predictions for image in images)
    if listed is None and found.predictions and none:
        raise ValueError(
            f"{files}: holds detections in {len(found.predictions)} images, but none in the "
            f"{len(images)} images to score, first {images[0].file_name!r}; expected the ids of "
            "the ground truth, or the names of the predicted images in a list beside the file "
            f"({sidecar_path(files).name})"
        )


def _refuse_too_many(image: ImageRecord, found: Instances, limit: int, files: Path) -> None:
    counts = np.unique_counts(found.categories).counts
    if counts.size and counts.max() > limit:
        raise ValueError(
            f"{files}: {image.file_name} has {counts.max()} objects of one class without scores, "
            f"but only {limit} detections are scored, and no score says which; set "
            f"`max_detections` of the data set to {counts.max()} or more"
        )


def _remarks(found: External, images: list[ImageRecord]) -> list[str]:
    remarks = []
    chosen = {image.id for image in images}
    about = found.predictions.keys() if found.listed is None else found.listed
    if others := len(about - chosen):
        remarks.append(f"predictions for {others} images that are not scored were left out")
    without = len(chosen - found.predictions.keys())
    if found.listed is None and without:
        remarks.append(
            f"{without} of {len(images)} images have no detection in the list, which does not say "
            "whether they were predicted; they count as images in which nothing was found"
        )
    if not found.scored:
        remarks.append("the files hold no scores, so every detection has the score 1")
    return remarks


def _absent(found: External, truth: CocoDataset) -> list[str]:
    used = {int(n) for instances in found.predictions.values() for n in instances.categories}
    return [name for number, name in truth.categories.items() if number not in used]


def _info(found: External, truth: CocoDataset, remarks: list[str]) -> CocoRecord:
    return {
        KEY: Origin(format=found.format, scored=found.scored, absent=_absent(found, truth)),
        "categories": {str(number): name for number, name in truth.categories.items()},
        "repairs": remarks,
        "versions": {"gains": gains.__version__},
    }
