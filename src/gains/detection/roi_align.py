"""RoIAlign whose gradient is a matrix product on small maps: torchvision's scatters on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torchvision import ops

MOST_CELLS = 64 * 64
"""Of a map: on larger ones scattering costs less than the products."""


def roi_align(features: Tensor, rois: Tensor, size: int, scale: float) -> Tensor:
    """Pool RoIs (aligned, adaptive sampling), as torchvision's ``roi_align`` does.

    Args:
        features: float32 (B, C, H, W).
        rois: float32 (R, 5), image index and x0 y0 x1 y1 in px.
        size: side of the output.
        scale: cells per px.

    Returns:
        float32 (R, C, size, size).
    """
    small = features.shape[2] * features.shape[3] <= MOST_CELLS
    if small and features.device.type == "cpu" and features.requires_grad:
        pooled: Tensor = _RoIAlign.apply(features, rois, size, scale)
        return pooled
    return _torchvision(features, rois, size, scale)


def _torchvision(features: Tensor, rois: Tensor, size: int, scale: float) -> Tensor:
    pooled: Tensor = ops.roi_align(features, rois, size, scale, sampling_ratio=0, aligned=True)
    return pooled


def axis_weights(low: Tensor, high: Tensor, size: int, cells: int) -> Tensor:
    """Return how much each cell of an axis adds to each bin of a RoI.

    RoIAlign is the mean of bilinear samples on a grid in each bin, so its weights are products of
    one factor per axis.

    Args:
        low: float32 (R,), where RoIs begin, in cells; cell k's centre is at k.
        high: float32 (R,), where they end.
        size: bins.
        cells: length of the axis.

    Returns:
        float32 (R, size, cells).
    """
    step = (high - low) / size
    samples = step.ceil().clamp(min=0)
    most = max(1, int(samples.max()))
    place = torch.arange(most, device=low.device)
    within = (place + 0.5) / samples[:, None].clamp(min=1)
    bins = torch.arange(size, device=low.device)
    at = low[:, None, None] + step[:, None, None] * (bins[:, None] + within[:, None, :])
    # a sample more than one cell outside counts as zero, one nearer as the border
    used = (place < samples[:, None])[:, None, :] & (at >= -1) & (at <= cells)
    distance = at.clamp(0, cells - 1)[..., None] - torch.arange(cells, device=low.device)
    hat = (1 - distance.abs()).clamp(min=0) * used[..., None]
    return hat.sum(dim=2) / samples[:, None, None].clamp(min=1)


class _RoIAlign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, rois: Tensor, size: int, scale: float) -> Tensor:
        ctx.save_for_backward(rois)
        ctx.shape, ctx.scale = features.shape, scale
        return _torchvision(features, rois, size, scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (rois,) = ctx.saved_tensors
        images, channels, height, width = ctx.shape
        corners = rois[:, 1:] * ctx.scale - 0.5
        along = axis_weights(corners[:, 0], corners[:, 2], grad.shape[3], width)
        across = axis_weights(corners[:, 1], corners[:, 3], grad.shape[2], height)
        out = grad.new_zeros(ctx.shape)
        # (R, size, C, size), so that the wide intermediate needs no rearranging
        bins = grad.transpose(1, 2).contiguous()
        for image in range(images):
            here = torch.nonzero(rois[:, 0] == image).flatten()
            if len(here):
                rows = torch.bmm(bins[here].flatten(1, 2), along[here])
                total = across[here].flatten(0, 1).T @ rows.view(-1, channels * width)
                out[image] = total.view(height, channels, width).transpose(0, 1)
        return out, None, None, None
