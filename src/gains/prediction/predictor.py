"""A trained model as a function from images to instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import gains
from gains.instances import Instances
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle
from gains.models import checkpoint
from gains.models.contract import Detections
from gains.models.device import choose_device, to_device
from gains.models.paste import enlarge, paste
from gains.models.resize import resize_image, scaled_size
from gains.prediction.files import BOX_SCORE
from gains.prediction.model_file import model_in, settings_in
from gains.support.files import sha256


class Predictor:
    """A trained model that returns the instances of images.

    Args:
        path: model file of ``gains train``.
        device: ``auto``, ``cpu``, ``cuda``, or None for the device in the model's recipe.
        changes: settings of prediction (``score_threshold``, ``nms``, ``max_detections``) that
            differ from the defaults of the method.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is truncated or not a model, its settings or weights are not valid or
            do not fit each other, or the method lacks a threshold in ``changes``.

    Examples:
        >>> import numpy as np
        >>> predictor = Predictor("model.pt", device="cpu")
        >>> instances = predictor(np.zeros((48, 64, 3), dtype=np.uint8))
        >>> instances.height, instances.width
        (48, 64)
    """

    def __init__(
        self,
        path: str | Path,
        device: str | None = None,
        changes: Mapping[str, float] | None = None,
    ) -> None:
        content = checkpoint.load_model(path)
        self.settings = settings_in(content, path).with_prediction(changes or {})
        self.path = Path(path)
        self.recipe = self.settings.recipe
        self.categories = {int(i): name for i, name in content["categories"].items()}
        self.device = choose_device(device or self.recipe.device)
        model = model_in(content, self.settings, sorted(self.categories), path)
        self.model = to_device(model, self.device).eval()

    def __call__(self, pixels: NDArray[np.uint8]) -> Instances:
        """Return the instances of an image, uint8 (H, W, 3) RGB, best first, at its own size."""
        return self.batch([pixels])[0]

    def info(self) -> dict[str, Any]:
        """Return how predictions are made: model, categories, settings, and versions."""
        return {
            "method": self.settings.method,
            "categories": {str(number): name for number, name in self.categories.items()},
            "model_sha256": sha256(self.path),
            "prediction": self.settings.prediction.model_dump(mode="json"),
            "device_type": self.device.type,
            "versions": {"gains": gains.__version__, "torch": torch.__version__},
        }

    def batch(self, images: list[NDArray[np.uint8]]) -> list[Instances]:
        """Return the instances of several images, each at its own size.

        The images should have one size for the model (:meth:`size`), because smaller ones would be
        padded. Rounding differs between batches, so the last digits of a result depend on the
        other images of the batch.
        """
        resized = [self._resized(pixels) for pixels in images]
        amp = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.recipe.amp)
        with torch.inference_mode(), amp:
            every = self.model.detect([image.to(self.device) for image in resized])
        return [
            self._instances(found, pixels.shape[:2], image.shape[1:])
            for found, pixels, image in zip(every, images, resized, strict=True)
        ]

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the height and width at which the model sees an image (H, W, ...)."""
        return scaled_size((shape[0], shape[1]), self.recipe.test_size, self.recipe.max_size)

    def _resized(self, pixels: NDArray[np.uint8]) -> Tensor:
        return resize_image(
            torch.from_numpy(pixels.copy()).permute(2, 0, 1), self.size(pixels.shape)
        )

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
