"""Prediction of splits and of own images."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from gains.datasets.coco import ImageRecord, read_coco
from gains.datasets.findings import Findings
from gains.datasets.image_archive import ImageArchive
from gains.datasets.readers.images import STORED, Reading, as_rgb
from gains.datasets.split_file import read_split
from gains.instances import Instances
from gains.prediction.files import write_predictions
from gains.prediction.folder import images_of
from gains.prediction.image_predictor import Picture
from gains.prediction.predictor import Predictor
from gains.prediction.tiled import TiledPrediction, plan_tiles
from gains.prediction.tiling import Tiles
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
    predictor.require_categories(truth)
    records = truth.by_name(read_split(split).names(part, fold))
    archive = ImageArchive(coco.with_suffix(".zip"))
    images = ((record, archive.read(record.file_name)) for record in records)
    _predict(predictor, images, TiledPrediction({}, len(records)), len(records), out)


def predict_images(
    predictor: Predictor,
    places: Sequence[Path],
    out: Path,
    reading: Reading = STORED,
    study: str | None = None,
    tiles: Tiles = "auto",
) -> None:
    """Predict own images in files and folders; see :func:`images_of`.

    Args:
        predictor: the model.
        places: files and folders of images.
        out: the result list to write.
        reading: how the images are read, as those of the training were.
        study: study whose data set says how they are read, unless the command says it; None for a
            model file, which does not know its study.
        tiles: which images are predicted in tiles.

    Raises:
        FileNotFoundError: a file or folder does not exist.
        ValueError: there is no image, or :func:`images_of` refuses one.
    """
    check_output(out)
    findings = Findings()
    found = images_of(places, reading, findings)
    logger.info(
        "%s: was read with orientation %s and percentiles %s; %s",
        ", ".join(map(str, places)),
        reading.orientation,
        reading.percentiles or "none",
        "these should be the options of the data set of the training, which a model file does not "
        "hold"
        if study is None
        else f"what the command does not name is as in the data set of the study {study!r}",
    )
    torch.set_num_threads(predictor.recipe.threads)
    images = ((record, as_rgb(image.read(reading).values)) for image, record in found)
    plan = plan_tiles([record for _, record in found], predictor.recipe, predictor.scale, tiles)
    read = {"reading": reading.model_dump(mode="json"), "repairs": findings.sentences()}
    _predict(predictor, images, plan, len(found), out, read)


def _predict(
    predictor: Predictor,
    images: Iterable[Picture],
    plan: TiledPrediction,
    total: int,
    out: Path,
    read: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    check_output(out)
    predicted: list[tuple[ImageRecord, Instances]] = []
    with progress("predict", plan.total) as advance:
        predicted += plan.each(predictor, images, advance)
    info = {**predictor.info(), **read}
    detections, _ = write_predictions(out, predicted, info, plan.listed())
    level = logging.INFO if detections else logging.WARNING
    logger.log(level, "%d detections in %d images", detections, total)
    plan.warn(predictor.settings.max_detections, total)
