"""The RoI branches of GAInS: masks, guidance, gradient anomaly maps (paper section II)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.mask_head import (
    MASK_POOL_SIZE,
    ConvHead,
    MaskBranch,
    logits_of_class,
    map_targets,
    mask_loss,
    mask_targets,
)
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.detection.two_stage import TwoStageDetector
from gains.methods.gains import GainsSettings
from gains.models.contract import Task


def anomaly_loss(prediction: Tensor, labels: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of the class's output and the map, L_GA (Eq. 5).

    The paper sums the means of the maps, the published program averages them.

    Args:
        prediction: (R, K, 28, 28), without activation function.
        labels: int64 (R,).
        target: (R, 28, 28), map values in [1, 1 + f_GA].

    Returns:
        A scalar; 0 (with a graph) when there is no RoI.
    """
    if len(labels) == 0:
        return prediction.sum() * 0
    return F.mse_loss(logits_of_class(prediction, labels).float(), target)


class GainsBranch(nn.Module):
    """The mask branch and the gradient anomaly branch on shared RoI features.

    The mask features before the deconvolution are concatenated with the RoI features, and one 3x3
    convolution fuses them. The anomaly head, with the layout of the mask head, regresses the map.
    Its gradient reaches the mask branch and the backbone.

    Args:
        settings: switches, widths, loss weights.
        num_classes: K.
    """

    def __init__(self, settings: GainsSettings, num_classes: int) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.settings = settings
        self.mask = ConvHead(pyramid, width, num_classes)
        # the program makes three of these, gives each the same input and uses only the last
        self.guidance = nn.Conv2d(pyramid + width, pyramid, 3, padding=1)
        self.anomaly = ConvHead(pyramid, width, num_classes)
        nn.init.constant_(self.anomaly.predictor.get_parameter("bias"), settings.anomaly_bias)

    def forward(self, roi_features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mask logits and anomaly values, both (R, K, 28, 28)."""
        mask_features = self.mask.features(roi_features)
        joined = torch.cat([roi_features, mask_features], dim=1)
        guided = F.relu(self.guidance(joined), inplace=True)
        return (
            self.mask.logits(mask_features),
            self.anomaly.logits(self.anomaly.features(guided)),
        )

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_mask`` (L_MR, weighted with ALRM) and ``loss_anomaly`` (L_GA)."""
        logits, values = self(pool(features, positives.boxes, MASK_POOL_SIZE))
        labels, maps = positives.labels, map_targets(positives)
        weight = maps if self.settings.alrm else None
        loss_mask = mask_loss(logits, labels, mask_targets(positives), weight)
        return {
            "loss_mask": self.settings.mask_weight * loss_mask,
            "loss_anomaly": self.settings.anomaly_weight * anomaly_loss(values, labels, maps),
        }

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return mask probabilities (D, 28, 28); the anomaly branch is not used at test time."""
        x = self.mask.features(pool(features, boxes, MASK_POOL_SIZE))
        return logits_of_class(self.mask.logits(x), labels).float().sigmoid()


def build_detector(settings: GainsSettings, task: Task) -> TwoStageDetector:
    """Build the variant that the switches select (paper Table II).

    With ``gal`` the RoI heads have two branches. Without it there is only the plain mask head,
    whose loss the map weights if ``alrm`` is on.
    """
    branch: nn.Module
    if settings.gal:
        branch = GainsBranch(settings, task.num_classes)
    else:
        branch = MaskBranch(settings, task.num_classes, reweighted=settings.alrm)
    return TwoStageDetector(settings, task, branch)
