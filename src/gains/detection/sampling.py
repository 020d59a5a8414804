"""The RoIs that the second stage learns from."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from gains.detection.matching import (
    BACKGROUND,
    FOREGROUND,
    IGNORED,
    PaddedRows,
    match_boxes,
    pad_rows,
    sample_boxes,
)
from gains.detection.positives import Positives
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target


@dataclass
class RoiSample:
    """RoIs of a batch with their labels.

    Args:
        boxes: one float32 (R_i, 4) per image.
        labels: one int64 (R_i,) per image, class index, K for background.
        matched: one int64 (R_i,) per image, index of the ground truth; of no meaning for
            background.
        targets: one per image.
        num_classes: K.
        first: how many are foreground, per image, where these come first; None: ask the device.
    """

    boxes: list[Tensor]
    labels: list[Tensor]
    matched: list[Tensor]
    targets: list[Target]
    num_classes: int
    first: list[int] | None = None

    @functools.cached_property
    def foreground(self) -> Tensor:
        """Return which of the R RoIs are foreground, int64 (P,)."""
        if self.first is None:
            return torch.nonzero(torch.cat(self.labels) < self.num_classes).flatten()
        index = torch.arange(sum(map(len, self.labels)), device=self.labels[0].device)
        parts = torch.split(index, [len(labels) for labels in self.labels])
        return torch.cat([part[:n] for part, n in zip(parts, self.first, strict=True)])

    @functools.cached_property
    def positives(self) -> Positives:
        """Return the foreground RoIs."""
        counts = self.first
        if counts is None:
            found = [(labels < self.num_classes).sum() for labels in self.labels]
            counts = torch.stack(found).tolist()
        boxes, matched = torch.cat(self.boxes), torch.cat(self.matched)
        return Positives(
            list(torch.split(boxes[self.foreground], counts)),
            list(torch.split(matched[self.foreground], counts)),
            self.targets,
        )

    def matched_boxes(self) -> Tensor:
        """Return the ground-truth boxes of the foreground RoIs, float32 (P, 4)."""
        matched = self.positives.matched
        return torch.cat([t.boxes[m] for t, m in zip(self.targets, matched, strict=True)])


def with_truth(proposals: list[Tensor], targets: list[Target]) -> list[Tensor]:
    """Append the ground-truth boxes to each image's proposals."""
    return [torch.cat([p, t.boxes]) for p, t in zip(proposals, targets, strict=True)]


def label_rois(
    boxes: list[Tensor], targets: list[Target], num_classes: int, threshold: float = 0.5
) -> RoiSample:
    """Label all boxes by their best object: its class from the IoU ``threshold`` on."""
    labels, index = _labels(pad_rows(boxes), targets, num_classes, threshold)
    counts = [len(found) for found in boxes]
    return RoiSample(
        boxes,
        [row[:n] for row, n in zip(labels, counts, strict=True)],
        [row[:n] for row, n in zip(index, counts, strict=True)],
        targets,
        num_classes,
    )


def _labels(
    boxes: PaddedRows, targets: list[Target], num_classes: int, threshold: float
) -> tuple[Tensor, Tensor]:
    """Return the class index of each box, K for background, and its object, int64 (B, N)."""
    truth = pad_rows([t.boxes for t in targets])
    index, role = match_boxes(truth, boxes.rows, threshold, threshold, keep_best=False)
    classes = pad_rows([t.labels for t in targets]).rows.gather(1, index)
    return classes.masked_fill(role != FOREGROUND, num_classes), index


def draw_rois(
    proposals: list[Tensor],
    targets: list[Target],
    settings: TwoStageSettings,
    num_classes: int,
    generator: torch.Generator,
    threshold: float = 0.5,
) -> RoiSample:
    """Draw ``rois_per_image`` of the proposals and the ground truth, foreground first.

    Args:
        proposals: one (P_i, 4) per image.
        targets: ground truth.
        settings: ``rois_per_image`` and ``roi_positive_fraction``.
        num_classes: K.
        generator: source of chance.
        threshold: IoU from which on a box is foreground.
    """
    every = pad_rows(with_truth(proposals, targets))
    labels, index = _labels(every, targets, num_classes, threshold)
    role = torch.where(labels < num_classes, FOREGROUND, BACKGROUND)
    drawn = sample_boxes(
        role.masked_fill(~every.present, IGNORED),
        settings.rois_per_image,
        settings.roi_positive_fraction,
        generator,
    )
    lists = drawn.lists()
    kept = [torch.cat(both) for both in lists]
    return RoiSample(
        [boxes[k] for boxes, k in zip(every.rows, kept, strict=True)],
        [row[k] for row, k in zip(labels, kept, strict=True)],
        [row[k] for row, k in zip(index, kept, strict=True)],
        targets,
        num_classes,
        first=[len(positive) for positive, _ in lists],
    )
