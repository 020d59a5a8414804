"""Hierarchical local rank, and the weights that follow from it (paper sections 3 and 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou, nms


def rank_within(values: Tensor, groups: Tensor) -> Tensor:
    """Rank each value among those of its group; 0 is the largest, ties go by order.

    Args:
        values: (N,).
        groups: int64 (N,).

    Returns:
        int64 (N,).
    """
    order = values.argsort(descending=True, stable=True)
    order = order[groups[order].argsort(stable=True)]
    members = groups[order]
    # members of a group now stand together, best first
    place = torch.arange(len(order), device=order.device) - torch.searchsorted(members, members)
    return torch.empty_like(order).scatter_(0, order, place)


def hierarchical_rank(values: Tensor, groups: Tensor, classes: Tensor) -> Tensor:
    """Rank by place within the group first, by value second, per class (HLR).

    The best of every group come before all second ones, and so on.

    Args:
        values: (N,) in [0, 1].
        groups: int64 (N,), each inside one class.
        classes: int64 (N,).

    Returns:
        int64 (N,), 0 is the most important of its class.
    """
    # in float32 a place in the hundreds would leave the value few digits
    return rank_within(values.double() - rank_within(values, groups), classes)


def nms_groups(boxes: Tensor, scores: Tensor, iou: float) -> Tensor:
    """Group boxes by the one that suppresses them in NMS.

    Args:
        boxes: float32 (N, 4).
        scores: (N,).
        iou: above it a box is suppressed.

    Returns:
        int64 (N,), equal within a group.
    """
    if len(boxes) == 0:
        return torch.zeros(0, dtype=torch.int64, device=boxes.device)
    leaders = nms(boxes, scores, iou)  # best first: the first that overlaps suppresses
    overlap = box_iou(boxes[leaders], boxes)
    suppresses = overlap > iou
    group = suppresses.byte().argmax(dim=0)
    # NMS may round an overlap at the threshold otherwise than box_iou does
    group = torch.where(suppresses.any(dim=0), group, overlap.argmax(dim=0))
    group[leaders] = torch.arange(len(leaders), device=boxes.device)
    return group


def weights_of(rank: Tensor, count: Tensor | int, power: float, bias: float) -> Tensor:
    """Turn ranks into weights, float32 (N,) in (0, 1], falling with the rank (section 4.1).

    Args:
        rank: int64 (N,), below ``count``.
        count: the number of ranks.
        power: gamma of the paper, how much the first ranks stand out.
        bias: beta of the paper, the least weight before the power.
    """
    share = (count - rank) / count
    return (bias + (1 - bias) * share) ** power


def keep_sum(weights: Tensor, losses: Tensor) -> Tensor:
    """Scale weights (N,) so that the weighted sum of losses (N,) is the plain one."""
    weighted = (weights * losses).sum()
    return weights * (losses.sum() / weighted.clamp(min=torch.finfo(weighted.dtype).tiny))


def by_importance(boxes: Tensor, scores: Tensor, threshold: float, iou: float) -> Tensor:
    """Order background boxes by Score-HLR, the place by score among those that overlap (ISR-N).

    Args:
        boxes: float32 (N, 4), refined, px.
        scores: float32 (N,), the best class's.
        threshold: boxes of no higher score are left out.
        iou: see :func:`nms_groups`.

    Returns:
        int64 (H,), indices into the N boxes, most important first.
    """
    hard = torch.nonzero(scores > threshold).flatten()
    boxes, scores = boxes[hard], scores[hard]
    rank = hierarchical_rank(scores, nms_groups(boxes, scores, iou), torch.zeros_like(hard))
    return hard[rank.argsort()]
