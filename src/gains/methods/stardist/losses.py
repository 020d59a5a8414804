"""The losses of StarDist. Source: the published program (BSD-3)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

EPSILON = 1e-7
"""Smallest mean depth of a batch, so that images without objects have a loss."""


def probability_loss(logits: Tensor, depth: Tensor, weight: Tensor) -> Tensor:
    """Return the binary cross entropy with soft targets, the mean over cells.

    Args:
        logits: float32 (B, h, w).
        depth: float32 (B, h, w) in [0, 1], the target.
        weight: float32 (B, h, w), 0 where an image ends and 1 elsewhere.
    """
    losses = F.binary_cross_entropy_with_logits(logits.float(), depth, weight, reduction="sum")
    return losses / weight.sum()


def distance_loss(
    distances: Tensor, lengths: Tensor, depth: Tensor, weight: Tensor, outside: float
) -> Tensor:
    """Return the loss of the rays: absolute errors, weighted by depth, so that middles count most.

    It is mean(depth |error|) / mean(depth) + outside mean((1 - depth) |distance|), over cells and
    rays of the batch.

    Args:
        distances: float32 (B, R, h, w), px.
        lengths: float32 (B, R, h, w), px, the target.
        depth: float32 (B, h, w) in [0, 1].
        weight: float32 (B, h, w), 0 where an image ends and 1 elsewhere.
        outside: weight of the second part.
    """
    distances, cells = distances.float(), weight.sum()
    errors = (distances - lengths).abs().mean(dim=1)
    sizes = distances.abs().mean(dim=1)
    inside = (weight * depth * errors).sum() / cells
    away = (weight * (1 - depth) * sizes).sum() / cells
    return inside / ((weight * depth).sum() / cells + EPSILON) + outside * away
