"""The two-stage detector: backbone, proposals, boxes, and a mask branch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gains.detection.box_head import BoxBranch, BoxDetections, RoiBoxBranch
from gains.detection.mask_head import RoiMaskBranch
from gains.detection.proposals import ProposalNetwork
from gains.detection.settings import TwoStageSettings
from gains.models.backbone import Backbone
from gains.models.contract import Detections, Detector, Target, Task


class TwoStageDetector(Detector):
    """The common part of two-stage methods; a method changes the mask branch or the box branch.

    Args:
        settings: sizes, sampling, thresholds.
        task: number of classes and of detections per image.
        branch: the mask branch, an ``nn.Module`` with the methods of :class:`RoiMaskBranch`.
        boxes: the box branch, an ``nn.Module`` with the methods of :class:`RoiBoxBranch`; the
            default is that of Faster R-CNN.
    """

    branch: RoiMaskBranch
    boxes: RoiBoxBranch

    def __init__(
        self,
        settings: TwoStageSettings,
        task: Task,
        branch: nn.Module,
        boxes: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.backbone = Backbone(settings.backbone)
        self.proposals = ProposalNetwork(settings)
        # add_module, because mypy does not accept a module for an attribute declared as a Protocol
        self.add_module("boxes", boxes or BoxBranch(settings, task))
        self.add_module("branch", branch)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of proposals, boxes and masks."""
        features = self.backbone(images)
        proposals, losses = self.proposals(features, sizes_of(images), targets, generator)
        box_losses, positives = self.boxes.losses(features, proposals, targets, generator)
        return {**losses, **box_losses, **self.branch.losses(features, positives, generator)}

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections of each image, with their masks."""
        features = self.backbone(images)
        proposals, _ = self.proposals(features, sizes_of(images))
        return self.with_masks(features, self.boxes.detect(features, proposals, sizes_of(images)))

    def with_masks(self, features: list[Tensor], found: list[BoxDetections]) -> list[Detections]:
        """Return the detections of each image with masks."""
        boxes, labels = [f.boxes for f in found], torch.cat([f.labels for f in found])
        masks = torch.split(self.branch.predict(features, boxes, labels), [len(b) for b in boxes])
        return [
            Detections(f.boxes, f.scores, f.labels, mask)
            for f, mask in zip(found, masks, strict=True)
        ]


def sizes_of(images: list[Tensor]) -> list[tuple[int, int]]:
    """Return height and width of images (3, H, W)."""
    return [(image.shape[1], image.shape[2]) for image in images]
