"""Cascades of box heads: each stage classifies and refines the boxes of the one before.

``refine``, ``BoxStages`` and ``select_all`` serve every cascade; ``CascadeBoxes`` is the box branch
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
"""Makes RoI features (R, C, size, size) of each image's boxes (R_i, 4), px, and a side."""


class CascadeStage(NamedTuple):
    """One stage of a cascade.

    Attributes:
        iou: from which on a box is foreground.
        delta_weights: of the box regression.
        loss_weight: of all losses of the stage.
    """

    iou: float
    delta_weights: box_ops.Weights
    loss_weight: float = 1.0


STAGES = (
    CascadeStage(0.5, (10.0, 10.0, 5.0, 5.0)),
    CascadeStage(0.6, (20.0, 20.0, 10.0, 10.0)),
    CascadeStage(0.7, (30.0, 30.0, 15.0, 15.0)),
)
"""Cascade R-CNN's, as detectron2 has them."""


def scale_gradient(x: Tensor, factor: float) -> Tensor:
    """Return ``x``; what flows back through the result is multiplied by ``factor``."""
    scaled = x.view_as(x)
    if scaled.requires_grad:
        scaled.register_hook(lambda gradient: gradient * factor)  # type: ignore[no-untyped-call]
    return scaled


def refine(
    boxes: list[Tensor], deltas: Tensor, stage: CascadeStage, sizes: list[tuple[int, int]]
) -> list[Tensor]:
    """Move boxes as a stage says, and clip them; the result has no graph and may be empty.

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
    """Keep the detections of each image; see :func:`gains.detection.box_head.select_boxes`.

    Args:
        boxes: one (R_i, 4) per image, px.
        scores: (R, K + 1) in [0, 1], background last.
        sizes: height and width of each image.
        settings: ``score_threshold`` and ``nms``.
        kept: detections at most, per image.
    """
    split = torch.split(scores[:, :-1], [len(b) for b in boxes])
    return [
        select_boxes(b[:, None], score, size, settings, kept)
        for b, score, size in zip(boxes, split, sizes, strict=True)
    ]


class BoxStages(nn.Module):
    """A head per stage; one box for all classes.

    Args:
        settings: widths.
        num_classes: K.
        stages: first to last.
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
        """Send proposals through all stages, as at test.

        Args:
            pooled: makes the RoI features.
            proposals: one (R_i, 4) per image, px.
            sizes: height and width of each image.

        Returns:
            The boxes of the last stage, one (R_i, 4) per image, and per stage the class logits
            float32 (R, K + 1) of the boxes that it was given.
        """
        boxes, every = proposals, []
        for stage, head in zip(self.stages, self.heads, strict=True):
            logits, deltas = head(pooled(boxes, BOX_POOL_SIZE))
            every.append(logits.float())
            boxes = refine(boxes, deltas, stage, sizes)
        return boxes, every


class CascadeBoxes(BoxStages):
    """The box branch of Cascade R-CNN (section 4) as detectron2 trains it.

    The first stage samples RoIs. The later ones get the very same RoIs, refined, and label them
    anew from their own IoU on: nothing is drawn again, and no object's own box is added.

    Args:
        settings: of the detector.
        task: classes, and detections kept.
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
        """Return ``loss_cls_s`` and ``loss_box_s`` of the stages, and the first one's foreground.

        All stages weigh 1. The mask branch learns from the RoIs of the first stage.
        """
        sizes = [(t.masks.shape[1], t.masks.shape[2]) for t in targets]
        classes = self.task.num_classes
        rois = draw_rois(proposals, targets, self.settings, classes, generator, self.stages[0].iou)
        positives, losses = rois.positives, {}
        for number, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True), 1):
            # the features get the mean of the stages' gradients, each head the whole of its own
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
        """Return what remains of the last stage's boxes, scored by all stages' mean probability."""
        boxes, logits = self.run(partial(pool, features), proposals, sizes)
        scores = torch.stack([x.softmax(dim=1) for x in logits]).mean(dim=0)
        return select_all(boxes, scores, sizes, self.settings, self.task.max_detections)
