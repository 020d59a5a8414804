"""The semantic branch of HTC (paper section 3.2), which predicts the class of each cell."""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.pooling import pool, with_image_index
from gains.detection.proposals import RPN_STRIDES
from gains.detection.roi_align import roi_align
from gains.models.contract import Target
from gains.models.initialisation import init_relu

LEVEL = 1
"""Index of the pyramid level that the branch works at, p3."""
SEMANTIC_STRIDE = RPN_STRIDES[LEVEL]
SEMANTIC_POOL_SIZE = 14
IGNORED_CELL = -100
"""Target of cells outside the image."""


class SemanticBranch(nn.Module):
    """The branch that fuses p2..p6 at the size of p3, and makes class logits and an embedding.

    Args:
        channels: number of channels of the pyramid and of every layer.
        num_classes: K.
    """

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in RPN_STRIDES)
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(4))
        self.embedding = nn.Conv2d(channels, channels, 1)
        self.classes = nn.Conv2d(channels, num_classes + 1, 1)
        for layer in (*self.laterals, *self.convs, self.embedding):
            init_relu(layer)
        # mmdetection's initialisation fits 183 classes; for two it would be ten times too large
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.zeros_(self.classes.get_parameter("bias"))

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits (B, K+1, h, w), background last, and embedding (B, C, h, w) at stride 8."""
        shape = features[LEVEL].shape[2:]
        x = reduce(
            torch.add,
            (
                F.relu(lateral(F.interpolate(x, shape, mode="bilinear", align_corners=True)))
                for lateral, x in zip(self.laterals, features, strict=True)
            ),
        )
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.classes(x), F.relu(self.embedding(x))


def semantic_target(targets: list[Target], num_classes: int, shape: tuple[int, int]) -> Tensor:
    """Return the class of every cell, int64 (B, h, w), from the images' objects.

    A cell has the class of the smallest object that covers its central pixel, so that a nucleus
    lies on top of its cell. Its class is K without such an object, and ``IGNORED_CELL`` outside the
    image.

    Args:
        targets: ground truth.
        num_classes: K.
        shape: height and width of the map of the batch at stride 8.
    """
    out = targets[0].labels.new_full((len(targets), *shape), IGNORED_CELL)
    for plane, target in zip(out, targets, strict=True):
        cells = target.masks[
            :, SEMANTIC_STRIDE // 2 :: SEMANTIC_STRIDE, SEMANTIC_STRIDE // 2 :: SEMANTIC_STRIDE
        ]
        order = cells.flatten(1).sum(dim=1).argsort(stable=True)
        everywhere = cells.new_ones((1, *cells.shape[1:]))
        # among equal values argmax takes the first
        first = torch.cat([cells[order], everywhere]).argmax(dim=0)
        classes = torch.cat([target.labels[order], target.labels.new_tensor([num_classes])])
        plane[: cells.shape[1], : cells.shape[2]] = classes[first]
    return out


def semantic_loss(logits: Tensor, targets: list[Target]) -> Tensor:
    """Return the mean cross entropy over the images' cells of logits (B, K+1, h, w)."""
    shape = (logits.shape[2], logits.shape[3])
    classes = semantic_target(targets, logits.shape[1] - 1, shape)
    return F.cross_entropy(logits.float(), classes, ignore_index=IGNORED_CELL)


def pool_with(embedding: Tensor, features: list[Tensor], boxes: list[Tensor], size: int) -> Tensor:
    """Pool RoIs from pyramid and embedding, and return the sum (paper Eq. 6).

    Args:
        embedding: (B, C, h, w) at stride 8, always pooled to 14 x 14 first.
        features: the pyramid.
        boxes: one (R_i, 4) per image, px.
        size: side of the output, 7 or 14.

    Returns:
        (R, C, size, size).
    """
    semantic = roi_align(
        embedding.float(), with_image_index(boxes), SEMANTIC_POOL_SIZE, 1 / SEMANTIC_STRIDE
    )
    return pool(features, boxes, size) + F.avg_pool2d(semantic, SEMANTIC_POOL_SIZE // size)
