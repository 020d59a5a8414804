"""RoIAlign as a sparse matrix product, which is faster on CPUs than torchvision's operator.

Every bin of a RoI is a weighted sum of a few cells of the map, with the same weights in all
channels. Pooling is therefore ``S @ cells`` and its gradient ``S.T @ grad``, where ``S`` has a row
per bin. The channels of a cell are adjacent in memory, so both products read and write whole rows,
while torchvision gathers and scatters single values.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor
from torch.autograd.function import once_differentiable
from torchvision import ops

FEWEST_CHANNELS = 8
"""Smallest number of channels for which computing the weights pays off."""
Sparse = tuple[Tensor, Tensor, Tensor]
"""Weights float32 (n,), their columns int64 (n,), and the starts of rows int64 (rows + 1,)."""


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
    usual = features.device.type == "cpu" and features.dtype == torch.float32
    if usual and features.shape[1] >= FEWEST_CHANNELS and len(rois):
        pooled: Tensor = _RoIAlign.apply(features, rois, size, scale)
        return pooled
    pooled = ops.roi_align(features, rois, size, scale, sampling_ratio=0, aligned=True)
    return pooled


def axis_weights(low: Tensor, high: Tensor, size: int, cells: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the cells of an axis that each bin of a RoI reads, and their weights.

    RoIAlign is the mean of bilinear samples on a grid in each bin, so its weights are products of
    one factor per axis.

    Args:
        low: float32 (R,), start of each RoI in cells; the centre of cell k is at k.
        high: float32 (R,), end of each RoI in cells.
        size: number of bins.
        cells: number of cells of the axis.

    Returns:
        The first cell of each bin, int64 (R, size); the number of its cells, int64 (R, size); and
        the weights, float32 (R, size, K), of K cells from the first one, and zero beyond that
        number.
    """
    step = (high - low) / size
    samples = step.ceil().clamp(min=0)
    index = torch.arange(max(1, int(samples.max())))
    within = (index + 0.5) / samples[:, None].clamp(min=1)
    at = low[:, None, None] + step[:, None, None] * (torch.arange(size)[:, None] + within[:, None])
    # a sample more than one cell outside is zero; a nearer sample has the value of the border
    used = (index < samples[:, None])[:, None] & (at >= -1) & (at <= cells)
    at = at.clamp(0, cells - 1)
    cell = at.floor()
    share = at - cell
    first = torch.where(used, cell, cells).amin(dim=2).clamp(max=cells - 1)
    offset = torch.where(used, cell - first[..., None], 0).long()
    count = torch.where(used.any(dim=2), offset.amax(dim=2) + 2, 0)
    part = used / samples[:, None, None].clamp(min=1)
    weights = at.new_zeros((*count.shape, max(1, int(count.max()))))
    weights.scatter_add_(2, offset, (1 - share) * part)
    if weights.shape[2] > 1:
        weights.scatter_add_(2, offset + 1, share * part)
    return first.long(), count, weights


def pooling_matrix(rois: Tensor, size: int, scale: float, shape: torch.Size) -> Sparse:
    """Return the matrix (R * size * size, B * H * W) that pools maps of ``shape`` (B, C, H, W)."""
    height, width = shape[2], shape[3]
    corners = rois[:, 1:] * scale - 0.5
    x, x_count, x_weights = axis_weights(corners[:, 0], corners[:, 2], size, width)
    y, y_count, y_weights = axis_weights(corners[:, 1], corners[:, 3], size, height)
    entries = y_count[:, :, None] * x_count[:, None, :]
    begins = F.pad(entries.flatten().cumsum(0), (1, 0))
    row = torch.repeat_interleave(entries.flatten())
    within = torch.arange(len(row)) - begins[row]
    y_bin = row // size
    x_bin = row - y_bin * size + y_bin // size * size
    columns = x_count.flatten()[x_bin]
    down = within // columns
    across = within - down * columns
    # for a sample on the border this may be the cell after the last, with weight zero
    cell_y = (y.flatten()[y_bin] + down).clamp(max=height - 1)
    cell_x = (x.flatten()[x_bin] + across).clamp(max=width - 1)
    image = rois[:, 0].long()[y_bin // size]
    weights = (
        y_weights.flatten()[y_bin * y_weights.shape[2] + down]
        * x_weights.flatten()[x_bin * x_weights.shape[2] + across]
    )
    return weights, (image * height + cell_y) * width + cell_x, begins


def _product(matrix: Sparse, dense: Tensor) -> Tensor:
    weights, columns, begins = matrix
    return F.embedding_bag(
        columns, dense, begins, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


class _RoIAlign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, rois: Tensor, size: int, scale: float) -> Tensor:
        channels = features.shape[1]
        matrix = pooling_matrix(rois, size, scale, features.shape)
        ctx.save_for_backward(*matrix)
        ctx.shape = features.shape
        pooled = _product(matrix, features.permute(0, 2, 3, 1).reshape(-1, channels))
        return pooled.view(len(rois), size, size, channels).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        weights, columns, begins = ctx.saved_tensors
        images, channels, height, width = ctx.shape
        rows = grad.permute(0, 2, 3, 1).reshape(-1, channels)
        cells = images * height * width
        matrix = csr_array(
            (weights.numpy(), columns.numpy(), begins.numpy()), shape=(len(rows), cells)
        )
        turned = matrix.tocsc()
        data, indices, indptr = map(torch.from_numpy, (turned.data, turned.indices, turned.indptr))
        out = _product((data, indices, indptr), rows)
        return out.view(images, height, width, channels).permute(0, 3, 1, 2), None, None, None
