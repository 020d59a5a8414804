"""The hierarchical local rank, and weights computed from it (paper sections 3 and 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou, nms


def rank_within(values: Tensor, groups: Tensor) -> Tensor:
    """Return the rank of each value in its group; 0 is the largest, ties are ranked by order.

    Args:
        values: (N,).
        groups: int64 (N,).

    Returns:
        int64 (N,).
    """
    order = values.argsort(descending=True, stable=True)
    order = order[groups[order].argsort(stable=True)]
    members = groups[order]
    # members of a group are now adjacent, best first
    rank = torch.arange(len(order), device=order.device) - torch.searchsorted(members, members)
    return torch.empty_like(order).scatter_(0, order, rank)


def hierarchical_rank(values: Tensor, groups: Tensor, classes: Tensor) -> Tensor:
    """Return ranks per class, by rank within the group first and by value second (HLR).

    The best values of all groups come before all second best ones, and so on.

    Args:
        values: (N,) in [0, 1].
        groups: int64 (N,); each group lies inside one class.
        classes: int64 (N,).

    Returns:
        int64 (N,), 0 is the most important of its class.
    """
    # float64 is used, because in float32 a rank in the hundreds leaves few digits for the value
    return rank_within(values.double() - rank_within(values, groups), classes)


def nms_groups(boxes: Tensor, scores: Tensor, iou: float) -> Tensor:
    """Return groups of boxes that the same box suppresses in NMS.

    Args:
        boxes: float32 (N, 4).
        scores: (N,).
        iou: boxes of a higher IoU are suppressed.

    Returns:
        int64 (N,), equal within a group.
    """
    if len(boxes) == 0:
        return torch.zeros(0, dtype=torch.int64, device=boxes.device)
    leaders = nms(boxes, scores, iou)  # best first
    overlap = box_iou(boxes[leaders], boxes)
    suppresses = overlap > iou
    group = suppresses.byte().argmax(dim=0)
    # NMS and box_iou may round an overlap near the threshold differently
    group = torch.where(suppresses.any(dim=0), group, overlap.argmax(dim=0))
    group[leaders] = torch.arange(len(leaders), device=boxes.device)
    return group


def weights_of(rank: Tensor, count: Tensor | int, power: float, bias: float) -> Tensor:
    """Return weights of ranks, float32 (N,) in (0, 1], falling with the rank (section 4.1).

    Args:
        rank: int64 (N,), below ``count``.
        count: the number of ranks.
        power: gamma of the paper; a larger power favours the first ranks more.
        bias: beta of the paper, the smallest weight before the power.
    """
    share = (count - rank) / count
    return (bias + (1 - bias) * share) ** power


def keep_sum(weights: Tensor, losses: Tensor) -> Tensor:
    """Return weights (N,), scaled so that the weighted sum of losses (N,) equals the plain sum."""
    weighted = (weights * losses).sum()
    return weights * (losses.sum() / weighted.clamp(min=torch.finfo(weighted.dtype).tiny))


def by_importance(boxes: Tensor, scores: Tensor, threshold: float, iou: float) -> Tensor:
    """Return background boxes by Score-HLR, the rank by score among overlapping boxes (ISR-N).

    Args:
        boxes: float32 (N, 4), refined, px.
        scores: float32 (N,), score of the best class.
        threshold: only boxes of a higher score are returned.
        iou: see :func:`nms_groups`.

    Returns:
        int64 (H,), indices into the N boxes, most important first.
    """
    hard = torch.nonzero(scores > threshold).flatten()
    boxes, scores = boxes[hard], scores[hard]
    rank = hierarchical_rank(scores, nms_groups(boxes, scores, iou), torch.zeros_like(hard))
    return hard[rank.argsort()]
