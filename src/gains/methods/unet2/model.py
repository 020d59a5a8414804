"""The model of UNet-2: it tells objects from the background, and no object from another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gains.models.contract import Target, Task
from gains.pixelwise.components import Component, semantic_components
from gains.pixelwise.model import (
    PixelLogits,
    PixelwiseDetector,
    masks_by_class,
    pixel_loss,
    unions,
)
from gains.pixelwise.settings import PixelwiseSettings


class UNet2(PixelwiseDetector):
    """A U-Net with one branch, the foreground of each class.

    The paper speaks of two labels. The program has one sigmoid, which is the same as a softmax of
    two.

    Args:
        settings: size of the U-Net, threshold, smallest area.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: PixelwiseSettings, task: Task) -> None:
        super().__init__(settings, task, {"foreground": task.num_classes})
        self.settings = settings

    def image_losses(self, logits: PixelLogits, target: Target) -> dict[str, Tensor]:
        """Return ``loss_foreground``."""
        truth = unions(masks_by_class(target, self.task.num_classes))
        return {"loss_foreground": pixel_loss(logits["foreground"], truth)}

    def objects(self, outputs: Mapping[str, NDArray[np.float32]]) -> list[list[Component]]:
        """Return the components of the foreground of each class."""
        how = self.settings
        return [
            semantic_components(foreground, how.foreground_threshold, how.min_area)
            for foreground in outputs["foreground"]
        ]
