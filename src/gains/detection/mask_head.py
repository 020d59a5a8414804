"""The mask head, its loss and targets, and the mask branch of Mask R-CNN."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.pooling import MASK_SIZE, crop, crop_maps, pool
from gains.detection.positives import Positives
from gains.detection.settings import TwoStageSettings
from gains.models.initialisation import init_relu

MASK_POOL_SIZE = 14


class RoiMaskBranch(Protocol):
    """The part of a two-stage detector that makes masks."""

    def losses(
        self, features: list[Tensor], positives: Positives, generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return the named, weighted losses of the foreground RoIs.

        Args:
            features: pyramid maps (B, C, H_l, W_l), finest first.
            positives: the foreground RoIs.
            generator: source of random numbers; most branches do not use it.
        """

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return mask probabilities (D, M, M) of the detected boxes for their classes."""


class ConvHead(nn.Module):
    """A mask head: four 3x3 convolutions, a 2x2 deconvolution, and a 1x1 predictor for each class.

    Args:
        in_channels: channels of the RoI features.
        channels: width of the convolutions.
        num_classes: K output channels.
    """

    def __init__(self, in_channels: int, channels: int, num_classes: int) -> None:
        super().__init__()
        widths = [in_channels, *[channels] * 4]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.deconv = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.predictor = nn.Conv2d(channels, num_classes, 1)
        for layer in (*self.convs, self.deconv):
            init_relu(layer)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.get_parameter("bias"))

    def features(self, x: Tensor) -> Tensor:
        """Return the features before the deconvolution, (R, channels, 14, 14)."""
        for conv in self.convs:
            x = F.relu(conv(x), inplace=True)
        return x

    def logits(self, features: Tensor) -> Tensor:
        """Return (R, K, 28, 28) from features (R, channels, 14, 14)."""
        return self.predictor(F.relu(self.deconv(features), inplace=True))  # type: ignore[no-any-return]


def logits_of_class(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the logits (R, h, w) of each RoI's class.

    Args:
        logits: (R, K, h, w).
        labels: int64 (R,), class index.
    """
    return logits[torch.arange(len(labels), device=labels.device), labels]


def mask_loss(logits: Tensor, labels: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean binary cross entropy of the class's channel, optionally weighted per pixel.

    Args:
        logits: (R, K, 28, 28).
        labels: int64 (R,).
        target: (R, 28, 28), bool or 0..1.
        weight: (R, 28, 28) weights of the pixels, or None for equal weights.

    Returns:
        A scalar; 0 (with a graph) when there is no RoI.
    """
    if len(labels) == 0:
        return logits.sum() * 0
    return F.binary_cross_entropy_with_logits(
        logits_of_class(logits, labels).float(), target.float(), weight=weight
    )


def mask_targets(positives: Positives) -> Tensor:
    """Return the ground-truth masks inside the RoIs, bool (R, 28, 28)."""
    return crops([t.masks for t in positives.targets], positives) >= 0.5


def map_targets(positives: Positives) -> Tensor:
    """Return the gradient anomaly maps inside the RoIs, float32 (R, 28, 28).

    Raises:
        ValueError: the training samples have no maps.
    """
    maps = [t.maps for t in positives.targets if t.maps is not None]
    if len(maps) != len(positives.targets):
        raise ValueError("this method reads gradient anomaly maps, but the samples have none")
    parts = zip(maps, positives.boxes, positives.matched, strict=True)
    return torch.cat([crop_maps(own, boxes, index) for own, boxes, index in parts])


def crops(stacks: list[Tensor], positives: Positives, size: int = MASK_SIZE) -> Tensor:
    """Crop each RoI from its plane of the stacks (N_i, H, W); return float32 (R, size, size)."""
    parts = zip(stacks, positives.boxes, positives.matched, strict=True)
    return torch.cat([crop(stack, boxes, index, size) for stack, boxes, index in parts])


class MaskBranch(nn.Module):
    """Mask R-CNN's mask branch.

    Args:
        settings: widths, weight of the loss.
        num_classes: K.
        reweighted: whether the gradient anomaly map weights each pixel's loss (GAInS' ALRM).
    """

    def __init__(
        self, settings: TwoStageSettings, num_classes: int, reweighted: bool = False
    ) -> None:
        super().__init__()
        self.head = ConvHead(settings.backbone.fpn_channels, settings.mask_channels, num_classes)
        self.weight = settings.mask_weight
        self.reweighted = reweighted

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_mask``."""
        x = pool(features, positives.boxes, MASK_POOL_SIZE)
        logits = self.head.logits(self.head.features(x))
        weight = map_targets(positives) if self.reweighted else None
        loss = mask_loss(logits, positives.labels, mask_targets(positives), weight)
        return {"loss_mask": self.weight * loss}

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return mask probabilities (D, 28, 28)."""
        x = pool(features, boxes, MASK_POOL_SIZE)
        return logits_of_class(self.head.logits(self.head.features(x)), labels).float().sigmoid()
