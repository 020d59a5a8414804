"""A trained model, from its file, as a function from images to instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import gains
from gains.datasets.coco import CocoDataset
from gains.models import checkpoint
from gains.models.device import choose_device, to_device
from gains.models.scale import TrainingScale
from gains.prediction.image_predictor import ImagePredictor
from gains.prediction.model_file import model_in, settings_in
from gains.support.files import sha256


class Predictor(ImagePredictor):
    """A trained model that returns the instances of images.

    Args:
        path: model file of ``gains train``.
        device: ``auto``, ``cpu``, ``cuda``, or None for the device in the model's recipe.
        changes: settings of prediction (``score_threshold``, ``nms``, ``max_detections``) that
            differ from the defaults of the method.

    Attributes:
        scale: sizes of the images and objects of the training; None for a file of a version that
            did not record them.

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
        settings = settings_in(content, path).with_prediction(changes or {})
        categories = {int(i): name for i, name in content["categories"].items()}
        chosen = choose_device(device or settings.recipe.device)
        model = model_in(content, settings, sorted(categories), path)
        super().__init__(to_device(model, chosen).eval(), settings, categories, chosen)
        self.path = Path(path)
        found = content.get("scale")
        self.scale = None if found is None else TrainingScale.model_validate(found)

    def require_categories(self, truth: CocoDataset) -> None:
        """Refuse a data set with other categories than those of the training.

        Raises:
            ValueError: the categories differ.
        """
        if self.categories != truth.categories:
            raise ValueError(
                f"{self.path}: was trained on categories {self.categories}, {truth.path} has "
                f"{truth.categories}; the model belongs to another data set, or to one that was "
                "made again: train it again"
            )

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
