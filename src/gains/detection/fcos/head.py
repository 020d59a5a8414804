"""The head of FCOS: each location predicts a class, distances to box sides, and centre-ness.

Tian, Shen, Chen, He: FCOS: Fully Convolutional One-Stage Object Detection. ICCV 2019. This
version has the later improvements: centre sampling, distances in strides, centre-ness on the box
tower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms, sigmoid_focal_loss

from gains.detection import boxes as box_ops
from gains.detection.box_head import BoxDetections
from gains.detection.fcos.box_loss import distance_giou_loss
from gains.detection.fcos.locations import (
    FCOS_STRIDES,
    Assignment,
    Locations,
    boxes_around,
    centreness,
    distances_to_sides,
    locate,
)
from gains.detection.fcos.settings import FCOSSettings
from gains.models.backbone import group_norm
from gains.models.contract import Target

PRIOR = 0.01
"""Probability of every class before training (RetinaNet)."""


@dataclass
class LocationPredictions:
    """The output of the head for a batch.

    Attributes:
        logits: (B, L, K).
        distances: float32 (B, L, 4), left top right bottom, px, at least 0.
        centreness: (B, L), logits.
        locations: the L locations.
        hidden: outputs of the box tower (B, C, H_l, W_l), for further predictors.
    """

    logits: Tensor
    distances: Tensor
    centreness: Tensor
    locations: Locations
    hidden: list[Tensor]


@dataclass
class FCOSDetections(BoxDetections):
    """The detections of one image, and the locations that predicted them.

    Attributes:
        places: int64 (D,), indices of the locations.
    """

    places: Tensor


def by_location(levels: list[Tensor]) -> Tensor:
    """Return maps (B, C, H_l, W_l) of all levels as (B, L, C)."""
    return torch.cat([x.flatten(2) for x in levels], dim=2).transpose(1, 2)


class FCOSHead(nn.Module):
    """Two towers shared by all levels, and the predictors on them.

    Args:
        channels: channels of the pyramid and the towers.
        convs: number of convolutions of each tower.
        num_classes: K.
    """

    def __init__(self, channels: int, convs: int, num_classes: int) -> None:
        super().__init__()
        self.class_tower, self.box_tower = (
            nn.Sequential(*(part for _ in range(convs) for part in _layer(channels)))
            for _ in range(2)
        )
        self.classes = nn.Conv2d(channels, num_classes, 3, padding=1)
        self.distances = nn.Conv2d(channels, 4, 3, padding=1)
        self.centreness = nn.Conv2d(channels, 1, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(FCOS_STRIDES)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.get_parameter("bias"))
        nn.init.constant_(self.classes.get_parameter("bias"), -math.log((1 - PRIOR) / PRIOR))

    def forward(self, features: list[Tensor]) -> LocationPredictions:
        """Return the predictions at all locations of p3..p7."""
        hidden = [self.box_tower(x) for x in features]
        distances = [
            F.relu(scale * self.distances(x)).float() * stride
            for x, scale, stride in zip(hidden, self.scales, FCOS_STRIDES, strict=True)
        ]
        return LocationPredictions(
            by_location([self.classes(self.class_tower(x)) for x in features]),
            by_location(distances),
            by_location([self.centreness(x) for x in hidden])[..., 0],
            locate(features),
            hidden,
        )


def _layer(channels: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(channels, channels, 3, padding=1), group_norm(channels), nn.ReLU()


def fcos_losses(
    found: LocationPredictions, positives: Assignment, targets: list[Target]
) -> dict[str, Tensor]:
    """Return ``loss_cls`` (focal), ``loss_box`` (GIoU), ``loss_centreness`` (Eq. 2).

    The box loss compares distances in strides and is a mean weighted by the true centre-ness. The
    other losses are divided by the number of positive locations of the batch.
    """
    image, place, count = positives.image, positives.place, max(len(positives.place), 1)
    labels = torch.cat([t.labels for t in targets])[positives.matched]
    boxes = torch.cat([t.boxes for t in targets])[positives.matched]
    logits, locations = found.logits.float(), found.locations
    classes = torch.zeros_like(logits)
    classes[image, place, labels] = 1
    true = distances_to_sides(locations.points[place], boxes)
    weight, strides = centreness(true), locations.strides[place][:, None]
    loss_box = distance_giou_loss(found.distances[image, place] / strides, true / strides)
    loss_centreness = F.binary_cross_entropy_with_logits(
        found.centreness[image, place].float(), weight, reduction="sum"
    )
    return {
        "loss_cls": sigmoid_focal_loss(logits, classes, 0.25, 2, reduction="sum") / count,
        "loss_box": (loss_box * weight).sum() / weight.sum().clamp(min=1e-6),
        "loss_centreness": loss_centreness / count,
    }


def select_locations(
    found: LocationPredictions, image: int, size: tuple[int, int], settings: FCOSSettings, kept: int
) -> FCOSDetections:
    """Select the detections of one image by threshold, number per level, NMS per class, and number.

    Args:
        found: predictions of the batch.
        image: index of the image.
        size: height and width of the image without padding.
        settings: thresholds and numbers.
        kept: largest number of detections.

    Returns:
        Detections whose score is the geometric mean of class probability and centre-ness.
    """
    centre = found.centreness[image].float().sigmoid()
    product = found.logits[image].float().sigmoid() * centre[:, None]
    candidates = []
    for level in range(len(FCOS_STRIDES)):
        here = product.where(found.locations.levels[:, None] == level, 0).flatten()
        score, index = here.topk(min(settings.pre_nms, len(here)))
        candidates.append(index[score > settings.score_threshold])
    index = torch.cat(candidates)
    place, label = index // product.shape[1], index % product.shape[1]
    boxes = boxes_around(found.locations.points[place], found.distances[image, place])
    boxes, score = box_ops.clip(boxes, size), product[place, label].sqrt()
    valid = box_ops.nonempty(boxes)
    boxes, score, label, place = boxes[valid], score[valid], label[valid], place[valid]
    keep = batched_nms(boxes, score, label, settings.nms)[:kept]
    return FCOSDetections(boxes[keep], score[keep], label[keep], place[keep])
