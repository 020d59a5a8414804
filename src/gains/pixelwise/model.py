"""The model that per-pixel methods share: a U-Net with output branches, from images to objects."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gains.models.contract import Detections, Detector, Target, Task
from gains.pixelwise.components import Component
from gains.pixelwise.settings import PixelwiseSettings
from gains.pixelwise.unet import UNet, branch

PixelLogits = Mapping[str, Tensor]
"""Logits of one image by branch, float32 (channels, H, W)."""


class PixelwiseDetector(Detector):
    """A U-Net whose branches predict something at every pixel.

    A method says what the branches learn (:meth:`image_losses`), and how objects are read off them
    (:meth:`objects`).

    Args:
        settings: size of the U-Net.
        task: number of classes and of detections per image.
        branches: number of channels of each branch, by its name.
    """

    encoder: ClassVar[str] = "trunk."

    def __init__(
        self, settings: PixelwiseSettings, task: Task, branches: Mapping[str, int]
    ) -> None:
        super().__init__()
        self.task = task
        self.trunk = UNet(settings)
        made = {name: branch(settings.width, channels) for name, channels in branches.items()}
        self.branches = nn.ModuleDict(made)

    @abstractmethod
    def image_losses(self, logits: PixelLogits, target: Target) -> dict[str, Tensor]:
        """Return the named, weighted losses of one image."""

    @abstractmethod
    def objects(self, outputs: Mapping[str, NDArray[np.float32]]) -> list[list[Component]]:
        """Return the objects of one image, a list for each class.

        Args:
            outputs: sigmoid of the logits of each branch, (channels, H, W).
        """

    def logits(self, images: list[Tensor]) -> list[PixelLogits]:
        """Return what the branches predict for images (3, H_i, W_i), RGB in 0..255."""
        features = self.trunk(self.trunk.batch(images))
        predicted = {name: made(features).float() for name, made in self.branches.items()}
        return [
            {name: x[i, :, : image.shape[1], : image.shape[2]] for name, x in predicted.items()}
            for i, image in enumerate(images)
        ]

    def losses(
        self,
        images: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,  # noqa: ARG002 - part of the contract
    ) -> dict[str, Tensor]:
        """Return the means of the losses of the images; no random numbers are drawn."""
        logits = self.logits(images)
        # sums over the pixels of an image need more than the digits of bfloat16
        with torch.autocast(images[0].device.type, enabled=False):
            rows = [self.image_losses(x, t) for x, t in zip(logits, targets, strict=True)]
        return {name: torch.stack([row[name] for row in rows]).mean() for name in rows[0]}

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the objects of images (3, H_i, W_i); the score is the mean foreground probability.

        Only images of equal padded size are predicted together, so that a prediction does not
        depend on the other images.
        """
        groups = defaultdict(list)
        for i, image in enumerate(images):
            groups[self.trunk.padded(image)].append(i)
        found = {}
        for group in groups.values():
            for i, logits in zip(group, self.logits([images[i] for i in group]), strict=True):
                outputs = {name: x.sigmoid().cpu().numpy() for name, x in logits.items()}
                found[i] = self._detections(self.objects(outputs), images[i])
        return [found[i] for i in range(len(images))]

    def _detections(self, objects: Sequence[Sequence[Component]], image: Tensor) -> Detections:
        listed = [(k, component) for k, part in enumerate(objects) for component in part]
        listed.sort(key=lambda entry: -entry[1].score)  # stable: ties stay in their order
        listed = listed[: self.task.max_detections]
        masks = np.zeros((len(listed), *image.shape[1:]), dtype=np.float32)
        boxes = np.zeros((len(listed), 4), dtype=np.float32)
        for row, (_, c) in enumerate(listed):
            height, width = c.mask.shape
            masks[row] = c.whole(*masks.shape[1:])
            boxes[row] = (c.left, c.top, c.left + width, c.top + height)
        return Detections(
            torch.from_numpy(boxes).to(image.device),
            torch.tensor([c.score for _, c in listed], device=image.device),
            torch.tensor([k for k, _ in listed], dtype=torch.int64, device=image.device),
            torch.from_numpy(masks).to(image.device),
            full=True,
        )


def masks_by_class(target: Target, num_classes: int) -> list[Tensor]:
    """Return the masks of the objects of each class, bool (N_k, H, W)."""
    return [target.masks[target.labels == k].bool() for k in range(num_classes)]


def pixel_loss(logits: Tensor, truth: Sequence[Tensor]) -> Tensor:
    """Return the binary cross entropy, the mean over classes and pixels.

    Args:
        logits: float32 (K, H, W).
        truth: K masks, bool (H, W).
    """
    return F.binary_cross_entropy_with_logits(logits, torch.stack(list(truth)).to(logits.dtype))


def unions(masks: Sequence[Tensor]) -> list[Tensor]:
    """Return the union (H, W) of the masks (N_k, H, W) of each class."""
    return [part.any(dim=0) for part in masks]
