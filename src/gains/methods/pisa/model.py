"""The box branch of PISA (paper section 4).

It has importance-based sample reweighting (ISR) and classification-aware regression (CARL).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import box_iou

from gains.detection import boxes as box_ops
from gains.detection.box_head import BOX_POOL_SIZE, DELTA_WEIGHTS, BoxBranch, deltas_of_class
from gains.detection.matching import IGNORED, sample_boxes
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.detection.sampling import RoiSample, label_rois, with_truth
from gains.methods.pisa import PisaSettings
from gains.methods.pisa.ranking import by_importance, hierarchical_rank, keep_sum, weights_of
from gains.models.contract import Target, Task


def positive_weights(
    ious: Tensor, objects: Tensor, labels: Tensor, power: float, bias: float
) -> Tensor:
    """Return weights of foreground RoIs by the rank of their refined boxes, IoU-HLR (ISR-P).

    Args:
        ious: float32 (P,), IoU of the refined box with its object.
        objects: int64 (P,), index of the object, unique in the batch.
        labels: int64 (P,), class index.
        power: see :func:`weights_of`.
        bias: see :func:`weights_of`.

    Returns:
        float32 (P,); equal ranks of different classes have equal weights.
    """
    most = (labels[:, None] == labels).sum(dim=1).amax() if len(labels) else 0
    return weights_of(hierarchical_rank(ious, objects, labels), most, power, bias)


def carl_weights(logits: Tensor, labels: Tensor, power: float, bias: float) -> Tensor:
    """Return weights of foreground RoIs by the probability of their class (CARL, section 4.2).

    Args:
        logits: float32 (P, K + 1).
        labels: int64 (P,), class index.
        power: k of the paper.
        bias: b of the paper.

    Returns:
        float32 (P,) of mean 1, with the graph of the logits, so that the class score of a poorly
        placed box decreases.
    """
    probability = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    weights = (bias + (1 - bias) * probability) ** power
    return weights / weights.mean()


class PisaBranch(BoxBranch):
    """The box branch of Faster R-CNN with prime sample attention, which only affects training.

    Args:
        settings: settings of the method.
        task: number of classes and of detections per image.
    """

    settings: PisaSettings

    def __init__(self, settings: PisaSettings, task: Task) -> None:
        super().__init__(settings, task)

    def losses(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], Positives]:
        """Return ``loss_cls`` (reweighted), ``loss_box``, ``loss_carl``; and foreground RoIs.

        All losses are divided by the number of sampled RoIs. As in the published program, CARL is
        added to the ordinary loss of the boxes.
        """
        s = self.settings
        rois, negative = self._draw(features, proposals, targets, generator)
        logits, deltas = self.head(pool(features, rois.boxes, BOX_POOL_SIZE))
        logits, labels, positives = logits.float(), torch.cat(rois.labels), rois.positives
        foreground = rois.foreground_rows
        references, truth = torch.cat(positives.boxes), rois.matched_boxes()
        predicted = deltas_of_class(deltas[foreground], labels[foreground]).float()
        expected = box_ops.encode(truth, references, DELTA_WEIGHTS)
        box = F.smooth_l1_loss(predicted, expected, reduction="none", beta=s.box_beta).sum(dim=1)
        cls = F.cross_entropy(logits, labels, reduction="none")
        refined = box_ops.decode(predicted.detach(), references, DELTA_WEIGHTS)
        ious = box_iou(refined, truth).diagonal()
        weights = self._class_weights(cls.detach(), foreground, positives, ious, negative)
        carl = carl_weights(logits[foreground], labels[foreground], s.carl_power, s.carl_bias)
        losses = {"loss_cls": weights * cls, "loss_box": box, "loss_carl": carl * box}
        return {k: v.sum() / max(len(labels), 1) for k, v in losses.items()}, positives

    def _class_weights(
        self,
        losses: Tensor,
        foreground: Tensor,
        positives: Positives,
        ious: Tensor,
        negative: list[Tensor],
    ) -> Tensor:
        """Return the weights of the classification losses (R,); they preserve the sums of losses.

        Args:
            losses: (R,), each image's foreground first.
            foreground: int64 (P,), indices of the foreground.
            positives: the foreground RoIs.
            ious: (P,), IoU of their refined boxes with their objects.
            negative: weights of each image's background, (N_i,).
        """
        s, counts = self.settings, [len(boxes) for boxes in positives.boxes]
        before = [sum(len(t.labels) for t in positives.targets[:i]) for i in range(len(counts))]
        objects = [index + n for index, n in zip(positives.matched, before, strict=True)]
        positive = keep_sum(
            positive_weights(
                ious, torch.cat(objects), positives.labels, s.positive_power, s.positive_bias
            ),
            losses[foreground],
        )
        drawn = [n + len(rest) for n, rest in zip(counts, negative, strict=True)]
        parts = []
        for own, image, rest in zip(
            torch.split(positive, counts), torch.split(losses, drawn), negative, strict=True
        ):
            parts += [own, keep_sum(rest, image[len(own) :])]
        return torch.cat(parts)

    def _draw(
        self,
        features: list[Tensor],
        proposals: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> tuple[RoiSample, list[Tensor]]:
        """Draw RoIs, the background by importance (ISR-N), with weights of the background.

        Returns:
            The RoIs, each image's foreground first, and the weights of its background (N_i,).
        """
        classes = self.task.num_classes
        every = label_rois(with_truth(proposals, targets), targets, classes)
        background = [torch.nonzero(labels == classes).flatten() for labels in every.labels]
        candidates = [b[index] for b, index in zip(every.boxes, background, strict=True)]
        kept, weights, foreground = [], [], []
        for labels, index, rank in zip(
            every.labels, background, self._hard(features, candidates), strict=True
        ):
            positive, negative, weight = self._draw_image(labels, index[rank], generator)
            kept.append(torch.cat([positive, negative]))
            foreground.append(torch.arange(len(positive), device=positive.device))
            weights.append(weight)
        rois = RoiSample(
            [boxes[k] for boxes, k in zip(every.boxes, kept, strict=True)],
            [labels[k] for labels, k in zip(every.labels, kept, strict=True)],
            [matched[k] for matched, k in zip(every.matched, kept, strict=True)],
            targets,
            foreground,
        )
        return rois, weights

    @torch.no_grad()
    def _hard(self, features: list[Tensor], boxes: list[Tensor]) -> list[Tensor]:
        """Return indices of the background boxes that resemble objects, most important first."""
        s, counts = self.settings, [len(b) for b in boxes]
        logits, deltas = self.head(pool(features, boxes, BOX_POOL_SIZE))
        scores, best = logits.float().softmax(dim=1)[:, :-1].max(dim=1)
        refined = box_ops.decode(deltas_of_class(deltas, best), torch.cat(boxes), DELTA_WEIGHTS)
        parts = zip(torch.split(refined, counts), torch.split(scores, counts), strict=True)
        return [by_importance(b, score, s.negative_score, s.negative_nms) for b, score in parts]

    def _draw_image(
        self, labels: Tensor, hard: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw random foreground, and background by importance, then random background.

        Args:
            labels: int64 (N,), K for background.
            hard: int64 (H,), background boxes by importance.
            generator: source of random numbers.

        Returns:
            Indices of foreground and background, and the weights of the background by rank;
            random boxes have the weight of the last ranked box.
        """
        s = self.settings
        role = (labels < self.task.num_classes).to(torch.int8)
        role[hard] = IGNORED
        drawn = sample_boxes(role[None], s.rois_per_image, s.roi_positive_fraction, generator)
        ((positive, easy),) = drawn.lists()
        negative = torch.cat([hard, easy])[: s.rois_per_image - len(positive)]
        rank = torch.arange(len(negative), device=labels.device).clamp(max=max(len(hard) - 1, 0))
        count = max(len(negative), len(hard))
        return positive, negative, weights_of(rank, count, s.negative_power, s.negative_bias)
