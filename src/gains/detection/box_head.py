"""The box head: classification and box regression of sampled proposals (Fast R-CNN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from gains.detection import boxes as box_ops
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.detection.sampling import RoiSample, draw_rois
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target, Task

BOX_POOL_SIZE = 7
DELTA_WEIGHTS: box_ops.Weights = (10.0, 10.0, 5.0, 5.0)


@dataclass
class BoxDetections:
    """The detections of one image without masks, best first.

    Attributes:
        boxes: float32 (D, 4), px.
        scores: float32 (D,) in [0, 1].
        labels: int64 (D,), class index.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor

    def select(self, keep: Tensor) -> BoxDetections:
        """Return the detections that ``keep``, bool (D,) or indices, selects."""
        return BoxDetections(self.boxes[keep], self.scores[keep], self.labels[keep])


class RoiBoxBranch(Protocol):
    """The part of a two-stage detector that classifies and refines boxes."""

    def losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], Positives]:
        """Return the named losses, and the foreground RoIs that the mask branch learns from."""

    def detect(
        self, features: list[Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> list[BoxDetections]:
        """Return the detections of each image; ``sizes`` are heights and widths without padding."""


class BoxHead(nn.Module):
    """Two fully connected layers, which predict K + 1 class logits (background last) and deltas.

    Args:
        in_channels: channels of the pooled features.
        dim: width of the layers.
        num_classes: K.
        agnostic: whether all classes share one box; otherwise each class has its own box.
    """

    def __init__(
        self, in_channels: int, dim: int, num_classes: int, agnostic: bool = False
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.fc1 = nn.Linear(in_channels * BOX_POOL_SIZE**2, dim)
        self.fc2 = nn.Linear(dim, dim)
        self.classes = nn.Linear(dim, num_classes + 1)
        self.deltas = nn.Linear(dim, 4 if agnostic else num_classes * 4)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.normal_(self.deltas.weight, std=0.001)
        nn.init.zeros_(self.classes.bias)
        nn.init.zeros_(self.deltas.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return class logits (R, K+1) and deltas (R, K or 1, 4) of pooled (R, C, 7, 7)."""
        x = F.relu(self.fc1(x.flatten(1)), inplace=True)
        x = F.relu(self.fc2(x), inplace=True)
        return self.classes(x), self.deltas(x).unflatten(1, (-1, 4))


def deltas_of_class(deltas: Tensor, labels: Tensor) -> Tensor:
    """Return the deltas (R, 4) of each box's class.

    Args:
        deltas: (R, K or 1, 4).
        labels: int64 (R,), class index.
    """
    if deltas.shape[1] == 1:
        return deltas[:, 0]
    return deltas[torch.arange(len(labels), device=labels.device), labels]


def box_losses(
    logits: Tensor,
    deltas: Tensor,
    rois: RoiSample,
    weights: box_ops.Weights = DELTA_WEIGHTS,
    beta: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return the losses of classification and of box regression (Fast R-CNN).

    Both are divided by the number of all sampled RoIs.

    Args:
        logits: (R, K + 1), background last.
        deltas: (R, K or 1, 4).
        rois: the R sampled RoIs.
        weights: factors of the four deltas.
        beta: distance below which the smooth L1 loss is quadratic; 0 gives the L1 loss.
    """
    labels = torch.cat(rois.labels)
    positives = rois.positives
    predicted = deltas_of_class(deltas[rois.foreground_rows], positives.labels)
    target = box_ops.encode(rois.matched_boxes(), torch.cat(positives.boxes), weights)
    loss_box = F.smooth_l1_loss(predicted.float(), target, reduction="sum", beta=beta)
    loss_cls = F.cross_entropy(logits.float(), labels, reduction="sum")
    return loss_cls / max(len(labels), 1), loss_box / max(len(labels), 1)


def select_boxes(
    boxes: Tensor, scores: Tensor, size: tuple[int, int], settings: TwoStageSettings, kept: int
) -> BoxDetections:
    """Select the detections of one image by score threshold, NMS per class, and number.

    Args:
        boxes: (R, K or 1, 4), px.
        scores: (R, K).
        size: height and width of the image.
        settings: ``score_threshold`` and ``nms``.
        kept: largest number of detections.
    """
    found = candidate_boxes(boxes, scores, size, settings.score_threshold)
    return found.select(batched_nms(found.boxes, found.scores, found.labels, settings.nms)[:kept])


def candidate_boxes(
    boxes: Tensor, scores: Tensor, size: tuple[int, int], threshold: float
) -> BoxDetections:
    """Return all boxes of one image with a score above a threshold, clipped, in no order.

    Args:
        boxes: (R, K or 1, 4), px.
        scores: (R, K).
        size: height and width of the image.
        threshold: the score.
    """
    row, label = torch.nonzero(scores > threshold, as_tuple=True)
    column = label if boxes.shape[1] > 1 else torch.zeros_like(label)
    found = BoxDetections(box_ops.clip(boxes[row, column], size), scores[row, label], label)
    return found.select(box_ops.nonempty(found.boxes))


class BoxBranch(nn.Module):
    """The box branch of Faster R-CNN: sampling, losses, detections.

    Args:
        settings: settings of the detector.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: TwoStageSettings, task: Task) -> None:
        super().__init__()
        self.settings = settings
        self.task = task
        self.head = BoxHead(settings.backbone.fpn_channels, settings.box_dim, task.num_classes)

    def losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], Positives]:
        """Sample RoIs, return ``loss_cls`` and ``loss_box``, and the foreground RoIs."""
        rois = draw_rois(proposals, targets, self.settings, self.task.num_classes, generator)
        logits, deltas = self.head(pool(features, rois.boxes, BOX_POOL_SIZE))
        loss_cls, loss_box = box_losses(logits, deltas, rois)
        return {"loss_cls": loss_cls, "loss_box": loss_box}, self.mask_rois(rois, deltas)

    def mask_rois(self, rois: RoiSample, _deltas: Tensor, /) -> Positives:
        """Return the RoIs that the mask branch learns from: here the foreground RoIs.

        This is a hook: a subclass may move the boxes by the predicted deltas (R, K or 1, 4).
        """
        return rois.positives

    def detect(
        self, features: list[Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> list[BoxDetections]:
        """Return the detections of each image after threshold and NMS."""
        logits, deltas = self.head(pool(features, proposals, BOX_POOL_SIZE))
        counts = [len(p) for p in proposals]
        scores = logits.float().softmax(dim=1)[:, :-1]
        decoded = box_ops.decode(deltas, torch.cat(proposals)[:, None], DELTA_WEIGHTS)
        parts = zip(torch.split(decoded, counts), torch.split(scores, counts), sizes, strict=True)
        return [self.select(boxes, score, size) for boxes, score, size in parts]

    def select(self, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> BoxDetections:
        """Return the detections of one image: here by threshold, NMS and number.

        This is a hook: a subclass may keep more boxes, which the detector then chooses from.

        Args:
            boxes: (R, K, 4), px.
            scores: (R, K).
            size: height and width of the image.
        """
        return select_boxes(boxes, scores, size, self.settings, self.task.max_detections)
