"""The mask branch of Occlusion R-CNN: amodal, visible, invisible masks (paper section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.mask_head import MASK_POOL_SIZE, ConvHead, logits_of_class, mask_loss
from gains.detection.overlap import cell_class, part_targets
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.methods.occlusion_rcnn import OcclusionSettings
from gains.models.contract import Task


def invisible_logits(amodal: Tensor, visible: Tensor) -> Tensor:
    """Return the logits of the invisible part of the amodal mask, float32.

    This part has no parameters. Where the visible logit is positive, it is subtracted from the
    amodal logit.
    """
    return amodal.float() - F.relu(visible.float())


class OcclusionBranch(nn.Module):
    """An amodal and a visible mask head on shared RoI features; both give the invisible mask.

    Args:
        settings: widths, weight of the losses.
        task: number of classes, and the class that overlaps.

    Raises:
        ValueError: the task declares no category whose objects overlap.
    """

    def __init__(self, settings: OcclusionSettings, task: Task) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.amodal = ConvHead(pyramid, width, task.num_classes)
        self.visible = ConvHead(pyramid, width, task.num_classes)
        self.weight = settings.mask_weight
        self.cell = cell_class(task)

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_amodal``, ``loss_visible`` and ``loss_invisible``."""
        x = pool(features, positives.boxes, MASK_POOL_SIZE)
        amodal = self.amodal.logits(self.amodal.features(x))
        visible = self.visible.logits(self.visible.features(x))
        labels, parts = positives.labels, part_targets(positives, self.cell)
        pairs = {
            "loss_amodal": (amodal, parts.whole),
            "loss_visible": (visible, parts.complement),
            "loss_invisible": (invisible_logits(amodal, visible), parts.intersection),
        }
        return {
            name: self.weight * mask_loss(logits, labels, target, None)
            for name, (logits, target) in pairs.items()
        }

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return amodal mask probabilities (D, 28, 28); the other masks are not computed."""
        x = pool(features, boxes, MASK_POOL_SIZE)
        return (
            logits_of_class(self.amodal.logits(self.amodal.features(x)), labels).float().sigmoid()
        )
