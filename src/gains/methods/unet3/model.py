"""The model of UNet-3: foreground and contours, as the layering paper's program trains them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gains.methods.unet3 import UNet3Settings
from gains.methods.unet3.contour import midline_contours
from gains.models.contract import Target, Task
from gains.pixelwise.components import Component, contour_components
from gains.pixelwise.model import (
    PixelLogits,
    PixelwiseDetector,
    masks_by_class,
    pixel_loss,
    unions,
)


class UNet3(PixelwiseDetector):
    """A U-Net with two branches for each class, its foreground and its contours.

    The paper speaks of three labels. The program has two sigmoids, and its foreground includes the
    contours; the program is followed.

    Args:
        settings: size of the U-Net, contours, thresholds, smallest area.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: UNet3Settings, task: Task) -> None:
        branches = {"foreground": task.num_classes, "contour": task.num_classes}
        super().__init__(settings, task, branches)
        self.settings = settings

    def image_losses(self, logits: PixelLogits, target: Target) -> dict[str, Tensor]:
        """Return ``loss_foreground`` and ``loss_contour``."""
        masks = masks_by_class(target, self.task.num_classes)
        contours = [midline_contours(part, self.settings.contour_radius) for part in masks]
        return {
            "loss_foreground": pixel_loss(logits["foreground"], unions(masks)),
            "loss_contour": pixel_loss(logits["contour"], contours),
        }

    def objects(self, outputs: Mapping[str, NDArray[np.float32]]) -> list[list[Component]]:
        """Return the regrown objects of each class; objects of one class do not overlap."""
        how = self.settings
        return [
            contour_components(
                foreground,
                contour,
                how.foreground_threshold,
                how.contour_threshold,
                how.min_area,
            )
            for foreground, contour in zip(outputs["foreground"], outputs["contour"], strict=True)
        ]
