"""Mask-guided region proposal of DoNet (MRP, section 3.3): first cells, then objects in them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from gains.detection.box_head import BoxBranch, BoxDetections
from gains.detection.mask_head import MASK_POOL_SIZE, logits_of_class
from gains.detection.overlap import cell_class
from gains.detection.pooling import ROI_STRIDES, pool
from gains.detection.proposals import ProposalNetwork
from gains.detection.two_stage import sizes_of
from gains.methods.donet import DoNetSettings
from gains.methods.donet.model import DoNetBranch
from gains.models.backbone import Backbone
from gains.models.contract import Detections, Detector, Target, Task
from gains.models.points import sample_points


def nearest_pixels(length: int, count: int, like: Tensor) -> Tensor:
    """Return the centres of the ``count`` pixels that nearest-neighbour resizing selects."""
    return torch.arange(count, device=like.device) * length // count + 0.5


def cell_attention(
    logits: Tensor, boxes: Tensor, canvas: tuple[int, int], shape: tuple[int, int]
) -> Tensor:
    """Return the map of the cells by which one level of the pyramid is weighted.

    The program pastes each cell's logits into the image, clamps them at 0, sums the cells, takes
    the sigmoid, and resizes by nearest neighbour. Here only the pixels that this resizing selects
    are computed. Outside of cells the value is 0.5, not 0.

    Args:
        logits: (R, 28, 28), the cells in the RoIs.
        boxes: float32 (R, 4), px.
        canvas: height and width of the padded batch, px.
        shape: height and width of the level.

    Returns:
        float32 (height, width) in [0.5, 1].
    """
    count, (height, width) = len(boxes), shape
    low, size = boxes[:, :2, None], (boxes[:, 2:] - boxes[:, :2])[:, :, None]
    x = (nearest_pixels(canvas[1], width, boxes) - low[:, 0]) / size[:, 0]
    y = (nearest_pixels(canvas[0], height, boxes) - low[:, 1]) / size[:, 1]
    grid = [x[:, None].expand(count, height, width), y[:, :, None].expand(count, height, width)]
    pasted = sample_points(logits[:, None], torch.stack(grid, dim=-1).flatten(1, 2))[:, 0]
    return pasted.clamp(min=0).sum(dim=0).sigmoid().reshape(shape)


def attend(features: list[Tensor], logits: list[Tensor], boxes: list[Tensor]) -> list[Tensor]:
    """Weight every level of the pyramid with the cells of each image.

    Gradients reach the features and, through the map, the logits of the cells.

    Args:
        features: (B, C, H_l, W_l), p2..p6.
        logits: one (R_i, 28, 28) per image.
        boxes: one float32 (R_i, 4) per image, px.
    """
    height, width = features[0].shape[2:]
    canvas = (ROI_STRIDES[0] * height, ROI_STRIDES[0] * width)
    attended = []
    for x in features:
        shape = (x.shape[2], x.shape[3])
        maps = [cell_attention(f, b, canvas, shape) for f, b in zip(logits, boxes, strict=True)]
        attended.append(x * torch.stack(maps)[:, None])
    return attended


class GuidedStage(nn.Module):
    """A two-stage detector without backbone that detects either the cells or all other objects.

    For the other objects it learns the class background. Its proposals learn from all objects.

    Args:
        settings: settings of the detector.
        task: number of classes, and the class that overlaps.
        cells: whether it detects the cells; otherwise it detects the other objects.
    """

    def __init__(self, settings: DoNetSettings, task: Task, cells: bool) -> None:
        super().__init__()
        self.cell, self.cells, self.background = cell_class(task), cells, task.num_classes
        self.proposals = ProposalNetwork(settings)
        self.boxes = BoxBranch(settings, task)
        self.branch = DoNetBranch(settings, task)

    def keeps(self, labels: Tensor) -> Tensor:
        """Return whether this stage detects class indices (N,), bool (N,)."""
        return (labels == self.cell) == self.cells

    def relabel(self, target: Target) -> Target:
        """Return the target; the objects that this stage does not detect have the class background.

        A box that overlaps such an object most is then background itself, even if it also overlaps
        an object of this stage. As published, this happens before the RoIs are drawn.
        """
        kept = self.keeps(target.labels)
        return replace(target, labels=target.labels.where(kept, self.background))

    def losses(
        self,
        features: list[Tensor],
        sizes: list[tuple[int, int]],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], list[Tensor], list[Tensor]]:
        """Return the losses, and the refined cell logits and the boxes of each image's RoIs."""
        proposals, losses = self.proposals(features, sizes, targets, generator)
        own = [self.relabel(target) for target in targets]
        box_losses, positives = self.boxes.losses(features, proposals, own, generator)
        logits = self.branch(pool(features, positives.boxes, MASK_POOL_SIZE))
        mask_losses = self.branch.mask_losses(logits, positives)
        counts = [len(boxes) for boxes in positives.boxes]
        cells = torch.split(logits["refined"][:, self.cell], counts)
        return {**losses, **box_losses, **mask_losses}, list(cells), positives.boxes

    def detect(
        self, features: list[Tensor], sizes: list[tuple[int, int]]
    ) -> tuple[list[BoxDetections], list[Tensor]]:
        """Return the detections of each image, and their refined logits (D_i, 28, 28)."""
        proposals, _ = self.proposals(features, sizes)
        found = [self._kept(f) for f in self.boxes.detect(features, proposals, sizes)]
        logits = self.branch.output(pool(features, [f.boxes for f in found], MASK_POOL_SIZE))
        own = logits_of_class(logits, torch.cat([f.labels for f in found])).float()
        return found, list(torch.split(own, [len(f.boxes) for f in found]))

    def _kept(self, found: BoxDetections) -> BoxDetections:
        kept = self.keeps(found.labels)
        return BoxDetections(found.boxes[kept], found.scores[kept], found.labels[kept])


class MaskGuidedDetector(Detector):
    """A detector of cells, and then of all other objects on features weighted with cell masks.

    Args:
        settings: settings with ``modules: mrp``.
        task: number of classes and of detections per image, and the class that overlaps.

    Raises:
        ValueError: the task declares no category whose objects overlap, or has no other category.
    """

    def __init__(self, settings: DoNetSettings, task: Task) -> None:
        super().__init__()
        if task.num_classes < 2:
            raise ValueError(
                "mask-guided region proposal looks for other objects in cells, so it expects at "
                f"least 2 categories, found {task.num_classes}; set `modules: crm`"
            )
        self.kept = task.max_detections
        self.backbone = Backbone(settings.backbone)
        self.cells = GuidedStage(settings, task, cells=True)
        self.others = GuidedStage(settings, task, cells=False)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of both stages; names of the second stage end in ``_guided``."""
        features, sizes = self.backbone(images), sizes_of(images)
        losses, logits, boxes = self.cells.losses(features, sizes, targets, generator)
        attended = attend(features, logits, boxes)
        guided, _, _ = self.others.losses(attended, sizes, targets, generator)
        return {**losses, **{f"{name}_guided": loss for name, loss in guided.items()}}

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the cells of the first stage and the objects of the second, best first."""
        features, sizes = self.backbone(images), sizes_of(images)
        cells, cell_logits = self.cells.detect(features, sizes)
        attended = attend(features, cell_logits, [f.boxes for f in cells])
        others, other_logits = self.others.detect(attended, sizes)
        parts = zip(cells, cell_logits, others, other_logits, strict=True)
        return [self._joined(*part) for part in parts]

    def _joined(
        self, a: BoxDetections, a_logits: Tensor, b: BoxDetections, b_logits: Tensor
    ) -> Detections:
        scores = torch.cat([a.scores, b.scores])
        best = scores.argsort(descending=True, stable=True)[: self.kept]
        return Detections(
            torch.cat([a.boxes, b.boxes])[best],
            scores[best],
            torch.cat([a.labels, b.labels])[best],
            torch.cat([a_logits, b_logits])[best].sigmoid(),
        )
