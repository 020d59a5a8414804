"""Sampling of the RoIs that the second stage learns from."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from gains.detection.boxes import select_rows
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

    Attributes:
        boxes: one float32 (R_i, 4) per image, px.
        labels: one int64 (R_i,) per image, class index, K for background.
        matched: one int64 (R_i,) per image, index of the object in the ground truth; without
            meaning for background.
        targets: one per image.
        foreground: one int64 (P_i,) per image, the indices of its foreground RoIs, ascending.
    """

    boxes: list[Tensor]
    labels: list[Tensor]
    matched: list[Tensor]
    targets: list[Target]
    foreground: list[Tensor]

    @functools.cached_property
    def foreground_rows(self) -> Tensor:
        """Return the indices of the foreground among all R RoIs of the batch, int64 (P,)."""
        starts = accumulate((len(labels) for labels in self.labels[:-1]), initial=0)
        return torch.cat([index + n for index, n in zip(self.foreground, starts, strict=True)])

    @functools.cached_property
    def positives(self) -> Positives:
        """Return the foreground RoIs."""
        return Positives(
            [boxes[index] for boxes, index in zip(self.boxes, self.foreground, strict=True)],
            [matched[index] for matched, index in zip(self.matched, self.foreground, strict=True)],
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
    """Label all boxes with the class of their best object if the IoU is at least ``threshold``."""
    labels, index = _labels(pad_rows(boxes), targets, num_classes, threshold)
    counts = [len(own) for own in boxes]
    own = [row[:n] for row, n in zip(labels, counts, strict=True)]
    matched = [row[:n] for row, n in zip(index, counts, strict=True)]
    return RoiSample(boxes, own, matched, targets, foreground_of(own, num_classes))


def foreground_of(labels: list[Tensor], num_classes: int) -> list[Tensor]:
    """Return the indices of the foreground of each image, int64 (P_i,), ascending.

    Args:
        labels: one int64 (R_i,) per image, class index, ``num_classes`` for background.
        num_classes: K.
    """
    index = [torch.arange(len(own), device=own.device) for own in labels]
    return select_rows(index, [own < num_classes for own in labels])


def _labels(
    boxes: PaddedRows, targets: list[Target], num_classes: int, threshold: float
) -> tuple[Tensor, Tensor]:
    """Return each box's class index, K for background, and object index, both int64 (B, N)."""
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
    """Draw ``rois_per_image`` RoIs from proposals and ground truth, foreground first.

    Args:
        proposals: one (P_i, 4) per image.
        targets: ground truth.
        settings: ``rois_per_image`` and ``roi_positive_fraction``.
        num_classes: K.
        generator: source of random numbers.
        threshold: lowest IoU of a foreground box with its object.
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
        # the foreground comes first, so its indices need not be read from the device
        [torch.arange(len(positive), device=positive.device) for positive, _ in lists],
    )
