"""A trained model and test images: what figures show of the model's computation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gains.datasets.coco import CocoDataset, ImageRecord, name_of, read_coco
from gains.figures.drawing.images import Pictures, candidates, short
from gains.figures.papers.choice import chosen_image
from gains.instances import Instances
from gains.masks.contacts import Contact
from gains.models.contract import Detector
from gains.models.points import sample_points
from gains.models.resize import resize_image
from gains.prediction.predictor import Predictor

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """An image that a model sees.

    Attributes:
        predictor: the model.
        coco: the data set.
        record: the image.
        pixels: uint8 (H, W, 3).
        source: data set, study, part of the split and, for one image, its file name in words.
    """

    predictor: Predictor
    coco: CocoDataset
    record: ImageRecord
    pixels: NDArray[np.uint8]
    source: str

    @staticmethod
    def of(
        model: Path,
        coco: Path,
        split: Path | None,
        image: str | None,
        category: int,
        study: str,
        least: Sequence[Contact] = (Contact.light,),
    ) -> Seen:
        """Return the named image, or the first test image in which objects overlap.

        Args:
            model: model file.
            coco: COCO JSON file.
            split: split file; None for all images.
            image: file name, or None.
            category: category of the objects that overlap.
            study: name of the study, or "".
            least: kinds of contact by which the image is chosen; see :func:`chosen_image`.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a file is damaged, or there is no such image.
        """
        content = read_coco(coco)
        record = chosen_image(content, image, split, "test", category, *least)
        where = [name_of(coco), *([f"study {study}"] if study else [])]
        where += ["test part"] if split and not image else []
        pixels = Pictures(coco, []).read(record)
        source = f"{', '.join(where)}: {short(record.file_name)}"
        return Seen(Predictor(model), content, record, pixels, source)

    @staticmethod
    def several(
        model: Path, coco: Path, split: Path | None, images: Sequence[str], number: int, study: str
    ) -> list[Seen]:
        """Return the named images, or the first test images.

        Args:
            model: model file.
            coco: COCO JSON file.
            split: split file; None for all images.
            images: file names, or none.
            number: number of test images, if none are named.
            study: name of the study, or "".

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a file is damaged, or there is no such image.
        """
        content = read_coco(coco)
        first = candidates(content, split, "test")[:number]
        records = content.by_name(images) if images else first
        pictures, predictor = Pictures(coco, []), Predictor(model)
        source = ", ".join([name_of(coco), *([f"study {study}"] if study else [])])
        source += ", test part" if split and not images else ""
        return [Seen(predictor, content, one, pictures.read(one), source) for one in records]

    @property
    def shape(self) -> float:
        """Height of the image over its width."""
        height, width = self.pixels.shape[:2]
        return float(height / width)

    def place_of(self, category: int) -> int:
        """Return the class index of a category of the data set.

        Raises:
            ValueError: the model does not know the category.
        """
        known = sorted(self.predictor.categories)
        if category not in known:
            raise ValueError(
                f"{self.predictor.path}: the model knows no category {category}, only "
                f"{', '.join(map(str, known))}; name a model that was trained on it"
            )
        return known.index(category)

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the image in a pixel that the model saw, along x and y."""
        height, width = self.predictor.size(self.pixels.shape)
        return self.pixels.shape[1] / width, self.pixels.shape[0] / height

    def compute(self, function: Callable[[Detector, list[Tensor]], list[T]]) -> T:
        """Return what a function computes from the model and the image as the model sees it.

        Raises:
            ValueError: the model lacks what the function needs; the message names its file.
        """
        predictor = self.predictor
        planes = torch.from_numpy(self.pixels.copy()).permute(2, 0, 1)
        image = resize_image(planes, predictor.size(self.pixels.shape)).to(predictor.device)
        amp = predictor.recipe.amp
        with torch.autocast(predictor.device.type, dtype=torch.bfloat16, enabled=amp):
            try:
                (found,) = function(predictor.model, [image])
            except ValueError as error:
                raise ValueError(f"{predictor.path}: {error}") from error
        return found

    def predicted(self, min_score: float) -> Instances:
        """Return the detections of the image with at least this score."""
        found = self.predictor(self.pixels)
        return found.select(found.scores >= min_score)


def largest_probability(
    masks: Tensor, boxes: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Paste masks into an image, bilinear as detections are, and return the largest at each pixel.

    Args:
        masks: float32 (D, M, M), probabilities inside the boxes.
        boxes: float64 (D, 4), x0 y0 x1 y1 in px of the image.
        size: height and width of the image.

    Returns:
        float64 (height, width); 0 outside all boxes.
    """
    height, width = size
    result = np.zeros(size)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes.tolist(), strict=True):
        left, right = max(int(np.floor(x0)), 0), min(int(np.ceil(x1)), width)
        top, bottom = max(int(np.floor(y0)), 0), min(int(np.ceil(y1)), height)
        if left >= right or top >= bottom:
            continue
        x = (torch.arange(left, right) + 0.5 - x0) / (x1 - x0)
        y = (torch.arange(top, bottom) + 0.5 - y0) / (y1 - y0)
        points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)
        values = sample_points(mask[None, None].cpu(), points[None])[0, 0]
        part = result[top:bottom, left:right]
        np.maximum(part, values.reshape(part.shape).double().numpy(), out=part)
    return result
