"""One-to-one assignment of predictions to objects (Hungarian matching), and its costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor


@torch.no_grad()
def assign_one_to_one(costs: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Find the one-to-one assignment of least total cost for each matrix.

    All matrices are copied to the CPU together, to synchronise with the GPU only once.

    Args:
        costs: float (Q_i, N_i) each, on one device: the cost of giving object n to prediction q.
            Values that are not finite are replaced, so that a training that diverges fails
            at its losses, whose message names the images.

    Returns:
        For each matrix the indices of predictions and of objects, int64 (min(Q_i, N_i),) each, on
        the device of the costs; those of objects ascend.
    """
    if not costs:
        return []
    ends = np.cumsum([0, *(cost.numel() for cost in costs)])
    flat = torch.cat([cost.float().flatten() for cost in costs]).nan_to_num().cpu().numpy()
    rows = [
        np.stack(linear_sum_assignment(flat[start:end].reshape(cost.shape).T)[::-1])
        for (start, end), cost in zip(pairwise(ends), costs, strict=True)
    ]
    joined = torch.from_numpy(np.concatenate(rows, axis=1)).to(costs[0].device)
    pairs = torch.split(joined, [pair.shape[1] for pair in rows], dim=1)
    return [(pair[0], pair[1]) for pair in pairs]


def mask_costs(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cost of every pair of mask and object, on shared points (Mask2Former).

    Args:
        logits: (..., Q, P), predicted masks at P points.
        truth: float32 (N, P) in [0, 1], objects at the same points.

    Returns:
        Mean binary cross entropy and dice loss, float32 (..., Q, N) each.
    """
    logits = logits.float()
    # BCE(x, t) = softplus(x) - x t, so one product serves all pairs
    entropy = F.softplus(logits).mean(dim=-1, keepdim=True) - logits @ truth.T / truth.shape[1]
    mask = logits.sigmoid()
    both = mask.sum(dim=-1, keepdim=True) + truth.sum(dim=-1)
    return entropy, 1 - (2 * mask @ truth.T + 1) / (both + 1)


def smoothed_dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1) of masks (M, P) each, float32 (M,)."""
    mask = logits.float().sigmoid()
    both = mask.sum(dim=1) + truth.sum(dim=1)
    return 1 - (2 * (mask * truth).sum(dim=1) + 1) / (both + 1)
