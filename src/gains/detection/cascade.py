"""Cascades of box heads: each stage classifies and refines the boxes of the previous stage.

Every cascade uses ``refine``, ``BoxStages`` and ``select_all``. ``CascadeBoxes`` is the box branch
of Cascade R-CNN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gains.detection import boxes as box_ops
from gains.detection.box_head import BOX_POOL_SIZE, BoxDetections, BoxHead, box_losses, select_boxes
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.detection.sampling import draw_rois, label_rois
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target, Task

Pool = Callable[[list[Tensor], int], Tensor]
"""A function that pools each image's boxes (R_i, 4), px, to (R, C, size, size) of a given size."""


class CascadeStage(NamedTuple):
    """One stage of a cascade.

    Attributes:
        iou: lowest IoU of a foreground box with its object.
        delta_weights: factors of the four deltas of the box regression.
        loss_weight: weight of all losses of the stage.
    """

    iou: float
    delta_weights: box_ops.Weights
    loss_weight: float = 1.0


STAGES = (
    CascadeStage(0.5, (10.0, 10.0, 5.0, 5.0)),
    CascadeStage(0.6, (20.0, 20.0, 10.0, 10.0)),
    CascadeStage(0.7, (30.0, 30.0, 15.0, 15.0)),
)
"""The stages of Cascade R-CNN, with detectron2's numbers."""


def scale_gradient(x: Tensor, factor: float) -> Tensor:
    """Return ``x``; the gradient that flows back through the result is scaled by ``factor``."""
    scaled = x.view_as(x)
    if scaled.requires_grad:
        scaled.register_hook(lambda gradient: gradient * factor)  # type: ignore[no-untyped-call]
    return scaled


def refine(
    boxes: list[Tensor], deltas: Tensor, stage: CascadeStage, sizes: list[tuple[int, int]]
) -> list[Tensor]:
    """Apply the deltas of a stage to boxes, and clip them to their images.

    The result has no graph. Boxes may become empty.

    Args:
        boxes: one (R_i, 4) per image, px.
        deltas: (R, 1, 4), R the sum of R_i.
        stage: the stage whose head made the deltas.
        sizes: height and width of each image.
    """
    moved = box_ops.decode(deltas[:, 0].detach(), torch.cat(boxes), stage.delta_weights)
    parts = torch.split(moved, [len(b) for b in boxes])
    return [box_ops.clip(part, size) for part, size in zip(parts, sizes, strict=True)]


def select_all(
    boxes: list[Tensor],
    scores: Tensor,
    sizes: list[tuple[int, int]],
    settings: TwoStageSettings,
    kept: int,
) -> list[BoxDetections]:
    """Select the detections of each image; see :func:`gains.detection.box_head.select_boxes`.

    Args:
        boxes: one (R_i, 4) per image, px.
        scores: (R, K + 1) in [0, 1], background last.
        sizes: height and width of each image.
        settings: ``score_threshold`` and ``nms``.
        kept: largest number of detections per image.
    """
    split = torch.split(scores[:, :-1], [len(b) for b in boxes])
    return [
        select_boxes(b[:, None], score, size, settings, kept)
        for b, score, size in zip(boxes, split, sizes, strict=True)
    ]


class BoxStages(nn.Module):
    """The box heads of all stages; in each, all classes share one box.

    Args:
        settings: widths of the heads.
        num_classes: K.
        stages: the stages in their order.
    """

    def __init__(
        self, settings: TwoStageSettings, num_classes: int, stages: Sequence[CascadeStage]
    ) -> None:
        super().__init__()
        self.stages = tuple(stages)
        self.heads = nn.ModuleList(
            BoxHead(settings.backbone.fpn_channels, settings.box_dim, num_classes, agnostic=True)
            for _ in stages
        )

    def run(
        self, pooled: Pool, proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Run all stages on proposals, as in prediction.

        Args:
            pooled: function that makes the RoI features.
            proposals: one (R_i, 4) per image, px.
            sizes: height and width of each image.

        Returns:
            The boxes of the last stage, one (R_i, 4) per image, and per stage the class logits
            float32 (R, K + 1) of its input boxes.
        """
        boxes, every = proposals, []
        for stage, head in zip(self.stages, self.heads, strict=True):
            logits, deltas = head(pooled(boxes, BOX_POOL_SIZE))
            every.append(logits.float())
            boxes = refine(boxes, deltas, stage, sizes)
        return boxes, every


class CascadeBoxes(BoxStages):
    """The box branch of Cascade R-CNN (section 4) as detectron2 trains it.

    The first stage samples RoIs. Later stages get the same RoIs, refined, and label them again with
    their own IoU threshold. They draw no new RoIs, and do not add the objects' own boxes.

    Args:
        settings: settings of the detector.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: TwoStageSettings, task: Task) -> None:
        super().__init__(settings, task.num_classes, STAGES)
        self.settings = settings
        self.task = task

    def losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], Positives]:
        """Return ``loss_cls_s`` and ``loss_box_s`` of each stage s, and the foreground of stage 1.

        All stages have weight 1. The mask branch learns from the foreground RoIs of stage 1.
        """
        sizes = [(t.masks.shape[1], t.masks.shape[2]) for t in targets]
        classes = self.task.num_classes
        rois = draw_rois(proposals, targets, self.settings, classes, generator, self.stages[0].iou)
        positives, losses = rois.positives, {}
        for number, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True), 1):
            # the features get the mean of the stages' gradients, each head its full gradient
            x = scale_gradient(pool(features, rois.boxes, BOX_POOL_SIZE), 1 / len(self.stages))
            logits, deltas = head(x)
            losses[f"loss_cls_{number}"], losses[f"loss_box_{number}"] = box_losses(
                logits, deltas, rois, stage.delta_weights
            )
            if number < len(self.stages):
                moved = refine(rois.boxes, deltas, stage, sizes)
                moved = box_ops.select_rows(moved, [box_ops.nonempty(boxes) for boxes in moved])
                rois = label_rois(moved, targets, classes, self.stages[number].iou)
        return losses, positives

    def detect(
        self, features: list[Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> list[BoxDetections]:
        """Return the last stage's boxes, scored by the mean probability of all stages."""
        boxes, logits = self.run(partial(pool, features), proposals, sizes)
        scores = torch.stack([x.softmax(dim=1) for x in logits]).mean(dim=0)
        return select_all(boxes, scores, sizes, self.settings, self.task.max_detections)
