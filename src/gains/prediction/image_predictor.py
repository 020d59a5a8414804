"""A model in memory as a function from images to instances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gains.datasets.coco import ImageRecord
from gains.instances import Instances
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detections, Detector
from gains.models.paste import enlarge, paste
from gains.models.resize import resize_image, scaled_size
from gains.prediction.files import BOX_SCORE

Picture = tuple[ImageRecord, NDArray[np.uint8]]
"""An image of a data set and its pixels, uint8 (H, W, 3) RGB."""


class ImagePredictor:
    """A model in memory that returns the instances of images.

    Args:
        model: the model, in test mode and on ``device``.
        settings: settings of the run; the model already has those of prediction.
        categories: category names by id.
        device: device of the model.
    """

    def __init__(
        self,
        model: Detector,
        settings: RunSettings,
        categories: Mapping[int, str],
        device: torch.device,
    ) -> None:
        self.model, self.settings, self.device = model, settings, device
        self.recipe = settings.recipe
        self.categories = dict(categories)

    def __call__(self, pixels: NDArray[np.uint8]) -> Instances:
        """Return the instances of an image, uint8 (H, W, 3) RGB, best first, at its own size."""
        return self.batch([pixels])[0]

    def batch(
        self, images: list[NDArray[np.uint8]], size: tuple[int, int] | None = None
    ) -> list[Instances]:
        """Return the instances of several images, each at its own size.

        The images should have one size for the model (:meth:`size`), because smaller ones would be
        padded. Rounding differs between batches, so the last digits of a result depend on the
        other images of the batch.

        Args:
            images: the images, uint8 (H, W, 3) RGB each.
            size: height and width at which the model sees them; None for those of :meth:`size`.
        """
        resized = [self._resized(pixels, size or self.size(pixels.shape)) for pixels in images]
        amp = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.recipe.amp)
        with torch.inference_mode(), amp:
            every = self.model.detect([image.to(self.device) for image in resized])
        return [
            self._instances(found, pixels.shape[:2], image.shape[1:])
            for found, pixels, image in zip(every, images, resized, strict=True)
        ]

    def each(self, images: Iterable[Picture]) -> Iterator[tuple[ImageRecord, Instances]]:
        """Yield every image with its instances.

        Adjacent images that the model sees at one size are predicted together, up to
        ``test_batch_size`` of them; padding would change results.
        """
        for _, run in itertools.groupby(images, key=lambda item: self.size(item[1].shape)):
            while batch := list(itertools.islice(run, self.recipe.test_batch_size)):
                found = self.batch([pixels for _, pixels in batch])
                yield from zip((record for record, _ in batch), found, strict=True)

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the height and width at which the model sees an image (H, W, ...)."""
        return scaled_size((shape[0], shape[1]), self.recipe.test_size, self.recipe.max_size)

    def _resized(self, pixels: NDArray[np.uint8], size: tuple[int, int]) -> Tensor:
        return resize_image(torch.from_numpy(pixels.copy()).permute(2, 0, 1), size)

    def _instances(self, found: Detections, size: tuple[int, ...], seen: torch.Size) -> Instances:
        """Return the instances of an image of ``size``, which the model saw at size ``seen``."""
        height, width = size
        scale = found.boxes.new_tensor([width / seen[1], height / seen[0]]).repeat(2)
        boxes = found.boxes * scale
        ids = np.asarray(sorted(self.categories))
        extra = {} if found.box_scores is None else {BOX_SCORE: found.box_scores.tolist()}
        return Instances.from_rles(
            height,
            width,
            mask_codes(found, boxes, (height, width)),
            ids[found.labels.cpu().numpy()],
            found.scores.double().cpu().numpy(),
            boxes.double().cpu().numpy(),
            extra=extra,
        )


def mask_codes(found: Detections, boxes: Tensor, size: tuple[int, int]) -> list[Rle]:
    """Return the masks of D detections as RLE at the image's own size.

    Args:
        found: detections at the size of the model's input.
        boxes: float32 (D, 4), their boxes in the original image, px.
        size: height and width of the image.
    """
    codes: list[Rle] = [{}] * len(boxes)
    parts = enlarge(found.masks, size) if found.full else paste(found.masks, boxes, size)
    for part in parts:
        made = encode_crops(part.masks.numpy(), part.corners.numpy(), size)
        for index, code in zip(part.index.tolist(), made, strict=True):
            codes[index] = code
    return codes
