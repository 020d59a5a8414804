"""Box head: classification and box regression of sampled proposals (Fast R-CNN)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from gains.detection import boxes as box_ops
from gains.detection.matching import match, sample
from gains.detection.pooling import pool
from gains.detection.settings import TwoStageSettings
from gains.detection.types import Positives, Target

POOL_SIZE = 7
DELTA_WEIGHTS: box_ops.Weights = (10.0, 10.0, 5.0, 5.0)


class BoxHead(nn.Module):
    """Two fully connected layers; K + 1 class logits, background last; 4 K deltas."""

    def __init__(self, in_channels: int, dim: int, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.fc1 = nn.Linear(in_channels * POOL_SIZE**2, dim)
        self.fc2 = nn.Linear(dim, dim)
        self.classes = nn.Linear(dim, num_classes + 1)
        self.deltas = nn.Linear(dim, num_classes * 4)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.normal_(self.deltas.weight, std=0.001)
        nn.init.zeros_(self.classes.bias)
        nn.init.zeros_(self.deltas.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return class logits (R, K+1) and deltas (R, K, 4) of pooled features (R, C, 7, 7)."""
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        return self.classes(x), self.deltas(x).reshape(-1, self.num_classes, 4)


class BoxBranch(nn.Module):
    """The box branch of a two-stage detector: sampling, losses, detections.

    Args:
        settings: of the detector.
        num_classes: K.
        max_detections: kept per image.
    """

    def __init__(self, settings: TwoStageSettings, num_classes: int, max_detections: int) -> None:
        super().__init__()
        self.settings = settings
        self.max_detections = max_detections
        self.head = BoxHead(settings.backbone.fpn_channels, settings.box_dim, num_classes)

    def losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], Positives]:
        """Sample RoIs, return ``loss_cls`` and ``loss_box``, and the foreground RoIs.

        Both losses are divided by the number of all sampled RoIs.
        """
        rois: list[Tensor] = []
        labels: list[Tensor] = []
        matched: list[Tensor] = []
        foreground: list[int] = []
        for boxes, target in zip(proposals, targets, strict=True):
            boxes = torch.cat([boxes, target.boxes])
            index, role = match(target.boxes, boxes, 0.5, 0.5, keep_best=False)
            positive, negative = sample(
                role, self.settings.rois_per_image, self.settings.roi_positive_fraction, generator
            )
            rois.append(boxes[torch.cat([positive, negative])])
            matched.append(index[positive])
            foreground.append(len(positive))
            background = target.labels.new_full((len(negative),), self.head.num_classes)
            labels.append(torch.cat([target.labels[index[positive]], background]))
        logits, deltas = self.head(pool(features, rois, POOL_SIZE))
        positives = Positives(
            [r[:n] for r, n in zip(rois, foreground, strict=True)], matched, targets
        )
        chosen = torch.cat(
            [
                torch.arange(len(r), device=r.device) < n
                for r, n in zip(rois, foreground, strict=True)
            ]
        )
        truth = torch.cat([t.boxes[m] for t, m in zip(targets, matched, strict=True)])
        wanted = box_ops.encode(truth, torch.cat(positives.boxes), DELTA_WEIGHTS)
        found = deltas[chosen, positives.labels]
        loss_box = F.l1_loss(found.float(), wanted, reduction="sum") / max(len(logits), 1)
        loss_cls = F.cross_entropy(logits.float(), torch.cat(labels))
        return {"loss_cls": loss_cls, "loss_box": loss_box}, positives

    def detect(
        self, features: list[Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Return per image the boxes (D, 4), scores (D,) and labels (D,) that remain."""
        logits, deltas = self.head(pool(features, proposals, POOL_SIZE))
        counts = [len(p) for p in proposals]
        scores = logits.float().softmax(dim=1)[:, :-1]
        decoded = box_ops.decode(deltas, torch.cat(proposals)[:, None], DELTA_WEIGHTS)
        parts = zip(torch.split(decoded, counts), torch.split(scores, counts), sizes, strict=True)
        return [self._select(boxes, score, size) for boxes, score, size in parts]

    def _select(
        self, boxes: Tensor, scores: Tensor, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        row, label = torch.nonzero(scores > self.settings.score_threshold, as_tuple=True)
        candidates, score = box_ops.clip(boxes[row, label], size), scores[row, label]
        valid = box_ops.nonempty(candidates)
        candidates, score, label = candidates[valid], score[valid], label[valid]
        keep = batched_nms(candidates, score, label, self.settings.nms)[: self.max_detections]
        return candidates[keep], score[keep], label[keep]
