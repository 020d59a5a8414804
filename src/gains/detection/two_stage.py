"""The two-stage detector: backbone, proposals, boxes, and a branch that makes masks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gains.detection.backbone import Backbone
from gains.detection.box_head import BoxBranch
from gains.detection.mask_head import RoiBranch
from gains.detection.proposals import ProposalNetwork
from gains.detection.settings import TwoStageSettings
from gains.detection.types import Detections, Detector, Target


class TwoStageDetector(Detector):
    """Mask R-CNN's frame; what a method changes is the branch of its masks.

    Args:
        settings: sizes, sampling, thresholds.
        num_classes: K, background not counted.
        max_detections: kept per image.
        branch: makes masks; an ``nn.Module`` with the methods of :class:`RoiBranch`.
    """

    branch: RoiBranch

    def __init__(
        self, settings: TwoStageSettings, num_classes: int, max_detections: int, branch: nn.Module
    ) -> None:
        super().__init__()
        self.backbone = Backbone(settings.backbone)
        self.proposals = ProposalNetwork(settings)
        self.boxes = BoxBranch(settings, num_classes, max_detections)
        self.add_module("branch", branch)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of proposals, boxes and the branch."""
        features = self.backbone(images)
        proposals, losses = self.proposals(features, _sizes(images), targets, generator)
        box_losses, positives = self.boxes.losses(features, proposals, targets, generator)
        return {**losses, **box_losses, **self.branch.losses(features, positives)}

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections that remain, with their masks."""
        features = self.backbone(images)
        proposals, _ = self.proposals(features, _sizes(images))
        found = self.boxes.detect(features, proposals, _sizes(images))
        boxes = [b for b, _, _ in found]
        labels = torch.cat([label for _, _, label in found])
        masks = torch.split(self.branch.predict(features, boxes, labels), [len(b) for b in boxes])
        return [
            Detections(b, score, label, mask)
            for (b, score, label), mask in zip(found, masks, strict=True)
        ]


def _sizes(images: list[Tensor]) -> list[tuple[int, int]]:
    return [(image.shape[1], image.shape[2]) for image in images]
