"""Mask Scoring R-CNN: a head that learns the IoU of the predicted masks (paper section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.box_head import BoxDetections
from gains.detection.mask_head import (
    MASK_POOL_SIZE,
    MaskBranch,
    logits_of_class,
    mask_loss,
    mask_targets,
)
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.detection.two_stage import TwoStageDetector
from gains.methods.mask_scoring_rcnn import MaskScoringSettings
from gains.models.contract import Detections, Task
from gains.models.initialisation import init_relu


class MaskIoUHead(nn.Module):
    """The MaskIoU head: four 3x3 convolutions, the last with stride 2, and three linear layers.

    Args:
        in_channels: channels of the RoI features.
        settings: widths.
        num_classes: K outputs.
    """

    def __init__(self, in_channels: int, settings: MaskScoringSettings, num_classes: int) -> None:
        super().__init__()
        channels, dim = settings.iou_channels, settings.iou_dim
        widths = [in_channels + 1, *[channels] * 4]
        self.convs = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], 3, stride=2 if i == 3 else 1, padding=1)
            for i in range(4)
        )
        self.fc1 = nn.Linear(channels * (MASK_POOL_SIZE // 2) ** 2, dim)
        self.fc2 = nn.Linear(dim, dim)
        self.ious = nn.Linear(dim, num_classes)
        for conv in self.convs:
            init_relu(conv)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.ious.weight, std=0.01)
        nn.init.zeros_(self.ious.bias)

    def forward(self, roi_features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the predicted IoU of each mask.

        Args:
            roi_features: (R, C, 14, 14), the features that the masks were made from.
            logits: (R, 28, 28), the masks of the RoIs' classes.
            labels: int64 (R,), the classes.

        Returns:
            float32 (R,), roughly in [0, 1], since the output is linear.
        """
        masks = F.max_pool2d(logits.sigmoid()[:, None], 2)
        x = torch.cat([roi_features, masks.to(roi_features.dtype)], dim=1)
        for conv in self.convs:
            x = F.relu(conv(x))
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        ious: Tensor = self.ious(x).float()
        return ious.gather(1, labels[:, None])[:, 0]


def pixels_inside(masks: Tensor, boxes: Tensor, index: Tensor) -> Tensor:
    """Count the mask pixels inside boxes that are rounded down to whole pixels.

    Args:
        masks: uint8 (N, H, W), 0 or 1.
        boxes: (R, 4), px, inside the image; after rounding at least one pixel wide and high.
        index: int64 (R,), the mask of each box.

    Returns:
        int64 (R,).
    """
    corners = boxes.long()
    low, high = corners[:, :2], torch.maximum(corners[:, 2:], corners[:, :2] + 1)
    # the pixels of a row between two columns are a difference of cumulative sums
    sums = F.pad(masks.cumsum(dim=2, dtype=torch.int32), (1, 0))
    in_row = sums[index, :, high[:, 0]] - sums[index, :, low[:, 0]]
    row = torch.arange(masks.shape[1], device=masks.device)
    return (in_row * ((row >= low[:, 1:]) & (row < high[:, 1:]))).sum(dim=1)


def visible_share(positives: Positives) -> Tensor:
    """Return the share of each RoI's object inside the RoI, float32 (R,) in [0, 1]."""
    shares = []
    for target, boxes, index in zip(
        positives.targets, positives.boxes, positives.matched, strict=True
    ):
        areas = target.masks.sum(dim=(1, 2)).clamp(min=1)
        shares.append(pixels_inside(target.masks, boxes, index) / areas[index])
    return torch.cat(shares)


def iou_targets(masks: Tensor, truth: Tensor, share: Tensor) -> Tensor:
    """Return the IoU of predicted masks with the whole object, also its part outside the RoI.

    The part outside the RoI belongs to the union: the area of the whole object is its area inside
    the RoI, divided by ``share``.

    Args:
        masks: bool (R, 28, 28), predicted.
        truth: bool (R, 28, 28), ground truth inside the RoI.
        share: float32 (R,), the share of the object's area that lies inside the RoI.

    Returns:
        float32 (R,) in [0, 1]; 0 where both masks are empty.
    """
    overlap = (masks & truth).sum(dim=(1, 2))
    whole = truth.sum(dim=(1, 2)) / share.clamp(min=1e-7)
    return overlap / (masks.sum(dim=(1, 2)) + whole - overlap).clamp(min=1)


def iou_loss(ious: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error over RoIs whose target is above 0; 0 without such a RoI.

    Args:
        ious: float32 (R,), predicted.
        target: float32 (R,).
    """
    counted = target > 0
    return ((ious - target) ** 2 * counted).sum() / counted.sum().clamp(min=1)


class MaskScoringBranch(MaskBranch):
    """The mask branch of Mask R-CNN, and the MaskIoU head on the same pooled features.

    Args:
        settings: widths, weights, threshold.
        num_classes: K.
    """

    def __init__(self, settings: MaskScoringSettings, num_classes: int) -> None:
        super().__init__(settings, num_classes)
        self.iou_head = MaskIoUHead(settings.backbone.fpn_channels, settings, num_classes)
        self.iou_weight = settings.iou_weight
        self.threshold = 0.5 if settings.binarize_logit else 0.0

    def forward(
        self, features: list[Tensor], boxes: list[Tensor], labels: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return mask logits (R, K, 28, 28), those of the RoIs' classes (R, 28, 28), IoUs (R,)."""
        x = pool(features, boxes, MASK_POOL_SIZE)
        logits = self.head.logits(self.head.features(x))
        chosen = logits_of_class(logits, labels)
        return logits, chosen, self.iou_head(x, chosen, labels)

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_mask`` and ``loss_mask_iou``, whose gradient also reaches the masks."""
        labels, truth = positives.labels, mask_targets(positives)
        logits, chosen, ious = self(features, positives.boxes, labels)
        target = iou_targets(chosen > self.threshold, truth, visible_share(positives))
        return {
            "loss_mask": self.weight * mask_loss(logits, labels, truth, None),
            "loss_mask_iou": self.iou_weight * iou_loss(ious, target),
        }


class MaskScoringRCNN(TwoStageDetector):
    """Mask R-CNN that ranks its detections by box score times predicted mask IoU.

    Args:
        settings: settings of the method.
        task: number of classes and of detections per image.
    """

    branch: MaskScoringBranch

    def __init__(self, settings: MaskScoringSettings, task: Task) -> None:
        super().__init__(settings, task, MaskScoringBranch(settings, task.num_classes))

    def with_masks(self, features: list[Tensor], found: list[BoxDetections]) -> list[Detections]:
        """Return the detections with masks and mask scores; none of them is dropped."""
        boxes, labels = [f.boxes for f in found], torch.cat([f.labels for f in found])
        _, logits, ious = self.branch(features, boxes, labels)
        counts = [len(b) for b in boxes]
        parts = zip(
            found,
            torch.split(logits.float().sigmoid(), counts),
            # the head's output is linear, but a score must lie between 0 and the box score
            torch.split(ious.clamp(0, 1), counts),
            strict=True,
        )
        return [rescore_detections(f, masks, iou) for f, masks, iou in parts]


def rescore_detections(found: BoxDetections, masks: Tensor, ious: Tensor) -> Detections:
    """Return the detections of one image scored by box score times IoU, best first.

    Args:
        found: D detections with box scores.
        masks: (D, 28, 28) probabilities.
        ious: (D,) in [0, 1], predicted for the classes of the detections.
    """
    scores, order = (found.scores * ious).sort(descending=True, stable=True)
    return Detections(
        found.boxes[order],
        scores,
        found.labels[order],
        masks[order],
        box_scores=found.scores[order],
    )
