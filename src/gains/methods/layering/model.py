"""The model of layering: a branch for the foreground and one for the layers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gains.methods.layering import LayeringSettings
from gains.methods.layering.losses import Layered, adjacent_pairs
from gains.models.contract import Target, Task
from gains.pixelwise.components import Component, components_by_layer
from gains.pixelwise.model import (
    PixelLogits,
    PixelwiseDetector,
    masks_by_class,
    pixel_loss,
    unions,
)


class Layering(PixelwiseDetector):
    """A U-Net that gives neighbouring objects different layers.

    With several classes, each class has a foreground and layers of its own from shared features,
    its objects repel only each other, and the losses are means over the classes. With one class
    this is the paper's model.

    Args:
        settings: size of the U-Net, layers, losses, thresholds, smallest area.
        task: number of classes and of detections per image.
    """

    unlearnt_because = (
        "other objects cover them wholly, so that they have no pixels of their own; a phase with "
        "overlap completion may learn them, in the first layer"
    )

    def __init__(self, settings: LayeringSettings, task: Task) -> None:
        branches = {"foreground": task.num_classes, "layers": task.num_classes * settings.layers}
        super().__init__(settings, task, branches)
        self.settings = settings

    def image_losses(self, logits: PixelLogits, target: Target) -> dict[str, Tensor]:
        """Return the losses of foreground and layers; of overlaps, only with ``completion``."""
        masks = masks_by_class(target, self.task.num_classes)
        rows = [
            self._class_losses(layers, part)
            for layers, part in zip(self.by_class(logits["layers"]), masks, strict=True)
        ]
        means = {name: torch.stack([row[name] for row in rows]).mean() for name in rows[0]}
        return {"loss_foreground": pixel_loss(logits["foreground"], unions(masks)), **means}

    def _class_losses(self, logits: Tensor, masks: Tensor) -> dict[str, Tensor]:
        how = self.settings
        found = Layered.from_logits(logits, masks)
        adjacent = adjacent_pairs(masks, how.adjacency_distance)
        attracting, repelling, sparse = found.separation(adjacent, how.formulas)
        losses = {
            "loss_attracting": attracting,
            "loss_repelling": how.repelling_weight * repelling,
            "loss_sparse": how.sparse_weight * sparse,
        }
        if how.completion:
            losses["loss_overlap"] = how.overlap_weight * found.overlap()
        return losses

    def unlearnt(self, target: Target) -> Tensor:
        """Return which objects the layers cannot learn: those that others cover wholly.

        With overlap completion the layers may learn them too, in the first layer, unless what
        covers them is there as well.
        """
        result = torch.zeros(len(target.boxes), dtype=torch.bool, device=target.boxes.device)
        if not (self.settings.completion and self.settings.overlap_weight):
            for k in range(self.task.num_classes):
                own = target.labels == k
                masks = target.masks[own].bool()
                alone = masks & (masks.sum(dim=0) == 1)
                result[own] = ~alone.flatten(1).any(dim=1)
        return result

    def by_class(self, layers: Tensor) -> Tensor:
        """Return layers (K L, H, W) as (K, L, H, W)."""
        return layers.reshape(self.task.num_classes, self.settings.layers, *layers.shape[1:])

    def objects(self, outputs: Mapping[str, NDArray[np.float32]]) -> list[list[Component]]:
        """Return the components of the layers of each class."""
        return [list(chain.from_iterable(part)) for part in self.objects_by_layer(outputs)]

    def objects_by_layer(
        self, outputs: Mapping[str, NDArray[np.float32]]
    ) -> list[list[list[Component]]]:
        """Return the components of each layer of each class; see :meth:`objects`."""
        how = self.settings
        layers = outputs["layers"].reshape(
            self.task.num_classes, how.layers, *outputs["layers"].shape[1:]
        )
        return [
            components_by_layer(
                foreground,
                own,
                how.foreground_threshold,
                how.layer_threshold,
                how.min_area,
            )
            for foreground, own in zip(outputs["foreground"], layers, strict=True)
        ]

    @torch.no_grad()
    def share_same_layer(self, images: list[Tensor], targets: list[Target]) -> float:
        """Return the share of adjacent pairs of objects in the same layer; NaN without pairs.

        The mean over those classes of those images that have adjacent pairs.
        """
        training = self.training
        outputs = self.eval().logits(images)
        self.train(training)
        shares = [
            Layered.from_logits(own, masks).share_same_layer(
                adjacent_pairs(masks, self.settings.adjacency_distance)
            )
            for logits, target in zip(outputs, targets, strict=True)
            for own, masks in zip(
                self.by_class(logits["layers"]),
                masks_by_class(target, self.task.num_classes),
                strict=True,
            )
        ]
        return float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")
