"""The model of PointRend: heads, training on uncertain points, subdivision at test time."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection import boxes as box_ops
from gains.detection.box_head import DELTA_WEIGHTS, BoxBranch, deltas_of_class
from gains.detection.mask_head import crops, logits_of_class, mask_loss
from gains.detection.pooling import ROI_STRIDES, with_image_index
from gains.detection.positives import Positives
from gains.detection.sampling import RoiSample
from gains.detection.two_stage import TwoStageDetector
from gains.methods.pointrend import PointRendSettings
from gains.methods.pointrend.roi_points import grid_points, sample_features, sample_masks, to_image
from gains.models.contract import Task
from gains.models.initialisation import init_relu
from gains.models.points import sample_points, uncertain_points

COARSE_POOL_SIZE = 14
COARSE_SIZE = 7


class CoarseHead(nn.Module):
    """The head of the coarse mask: a 2x2 convolution with stride 2, two fully connected layers.

    Args:
        in_channels: channels of the RoI features.
        channels: channels of the convolution.
        dim: width of the two layers.
        num_classes: K.
    """

    def __init__(self, in_channels: int, channels: int, dim: int, num_classes: int) -> None:
        super().__init__()
        self.shape = (num_classes, COARSE_SIZE, COARSE_SIZE)
        self.conv = nn.Conv2d(in_channels, channels, 2, stride=2)
        self.fc1 = nn.Linear(channels * COARSE_SIZE**2, dim)
        self.fc2 = nn.Linear(dim, dim)
        self.predictor = nn.Linear(dim, num_classes * COARSE_SIZE**2)
        init_relu(self.conv)
        nn.init.kaiming_uniform_(self.fc1.weight, a=1)
        nn.init.kaiming_uniform_(self.fc2.weight, a=1)
        nn.init.normal_(self.predictor.weight, std=0.001)
        for layer in (self.fc1, self.fc2, self.predictor):
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (R, K, 7, 7) of RoI features (R, C, 14, 14)."""
        x = F.relu(self.conv(x)).flatten(1)
        x = F.relu(self.fc2(F.relu(self.fc1(x))))
        logits: Tensor = self.predictor(x)
        return logits.reshape(-1, *self.shape)


class PointHead(nn.Module):
    """A perceptron for single points; every layer also receives the coarse logits at the point.

    Args:
        in_channels: channels of the features.
        channels: width of the three hidden layers.
        num_classes: K.
    """

    def __init__(self, in_channels: int, channels: int, num_classes: int) -> None:
        super().__init__()
        widths = (in_channels, channels, channels)
        self.layers = nn.ModuleList(nn.Linear(w + num_classes, channels) for w in widths)
        self.predictor = nn.Linear(channels + num_classes, num_classes)
        for layer in self.layers:
            init_relu(layer)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Return logits (R, P, K) of features (R, P, C) and coarse logits (R, P, K)."""
        x = fine
        for layer in self.layers:
            x = F.relu(layer(torch.cat([x, coarse], dim=-1)))
        return self.predictor(torch.cat([x, coarse], dim=-1))  # type: ignore[no-any-return]


def subdivide(
    evaluate: Callable[[Tensor], Tensor], side: int, steps: int, count: int, boxes: Tensor
) -> Tensor:
    """Render logits from coarse to fine (paper, section 3.1, inference).

    A map of at most ``count`` points is evaluated as a whole. Every step doubles it bilinearly and
    evaluates the ``count`` points again whose logits are nearest to 0.

    Args:
        evaluate: returns the logits (R, P) of points (R, P, 2), x y in [0, 1] of each RoI.
        side: side of the coarse mask.
        steps: number of doublings.
        count: number of points per RoI and step.
        boxes: the R RoIs; only their number and device are used.

    Returns:
        float32 (R, side * 2**steps, side * 2**steps).
    """
    while steps and (2 * side) ** 2 <= count:
        side, steps = 2 * side, steps - 1
    grid = grid_points(side, boxes.device)
    logits = evaluate(grid.expand(len(boxes), -1, -1)).reshape(-1, 1, side, side)
    for _ in range(steps):
        side *= 2
        logits = F.interpolate(logits, scale_factor=2, mode="bilinear").flatten(1)
        unsure = (-logits.abs()).topk(min(count, side**2), dim=1).indices
        again = evaluate(grid_points(side, boxes.device)[unsure])
        logits = logits.scatter(1, unsure, again).reshape(-1, 1, side, side)
    return logits[:, 0]


class PointBranch(nn.Module):
    """The mask branch: coarse masks, refined at points with the finest level of the pyramid.

    Args:
        settings: widths, points, weight of the losses.
        num_classes: K.
    """

    def __init__(self, settings: PointRendSettings, num_classes: int) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.settings = settings
        self.coarse = CoarseHead(pyramid, width, settings.coarse_dim, num_classes)
        self.points = PointHead(pyramid, width, num_classes)

    def losses(
        self, features: list[Tensor], positives: Positives, generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_mask`` of the coarse masks and ``loss_point`` of the points."""
        s, labels = self.settings, positives.labels
        rois = with_image_index(positives.boxes)
        coarse = self._coarse(features[0], rois)
        loss_mask = mask_loss(coarse, labels, coarse_targets(positives), None)
        points = uncertain_points(
            logits_of_class(coarse, labels)[:, None],
            s.train_points,
            generator,
            s.oversampling,
            s.uncertain_share,
        )
        logits = self._at(features[0], rois, coarse, points)
        loss_point = mask_loss(logits, labels, point_targets(positives, points), None)
        return {"loss_mask": s.mask_weight * loss_mask, "loss_point": s.mask_weight * loss_point}

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return mask probabilities (D, 224, 224)."""
        s, rois = self.settings, with_image_index(boxes)
        coarse = self._coarse(features[0], rois)

        def evaluate(points: Tensor) -> Tensor:
            return logits_of_class(self._at(features[0], rois, coarse, points), labels).float()

        masks = subdivide(evaluate, COARSE_SIZE, s.subdivision_steps, s.subdivision_points, rois)
        return masks.sigmoid()

    def _coarse(self, finest: Tensor, rois: Tensor) -> Tensor:
        """Return coarse logits (R, K, 7, 7) of RoIs (R, 5), image index first."""
        grid = grid_points(COARSE_POOL_SIZE, rois.device).expand(len(rois), -1, -1)
        x = self._fine(finest, rois, grid).transpose(1, 2)
        logits: Tensor = self.coarse(x.reshape(*x.shape[:2], COARSE_POOL_SIZE, COARSE_POOL_SIZE))
        return logits

    def _at(self, finest: Tensor, rois: Tensor, coarse: Tensor, points: Tensor) -> Tensor:
        """Return the point head's logits (R, K, P) at points (R, P, 2) in [0, 1] of the RoIs."""
        there = sample_points(coarse, points).transpose(1, 2)
        logits: Tensor = self.points(self._fine(finest, rois, points), there)
        return logits.transpose(1, 2)

    def _fine(self, finest: Tensor, rois: Tensor, points: Tensor) -> Tensor:
        """Return p2's features (R, P, C) at points (R, P, 2) in [0, 1] of the RoIs."""
        in_px = to_image(points, rois[:, 1:])
        return sample_features(finest, ROI_STRIDES[0], rois[:, 0].long(), in_px)


def coarse_targets(positives: Positives) -> Tensor:
    """Return the ground-truth masks inside the RoIs, bool (R, 7, 7)."""
    return crops([t.masks for t in positives.targets], positives, COARSE_SIZE) >= 0.5


def point_targets(positives: Positives, points: Tensor) -> Tensor:
    """Return the ground-truth masks at points (R, P, 2) of the RoIs, float32 (R, P) in [0, 1]."""
    parts = zip(
        positives.targets,
        positives.boxes,
        positives.matched,
        torch.split(points, [len(b) for b in positives.boxes]),
        strict=True,
    )
    return torch.cat(
        [sample_masks(t.masks, matched, to_image(p, boxes)) for t, boxes, matched, p in parts]
    )


class RefinedBoxBranch(BoxBranch):
    """A box branch whose masks are trained on predicted boxes (TRAIN_ON_PRED_BOXES)."""

    def mask_rois(self, rois: RoiSample, deltas: Tensor, /) -> Positives:
        """Return the foreground RoIs, refined for their true class and clipped, without a graph.

        The reference clips boxes only at test time.
        """
        positives = rois.positives
        predicted = deltas_of_class(deltas[rois.foreground_rows].detach(), positives.labels)
        refined = box_ops.decode(predicted, torch.cat(positives.boxes), DELTA_WEIGHTS)
        parts = torch.split(refined, [len(b) for b in positives.boxes])
        boxes = [
            box_ops.clip(part, (target.masks.shape[1], target.masks.shape[2]))
            for part, target in zip(parts, positives.targets, strict=True)
        ]
        return Positives(boxes, positives.matched, positives.targets)


class PointRend(TwoStageDetector):
    """Mask R-CNN with the mask branch and the box branch of PointRend.

    Args:
        settings: settings of detector, heads and points.
        task: number of classes and of detections per image.
    """

    def __init__(self, settings: PointRendSettings, task: Task) -> None:
        branch = PointBranch(settings, task.num_classes)
        super().__init__(settings, task, branch, RefinedBoxBranch(settings, task))
