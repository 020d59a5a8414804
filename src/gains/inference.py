"""Image -> instances: the only inference path, for splits and for folders of images."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gains import checkpoint
from gains.config import RecipeSettings
from gains.datasets.coco import ImageArchive, ImageRecord, read_coco
from gains.datasets.pixels import SUFFIXES, read_pixels
from gains.datasets.split import read_split
from gains.detection.paste import enlarge, paste
from gains.detection.resize import resize_image, scaled_size
from gains.device import choose_device
from gains.files import check_output, write_json
from gains.instances import Instances, encode_mask
from gains.methods.base import build_method
from gains.predictions import sidecar_path
from gains.progress import progress

logger = logging.getLogger(__name__)


class Predictor:
    """A trained model, ready to be shown images.

    Args:
        path: model file of ``gains train``.
        device: ``auto``, ``cpu``, ``cuda``, or None for the one in the model's recipe.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is truncated or not a model.
    """

    def __init__(self, path: str | Path, device: str | None = None) -> None:
        content = checkpoint.load_model(path)
        self.settings: dict[str, Any] = content["settings"]
        self.recipe = RecipeSettings.model_validate(self.settings["recipe"])
        self.categories = {int(i): str(name) for i, name in content["categories"].items()}
        self.device = choose_device(device or self.recipe.device)
        model = build_method(self.settings, sorted(self.categories))
        try:
            model.load_state_dict(content["state"])
        except RuntimeError as error:
            raise ValueError(
                f"{path}: its weights do not fit the method as it is now; train it again "
                f"({str(error).splitlines()[0]})"
            ) from error
        self.model = model.to(self.device).eval()

    def __call__(self, pixels: NDArray[np.uint8]) -> Instances:
        """Return the instances of an image, uint8 (H, W, 3) RGB, best first, at its own size."""
        height, width = pixels.shape[:2]
        size = scaled_size((height, width), self.recipe.test_size, self.recipe.max_size)
        image = resize_image(torch.from_numpy(pixels.copy()).permute(2, 0, 1), size)
        amp = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.recipe.amp)
        with torch.inference_mode(), amp:
            found = self.model.detect([image.to(self.device)])[0]
        scale = found.boxes.new_tensor([width / size[1], height / size[0]]).repeat(2)
        boxes = found.boxes * scale
        if found.full:
            masks = enlarge(found.masks, (height, width))
        else:
            masks = paste(found.masks, boxes, (height, width))
        ids = np.asarray(sorted(self.categories))
        instances = Instances.from_rles(
            height,
            width,
            [encode_mask(mask.cpu().numpy()) for mask in masks],
            ids[found.labels.cpu().numpy()],
            found.scores.double().cpu().numpy(),
            boxes.double().cpu().numpy(),
        )
        if found.box_scores is not None:
            instances.extra["box_score"] = found.box_scores.tolist()
        return instances


def predict_split(
    model: Path, coco: Path, split: Path, part: str, fold: int, out: Path, device: str | None
) -> None:
    """Predict one part of a split and write a COCO result list with the list of its images.

    Raises:
        ValueError: the model's categories are not the data set's.
    """
    predictor, truth = Predictor(model, device), read_coco(coco)
    torch.set_num_threads(predictor.recipe.threads)
    if predictor.categories != truth.categories:
        raise ValueError(
            f"{model}: was trained on categories {predictor.categories}, {coco} has "
            f"{truth.categories}; the model belongs to another data set"
        )
    records = truth.by_name(read_split(split).names(part, fold))
    archive = ImageArchive(coco.with_suffix(".zip"))
    images = ((record, archive.read(record.file_name)) for record in records)
    _predict(predictor, images, len(records), out)


def predict_folder(model: Path, folder: Path, out: Path, device: str | None) -> None:
    """Predict every image of a folder; ids are given from 1 by sorted name.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it holds no image.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of images")
    paths = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
    if not paths:
        raise ValueError(f"{folder}: no image in it (looked for {', '.join(SUFFIXES)})")
    predictor = Predictor(model, device)
    torch.set_num_threads(predictor.recipe.threads)

    def images() -> Iterable[tuple[ImageRecord, NDArray[np.uint8]]]:
        for number, path in enumerate(paths, start=1):
            pixels = read_pixels(path)
            if pixels.ndim == 2:
                pixels = np.repeat(pixels[:, :, None], 3, axis=2)
            yield ImageRecord(number, path.name, *pixels.shape[:2]), pixels

    _predict(predictor, images(), len(paths), out)


def _predict(
    predictor: Predictor,
    images: Iterable[tuple[ImageRecord, NDArray[np.uint8]]],
    total: int,
    out: Path,
) -> None:
    check_output(out)
    results: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    with progress("predict", total) as advance:
        for record, pixels in images:
            results += to_results(record.id, predictor(pixels))
            listed.append(
                {
                    "id": record.id,
                    "file_name": record.file_name,
                    "height": record.height,
                    "width": record.width,
                }
            )
            advance(len(listed))
    write_json(out, results, indent=None)
    write_json(sidecar_path(out), listed)
    level = logging.INFO if results else logging.WARNING
    logger.log(level, "%d detections in %d images", len(results), total)


def to_results(image_id: int, instances: Instances) -> list[dict[str, Any]]:
    """Return the instances as entries of a COCO result list."""
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
