"""Maps sampled at points, and random points where a mask is uncertain."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sample_points(maps: Tensor, points: Tensor) -> Tensor:
    """Sample maps bilinearly; values outside the map are zero.

    Args:
        maps: (N, C, H, W).
        points: (N, P, 2), x y in [0, 1] of the map's extent; 0.5 is its centre for every size.

    Returns:
        (N, C, P).
    """
    grid = (2 * points - 1)[:, :, None]
    sampled = F.grid_sample(maps.float(), grid.float(), align_corners=False)
    return sampled[..., 0]


def uncertain_points(
    logits: Tensor,
    count: int,
    generator: torch.Generator,
    oversampling: float = 3.0,
    share: float = 0.75,
) -> Tensor:
    """Draw random points, a share of them where the logit is nearest to 0 (PointRend, section 3.1).

    ``oversampling * count`` candidates are drawn uniformly. The ``share * count`` most uncertain
    ones are kept, and the rest is drawn uniformly.

    Args:
        logits: (N, 1, H, W).
        count: points per map, P.
        generator: source of random numbers, on the device of the logits.
        oversampling: number of candidates per point, at least 1.
        share: share of the points that are uncertain, in [0, 1].

    Returns:
        float32 (N, P, 2), x y in [0, 1], without a graph.
    """
    with torch.no_grad():
        n, device = len(logits), logits.device
        kept = int(share * count)
        candidates = torch.rand(
            (n, int(oversampling * count), 2), generator=generator, device=device
        )
        uncertainty = -sample_points(logits, candidates)[:, 0].abs()
        best = uncertainty.topk(kept, dim=1).indices
        chosen = candidates.gather(1, best[:, :, None].expand(-1, -1, 2))
        rest = torch.rand((n, count - kept, 2), generator=generator, device=device)
        return torch.cat([chosen, rest], dim=1)
