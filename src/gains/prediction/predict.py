"""Prediction of splits and of folders of images."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import torch

from gains.datasets.coco import ImageRecord, read_coco
from gains.datasets.findings import Findings
from gains.datasets.image_archive import ImageArchive
from gains.datasets.readers.images import STORED, Reading, as_rgb, read_image
from gains.datasets.split_file import read_split
from gains.instances import Instances
from gains.prediction.files import write_predictions
from gains.prediction.folder import images_of
from gains.prediction.image_predictor import Picture
from gains.prediction.predictor import Predictor
from gains.support.files import check_output
from gains.support.progress import progress

logger = logging.getLogger(__name__)


def predict_split(
    predictor: Predictor, coco: Path, split: Path, part: str, fold: int, out: Path
) -> None:
    """Predict one part of a split; write a COCO result list and the list of the images.

    Raises:
        ValueError: the categories of the model and of the data set differ.
    """
    truth = read_coco(coco)
    torch.set_num_threads(predictor.recipe.threads)
    if predictor.categories != truth.categories:
        raise ValueError(
            f"{predictor.path}: was trained on categories {predictor.categories}, {coco} has "
            f"{truth.categories}; the model belongs to another data set"
        )
    records = truth.by_name(read_split(split).names(part, fold))
    archive = ImageArchive(coco.with_suffix(".zip"))
    images = ((record, archive.read(record.file_name)) for record in records)
    _predict(predictor, images, len(records), out)


def predict_folder(
    predictor: Predictor,
    folder: Path,
    out: Path,
    reading: Reading = STORED,
    study: str | None = None,
) -> None:
    """Predict every image of a folder and its subfolders; see :func:`images_of`.

    Args:
        predictor: the model.
        folder: folder of the images.
        out: the result list to write.
        reading: how the images are read, as those of the training were.
        study: study whose data set says how they are read, unless the command says it; None for a
            model file, which does not know its study.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the folder holds no image, or :func:`images_of` refuses one.
    """
    check_output(out)
    findings = Findings()
    found = images_of(folder, reading, findings)
    logger.info(
        "%s: was read with orientation %s and percentiles %s; %s",
        folder,
        reading.orientation,
        reading.percentiles or "none",
        "these should be the options of the data set of the training, which a model file does not "
        "hold"
        if study is None
        else f"what the command does not name is as in the data set of the study {study!r}",
    )
    torch.set_num_threads(predictor.recipe.threads)
    images = ((image.record, as_rgb(read_image(image.path, reading).values)) for image in found)
    _predict(predictor, images, len(found), out, (reading, findings))


def _predict(
    predictor: Predictor,
    images: Iterable[Picture],
    total: int,
    out: Path,
    read: tuple[Reading, Findings] | None = None,
) -> None:
    check_output(out)
    predicted: list[tuple[ImageRecord, Instances]] = []
    with progress("predict", total) as advance:
        for item in predictor.each(images):
            predicted.append(item)
            advance(len(predicted))
    info = predictor.info()
    if read is not None:
        reading, findings = read
        info |= {"reading": reading.model_dump(mode="json"), "repairs": findings.sentences()}
    detections, _ = write_predictions(out, predicted, info)
    level = logging.INFO if detections else logging.WARNING
    logger.log(level, "%d detections in %d images", detections, total)
    _warn_of_limit(predictor.settings.max_detections, [found for _, found in predicted])


def _warn_of_limit(limit: int, every: list[Instances]) -> None:
    full = sum(len(instances) >= limit for instances in every)
    if full:
        logger.warning(
            "%d of %d images have %d detections, the number in max_detections, so more objects may "
            "have been found and left out; choose a larger number to keep them",
            full,
            len(every),
            limit,
        )
