"""The model of StarDist: targets, losses and detections around its network."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import masks_to_boxes

from gains.methods.stardist import StarDistSettings
from gains.methods.stardist.images import mirrored, normalised
from gains.methods.stardist.losses import distance_loss, probability_loss
from gains.methods.stardist.network import StarNetwork
from gains.methods.stardist.polygons import Corners, corners_of, polygon_masks, suppress
from gains.methods.stardist.targets import Labels, depths, flatten, ray_lengths
from gains.models.contract import Detections, Detector, Target, Task

FRAME = 2
"""Number of cells at the border of an image that propose no polygon."""
SHORTEST = 1e-3
"""Least length of a ray, px."""


class StarDist(Detector):
    """The detector of star-convex polygons.

    Each class has a label map, a probability and rays of its own; with one class this is the
    published network.

    Args:
        settings: network, weights, thresholds.
        task: number of classes and of detections per image.
    """

    encoder: ClassVar[str] = "network.unet."
    unlearnt_because = (
        "StarDist learns a label map, and other objects cover all their pixels, or no cell of the "
        "grid lies in them; choose another `label_map`, a smaller `grid`, larger train_sizes, or "
        "another method"
    )

    def __init__(self, settings: StarDistSettings, task: Task) -> None:
        super().__init__()
        self.settings, self.task = settings, task
        self.network = StarNetwork(settings, task.num_classes)

    def losses(
        self,
        images: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Return ``loss_prob`` and ``loss_dist``, summed over the classes."""
        batch = self._batch(images)
        truth = self._truth(targets, batch)
        logits, distances = self.network(batch)
        both = [
            (
                probability_loss(logits[:, k], truth.depth[:, k], truth.weight),
                distance_loss(
                    distances[:, k],
                    truth.lengths[:, k],
                    truth.depth[:, k],
                    truth.weight,
                    self.settings.background_weight,
                ),
            )
            for k in range(self.task.num_classes)
        ]
        probability, distance = (torch.stack(part).sum() for part in zip(*both, strict=True))
        return {"loss_prob": probability, "loss_dist": self.settings.dist_weight * distance}

    def unlearnt(self, target: Target) -> Tensor:
        """Return which objects have no cell in the label map of their class."""
        result = torch.ones(len(target.boxes), dtype=torch.bool)
        grid = self.settings.grid
        for labels, objects in self._label_maps(target):
            seen = np.unique(labels[::grid, ::grid])
            result[objects[seen[seen > 0] - 1]] = False
        return result.to(target.boxes.device)

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections of each image, with masks of the whole image."""
        return [self._detect(image) for image in images]

    def _batch(self, images: list[Tensor]) -> Tensor:
        """Return images of one size, which the grid and the halvings divide."""
        unit = self.settings.grid * 2**self.settings.depth
        height, width = (
            unit * math.ceil(max(image.shape[axis] for image in images) / unit) for axis in (1, 2)
        )
        return torch.stack(
            [mirrored(normalised(image, self.settings), height, width) for image in images]
        )

    def _truth(self, targets: list[Target], batch: Tensor) -> StarTargets:
        """Return the targets of a batch (B, C, H, W); images end where their masks do."""
        shape, grid = (len(targets), self.task.num_classes, *batch.shape[2:]), self.settings.grid
        labels, depth = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
        weight = np.zeros((shape[0], *shape[2:]), dtype=np.float32)
        for number, target in enumerate(targets):
            height, width = target.masks.shape[1:]
            weight[number, :height, :width] = 1
            for k, (found, _) in enumerate(self._label_maps(target)):
                labels[number, k, :height, :width] = found
                depth[number, k, :height, :width] = depths(found)
        maps = torch.from_numpy(labels).flatten(0, 1).to(batch.device)
        lengths = ray_lengths(maps, self.settings.rays, grid)
        return StarTargets(
            torch.from_numpy(depth[..., ::grid, ::grid].copy()).to(batch.device),
            lengths.view(*shape[:2], *lengths.shape[1:]),
            torch.from_numpy(weight[..., ::grid, ::grid].copy()).to(batch.device),
        )

    def _label_maps(self, target: Target) -> list[tuple[Labels, NDArray[np.int64]]]:
        """Return the label map of each class, and the index of the object behind each label."""
        masks = target.masks.cpu().numpy().astype(bool)
        classes = target.labels.cpu().numpy()
        chosen = [np.flatnonzero(classes == k) for k in range(self.task.num_classes)]
        return [(flatten(masks[objects], self.settings.label_map), objects) for objects in chosen]

    def _detect(self, image: Tensor) -> Detections:
        size = (image.shape[1], image.shape[2])
        logits, distances = self.network(self._batch([image]))
        kept = [self._polygons(logits[0, k], distances[0, k], size) for k in range(len(logits[0]))]
        scores = np.concatenate([found.scores for found in kept])
        order = np.argsort(-scores, kind="stable")[: self.task.max_detections]
        classes = np.repeat(np.arange(len(kept)), [len(found.scores) for found in kept])[order]
        corners = np.concatenate([found.corners for found in kept])[order]
        masks = np.zeros((len(order), *size), dtype=bool)
        for k in np.unique(classes):
            masks[classes == k] = polygon_masks(
                corners[classes == k], size, self.settings.separate_masks
            )
        seen = masks.any(axis=(1, 2))
        found = torch.from_numpy(masks[seen]).to(image.device)
        return Detections(
            masks_to_boxes(found) + torch.tensor([0, 0, 1, 1], device=image.device),
            torch.from_numpy(scores[order][seen]).to(image.device),
            torch.from_numpy(classes[seen]).to(image.device),
            found.float(),
            full=True,
        )

    def _polygons(self, logits: Tensor, distances: Tensor, size: tuple[int, int]) -> StarPolygons:
        """Return the polygons of one class that suppression keeps.

        Args:
            logits: float32 (h, w) of the padded image.
            distances: float32 (R, h, w).
            size: height and width of the image.
        """
        grid = self.settings.grid
        height, width = (math.ceil(side / grid) for side in size)
        scores = logits.sigmoid()[:height, :width]
        proposes = torch.zeros_like(scores, dtype=torch.bool)
        inner = (slice(FRAME, -FRAME), slice(FRAME, -FRAME))
        proposes[inner] = scores[inner] > self.settings.score_threshold
        places = proposes.nonzero()
        found, order = scores[proposes].sort(descending=True, stable=True)
        places = places[order]
        lengths = distances[:, places[:, 0], places[:, 1]].T.clamp(min=SHORTEST)
        corners = corners_of(grid * places.cpu().numpy(), lengths.cpu().numpy())
        kept = suppress(corners, self.settings.nms, self.task.max_detections)
        return StarPolygons(found.cpu().numpy()[kept], corners[kept])


class StarTargets(NamedTuple):
    """What a batch of B images is compared with; K classes, R rays, cells (h, w) of the grid.

    Attributes:
        depth: float32 (B, K, h, w) in [0, 1].
        lengths: float32 (B, K, R, h, w), px.
        weight: float32 (B, h, w), 1 where an image is and 0 where it was continued.
    """

    depth: Tensor
    lengths: Tensor
    weight: Tensor


class StarPolygons(NamedTuple):
    """N polygons, the surest first.

    Attributes:
        scores: float32 (N,) in [0, 1].
        corners: float32 (N, R, 2), row and column, px.
    """

    scores: NDArray[np.float32]
    corners: Corners
