"""VRSP-Net: amodal masks from visible regions and shape priors (paper section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from gains.detection.box_head import BoxBranch, BoxDetections, candidate_boxes
from gains.detection.mask_head import MASK_POOL_SIZE, ConvHead, crops, logits_of_class, mask_loss
from gains.detection.overlap import cell_class, complement_masks
from gains.detection.pooling import MASK_SIZE, pool
from gains.detection.positives import Positives
from gains.detection.two_stage import TwoStageDetector
from gains.methods.vrsp_net import VrspSettings
from gains.methods.vrsp_net.losses import matching_loss, reclass_loss, roi_weights, weighted_loss
from gains.methods.vrsp_net.prior import ShapePrior
from gains.methods.vrsp_net.rescoring import rescored
from gains.models.contract import Detections, Target, Task

CHUNK = 128
"""Number of candidates whose masks are made at once, which limits the memory."""


class HeadPass(NamedTuple):
    """What a mask head makes of RoI features.

    Attributes:
        features: (R, channels, 14, 14), before the deconvolution.
        upsampled: (R, channels, 28, 28), after it.
        logits: (R, K, 28, 28).
    """

    features: Tensor
    upsampled: Tensor
    logits: Tensor

    @classmethod
    def of(cls, head: ConvHead, x: Tensor) -> HeadPass:
        """Pass RoI features (R, C, 14, 14) through a head."""
        features = head.features(x)
        upsampled = F.relu(head.deconv(features), inplace=True)
        return cls(features, upsampled, head.predictor(upsampled))

    def split(self, parts: int) -> list[HeadPass]:
        """Split the passes of several inputs that were joined."""
        return [HeadPass(*rows) for rows in zip(*(x.chunk(parts) for x in self), strict=True)]


class Inference(NamedTuple):
    """What prediction needs to know of R candidates.

    Attributes:
        logits: (R, 28, 28), amodal mask of the class.
        reclass: (R,), probability of the class by the visible part.
        distance: (R,), share of pixels in which the mask differs from the nearest shape.
    """

    logits: Tensor
    reclass: Tensor
    distance: Tensor


def halved(masks: Tensor) -> Tensor:
    """Average masks (R, n, 28, 28) to the size of RoI features, (R, n, 14, 14)."""
    return F.avg_pool2d(masks, 2)


class VrspBranch(nn.Module):
    """An amodal and a visible mask head that guide each other, and a shape prior.

    Args:
        settings: widths, weights, the prior.
        task: number of classes, and the class that overlaps.

    Raises:
        ValueError: the task declares no category whose objects overlap.
    """

    def __init__(self, settings: VrspSettings, task: Task) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.settings, self.cell = settings, cell_class(task)
        self.amodal = ConvHead(pyramid, width, task.num_classes)
        self.visible = ConvHead(pyramid, width, task.num_classes)
        self.fuse = nn.Conv2d(pyramid + settings.neighbours, pyramid, 3, padding=1)
        self.reclass = _classifier(pyramid, settings.reclass_dim, task.num_classes)
        self.prior = ShapePrior(settings, task.num_classes)

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return the losses of six masks, of the matching of features and of the classification."""
        x, labels = pool(features, positives.boxes, MASK_POOL_SIZE), positives.labels
        stacks = [t.masks for t in positives.targets]
        whole, whole_attention = _truth(stacks, positives)
        stacks = [complement_masks(target, self.cell) for target in positives.targets]
        part, part_attention = _truth(stacks, positives)
        coarse = HeadPass.of(self.amodal, x)
        seen = torch.cat([x, x * whole_attention, x * _attention(coarse, labels)])
        visible, guided_visible, refined_visible = HeadPass.of(self.visible, seen).split(3)
        prior = self._prior(coarse, labels)
        fused = [
            self._fused(x * attention, prior)
            for attention in (_attention(refined_visible, labels), part_attention)
        ]
        refined, guided = HeadPass.of(self.amodal, torch.cat(fused)).split(2)
        by_visible, by_whole = roi_weights(visible.logits, part), roi_weights(coarse.logits, whole)
        masks = {
            "amodal": mask_loss(coarse.logits, labels, whole, None),
            "visible": mask_loss(visible.logits, labels, part, None),
            "refined_amodal": weighted_loss(refined.logits, labels, whole, by_visible),
            "refined_visible": weighted_loss(refined_visible.logits, labels, part, by_whole),
            "guided_amodal": mask_loss(guided.logits, labels, whole, None),
            # the program trains this pass towards the whole mask, so the published numbers come
            # from that
            "guided_visible": mask_loss(guided_visible.logits, labels, whole, None),
        }
        matching = matching_loss(coarse[:2], guided[:2])
        matching = matching + matching_loss(visible[:2], guided_visible[:2])
        found = self.reclass(x * halved(_own(refined_visible, labels)).detach())
        shares = roi_weights(logits_of_class(refined_visible.logits, labels)[:, None], part)
        reclass = reclass_loss(found, self.reclass(x * part_attention), labels, shares)
        return {
            **{f"loss_{name}": self.settings.mask_weight * loss for name, loss in masks.items()},
            "loss_matching": matching,
            "loss_reclass": self.settings.reclass_weight * reclass,
        }

    def infer(self, x: Tensor, labels: Tensor) -> Inference:
        """Return masks and values for scores of candidates.

        Args:
            x: pooled features (R, C, 14, 14).
            labels: int64 (R,), predicted class index.
        """
        coarse = HeadPass.of(self.amodal, x)
        visible = HeadPass.of(self.visible, x * _attention(coarse, labels))
        fused = self._fused(x * _attention(visible, labels), self._prior(coarse, labels))
        logits = logits_of_class(HeadPass.of(self.amodal, fused).logits, labels).float()
        classes = self.reclass(x * halved(_own(visible, labels))).float().softmax(dim=1)
        masks = logits > 0
        nearest = self.prior.nearest(masks, labels, 1)[:, 0] > 0.5
        distance = (masks ^ nearest).float().mean(dim=(1, 2))
        return Inference(logits, classes.gather(1, labels[:, None])[:, 0], distance)

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return amodal mask probabilities (D, 28, 28)."""
        return self.infer(pool(features, boxes, MASK_POOL_SIZE), labels).logits.sigmoid()

    def _prior(self, coarse: HeadPass, labels: Tensor) -> Tensor:
        """Return the shapes most similar to the coarse masks, (R, neighbours, 14, 14).

        As published, the auto-encoder gets logits, although it learned from masks of 0 and 1.
        """
        own = logits_of_class(coarse.logits, labels)
        return halved(self.prior.nearest(own, labels, self.settings.neighbours))

    def _fused(self, x: Tensor, prior: Tensor) -> Tensor:
        fused: Tensor = self.fuse(torch.cat([x, prior], dim=1))
        return fused


def _classifier(pyramid: int, width: int, num_classes: int) -> nn.Sequential:
    last = nn.Linear(width, num_classes)
    hidden = [nn.Linear(pyramid * MASK_POOL_SIZE**2, width), nn.Linear(width, width)]
    for layer in hidden:
        nn.init.kaiming_uniform_(layer.weight, a=1)
        nn.init.zeros_(layer.bias)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Flatten(), hidden[0], nn.ReLU(), hidden[1], nn.ReLU(), last)


def _own(found: HeadPass, labels: Tensor) -> Tensor:
    """Return the logits of each RoI's class, (R, 1, 28, 28)."""
    return logits_of_class(found.logits, labels)[:, None]


def _attention(found: HeadPass, labels: Tensor) -> Tensor:
    """Return the weights that a mask gives to RoI features, (R, 1, 14, 14) in [0, 1]."""
    return halved(_own(found, labels)).sigmoid()


def _truth(stacks: list[Tensor], positives: Positives) -> tuple[Tensor, Tensor]:
    """Return true masks as targets, bool (R, 28, 28), and as attention, bool (R, 1, 14, 14)."""
    target, attention = (
        crops(stacks, positives, size) >= 0.5 for size in (MASK_SIZE, MASK_POOL_SIZE)
    )
    return target, attention[:, None]


class Candidates(BoxBranch):
    """Faster R-CNN's box branch; it leaves the choice among overlapping boxes to the detector."""

    def select(self, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> BoxDetections:
        """Return all boxes above the score threshold."""
        return candidate_boxes(boxes, scores, size, self.settings.score_threshold)


class VrspNet(TwoStageDetector):
    """A two-stage detector that scores all candidates by their masks before it chooses among them.

    Args:
        settings: settings of the method.
        task: number of classes and of detections per image, and the class that overlaps.
    """

    branch: VrspBranch

    def __init__(self, settings: VrspSettings, task: Task) -> None:
        branch = VrspBranch(settings, task)
        super().__init__(settings, task, branch, Candidates(settings, task))
        self.nms, self.kept = settings.nms, task.max_detections

    def prepare(self, targets: Iterable[Target], generator: torch.Generator) -> None:
        """Make the shape prior from the masks of the training objects."""
        self.branch.prior.learn(targets, generator)

    def with_masks(self, features: list[Tensor], found: list[BoxDetections]) -> list[Detections]:
        """Return the detections of each image with masks, chosen among candidates by new scores."""
        return [
            self._chosen([level[i : i + 1] for level in features], own)
            for i, own in enumerate(found)
        ]

    def _chosen(self, features: list[Tensor], found: BoxDetections) -> Detections:
        parts = [
            self.branch.infer(pool(features, [boxes], MASK_POOL_SIZE), labels)
            for boxes, labels in zip(
                torch.split(found.boxes, CHUNK), torch.split(found.labels, CHUNK), strict=True
            )
        ]
        logits, reclass, distance = (torch.cat(values) for values in zip(*parts, strict=True))
        scores = rescored(found.scores, reclass, distance)
        keep = batched_nms(found.boxes, scores, found.labels, self.nms)[: self.kept]
        return Detections(
            found.boxes[keep],
            scores[keep],
            found.labels[keep],
            logits[keep].sigmoid(),
            box_scores=found.scores[keep],
        )
