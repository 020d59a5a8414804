"""The model of Hybrid Task Cascade (paper section 3), as in mmdetection.

Boxes and masks are refined in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection import boxes as box_ops
from gains.detection.box_head import BOX_POOL_SIZE, box_losses
from gains.detection.cascade import BoxStages, CascadeStage, Pool, refine, select_all
from gains.detection.mask_head import (
    MASK_POOL_SIZE,
    ConvHead,
    logits_of_class,
    mask_loss,
    mask_targets,
)
from gains.detection.pooling import pool
from gains.detection.proposals import ProposalNetwork
from gains.detection.sampling import RoiSample, draw_rois
from gains.detection.two_stage import sizes_of
from gains.methods.htc import HtcSettings
from gains.methods.htc.semantic import SemanticBranch, pool_with, semantic_loss
from gains.models.backbone import Backbone
from gains.models.contract import Detections, Detector, Target, Task
from gains.models.initialisation import init_relu


def _stage(iou: float, deviations: tuple[float, float], weight: float) -> CascadeStage:
    """Return a stage from the standard deviations of shift and scale, which mmdetection gives."""
    shift, scale = (1 / d for d in deviations)
    return CascadeStage(iou, (shift, shift, scale, scale), weight)


STAGES = (
    _stage(0.5, (0.1, 0.2), 1.0),
    _stage(0.6, (0.05, 0.1), 0.5),
    _stage(0.7, (0.033, 0.067), 0.25),
)
BETA = 1.0
"""Distance below which the smooth L1 loss of the boxes is quadratic."""


class MaskStages(nn.Module):
    """A mask head per stage; the features of each head flow into the next (section 3.1).

    Args:
        settings: widths of the heads.
        num_classes: K.
    """

    heads: Sequence[ConvHead]

    def __init__(self, settings: HtcSettings, num_classes: int) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        heads = nn.ModuleList(ConvHead(pyramid, width, num_classes) for _ in STAGES)
        self.add_module("heads", heads)
        self.flows = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for _ in STAGES[1:])
        for flow in self.flows:
            init_relu(flow)

    def features(self, x: Tensor, count: int) -> list[Tensor]:
        """Return the features (R, width, 14, 14) of the first heads.

        Args:
            x: RoI features (R, C, 14, 14), the same for all heads.
            count: number of heads.
        """
        features = [self.heads[0].features(x)]
        for head, flow in zip(self.heads[1:count], self.flows, strict=False):
            features.append(head.features(x + F.relu(flow(features[-1]))))
        return features

    def logits(self, x: Tensor, number: int) -> Tensor:
        """Return (R, K, 28, 28) of one head, counted from 0; x as in :meth:`features`."""
        features = self.features(x, number + 1)[-1]
        return self.heads[number].logits(features)

    def predict(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return the mean probability of all heads, (R, 28, 28), for classes int64 (R,)."""
        every = zip(self.heads, self.features(x, len(self.heads)), strict=True)
        masks = [logits_of_class(head.logits(y), labels).float().sigmoid() for head, y in every]
        return torch.stack(masks).mean(dim=0)


def without_truth(boxes: list[Tensor], before: list[Tensor], targets: list[Target]) -> list[Tensor]:
    """Drop boxes that are empty, or that equalled the box of an object before the refinement.

    Args:
        boxes: refined boxes, one (R_i, 4) per image, px.
        before: the same boxes before the refinement.
        targets: ground truth; its boxes are added again when RoIs are drawn.
    """
    truth = [
        (old[:, None] == target.boxes).all(dim=2).any(dim=1)
        for old, target in zip(before, targets, strict=True)
    ]
    keep = [box_ops.nonempty(box) & ~own for box, own in zip(boxes, truth, strict=True)]
    return box_ops.select_rows(boxes, keep)


class HybridTaskCascade(Detector):
    """The detector that refines boxes and masks in turn, stage after stage.

    Args:
        settings: sizes, sampling, thresholds, the semantic branch.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: HtcSettings, task: Task) -> None:
        super().__init__()
        self.settings = settings
        self.task = task
        self.backbone = Backbone(settings.backbone)
        self.proposals = ProposalNetwork(settings)
        self.boxes = BoxStages(settings, task.num_classes, STAGES)
        self.masks = MaskStages(settings, task.num_classes)
        self.semantic = None
        if settings.semantic:
            self.semantic = SemanticBranch(settings.backbone.fpn_channels, task.num_classes)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of proposals, of each stage's boxes and masks, and of semantics."""
        losses: dict[str, Tensor]
        features, sizes = self.backbone(images), sizes_of(images)
        boxes, losses = self.proposals(features, sizes, targets, generator)
        pooled, semantics = self._pooling(features)
        if semantics is not None:
            weight = self.settings.semantic_weight
            losses["loss_semantic"] = weight * semantic_loss(semantics, targets)
        for number, (stage, head) in enumerate(zip(STAGES, self.boxes.heads, strict=True)):
            rois = self._draw(boxes, targets, stage, generator)
            logits, deltas = head(pooled(rois.boxes, BOX_POOL_SIZE))
            loss_cls, loss_box = box_losses(logits, deltas, rois, stage.delta_weights, BETA)
            refined = refine(rois.boxes, deltas, stage, sizes)
            boxes = without_truth(refined, rois.boxes, targets)
            # the masks of a stage learn from the boxes that this stage has refined
            positives = self._draw(boxes, targets, stage, generator).positives
            masks = self.masks.logits(pooled(positives.boxes, MASK_POOL_SIZE), number)
            loss_mask = mask_loss(masks, positives.labels, mask_targets(positives), None)
            losses[f"loss_cls_{number + 1}"] = stage.loss_weight * loss_cls
            losses[f"loss_box_{number + 1}"] = stage.loss_weight * loss_box
            weight = stage.loss_weight * self.settings.mask_weight
            losses[f"loss_mask_{number + 1}"] = weight * loss_mask
        return losses

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections: the last boxes, with scores and masks of all stages."""
        features, sizes = self.backbone(images), sizes_of(images)
        proposals, _ = self.proposals(features, sizes)
        pooled, _ = self._pooling(features)
        boxes, logits = self.boxes.run(pooled, proposals, sizes)
        scores = torch.stack(logits).mean(dim=0).softmax(dim=1)
        found = select_all(boxes, scores, sizes, self.settings, self.task.max_detections)
        x = pooled([f.boxes for f in found], MASK_POOL_SIZE)
        masks = self.masks.predict(x, torch.cat([f.labels for f in found]))
        parts = torch.split(masks, [len(f.boxes) for f in found])
        return [
            Detections(f.boxes, f.scores, f.labels, mask)
            for f, mask in zip(found, parts, strict=True)
        ]

    def _pooling(self, features: list[Tensor]) -> tuple[Pool, Tensor | None]:
        """Return the function that makes RoI features, and the logits of the semantic branch."""
        if self.semantic is None:
            return partial(pool, features), None
        logits, embedding = self.semantic(features)
        return partial(pool_with, embedding, features), logits

    def _draw(
        self,
        boxes: list[Tensor],
        targets: list[Target],
        stage: CascadeStage,
        generator: torch.Generator,
    ) -> RoiSample:
        classes = self.task.num_classes
        return draw_rois(boxes, targets, self.settings, classes, generator, stage.iou)
