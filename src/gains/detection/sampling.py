"""The RoIs that the second stage learns from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gains.detection.matching import FOREGROUND, match, sample
from gains.detection.settings import TwoStageSettings
from gains.detection.types import Positives, Target


@dataclass
class Sampled:
    """RoIs of a batch with their labels.

    Args:
        boxes: one float32 (R_i, 4) per image.
        labels: one int64 (R_i,) per image, class index, K for background.
        matched: one int64 (R_i,) per image, index of the ground truth; of no meaning for
            background.
        targets: one per image.
        num_classes: K.
    """

    boxes: list[Tensor]
    labels: list[Tensor]
    matched: list[Tensor]
    targets: list[Target]
    num_classes: int

    @property
    def foreground(self) -> Tensor:
        """Return which of the R RoIs are foreground, bool (R,)."""
        return torch.cat(self.labels) < self.num_classes

    def positives(self) -> Positives:
        """Return the foreground RoIs."""
        keep = [labels < self.num_classes for labels in self.labels]
        return Positives(
            [boxes[k] for boxes, k in zip(self.boxes, keep, strict=True)],
            [matched[k] for matched, k in zip(self.matched, keep, strict=True)],
            self.targets,
        )

    def matched_boxes(self) -> Tensor:
        """Return the ground-truth boxes of the foreground RoIs, float32 (P, 4)."""
        matched = self.positives().matched
        return torch.cat([t.boxes[m] for t, m in zip(self.targets, matched, strict=True)])


def with_truth(proposals: list[Tensor], targets: list[Target]) -> list[Tensor]:
    """Append the ground-truth boxes to each image's proposals."""
    return [torch.cat([p, t.boxes]) for p, t in zip(proposals, targets, strict=True)]


def label(
    boxes: list[Tensor], targets: list[Target], num_classes: int, threshold: float = 0.5
) -> Sampled:
    """Label all boxes by their best object: its class from the IoU ``threshold`` on."""
    labels, matched = [], []
    for found, target in zip(boxes, targets, strict=True):
        index, role = match(target.boxes, found, threshold, threshold, keep_best=False)
        background = torch.full_like(index, num_classes)
        classes = target.labels[index] if len(target.labels) else background
        labels.append(torch.where(role == FOREGROUND, classes, background))
        matched.append(index)
    return Sampled(boxes, labels, matched, targets, num_classes)


def draw(
    proposals: list[Tensor],
    targets: list[Target],
    settings: TwoStageSettings,
    num_classes: int,
    generator: torch.Generator,
    threshold: float = 0.5,
) -> Sampled:
    """Draw ``rois_per_image`` of the proposals and the ground truth, foreground first.

    Args:
        proposals: one (P_i, 4) per image.
        targets: ground truth.
        settings: ``rois_per_image`` and ``roi_positive_fraction``.
        num_classes: K.
        generator: source of chance.
        threshold: IoU from which on a box is foreground.
    """
    every = label(with_truth(proposals, targets), targets, num_classes, threshold)
    kept = []
    for labels in every.labels:
        positive, negative = sample(
            (labels < num_classes).to(torch.int8),
            settings.rois_per_image,
            settings.roi_positive_fraction,
            generator,
        )
        kept.append(torch.cat([positive, negative]))
    return Sampled(
        [boxes[k] for boxes, k in zip(every.boxes, kept, strict=True)],
        [labels[k] for labels, k in zip(every.labels, kept, strict=True)],
        [matched[k] for matched, k in zip(every.matched, kept, strict=True)],
        targets,
        num_classes,
    )
