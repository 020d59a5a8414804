"""From 28 x 28 mask probabilities to masks of the whole image."""

from __future__ import annotations

import torch
from torch import Tensor


def _weights(low: Tensor, high: Tensor, cells: int, length: int) -> Tensor:
    """Bilinear weights (D, length, cells) of mask cells at pixel centres along one axis.

    Equal to ``grid_sample(align_corners=False)`` with zero padding: outside the outer half
    cells the weights fall to zero.
    """
    pixels = torch.arange(length, device=low.device, dtype=low.dtype) + 0.5
    position = (pixels - low[:, None]) / (high - low)[:, None] * cells - 0.5
    cell = torch.arange(cells, device=low.device, dtype=low.dtype)
    return (1 - (position[:, :, None] - cell).abs()).clamp(min=0)


def paste(
    masks: Tensor, boxes: Tensor, size: tuple[int, int], threshold: float = 0.5, chunk: int = 16
) -> Tensor:
    """Paste box masks into an image: bilinear at pixel centres, zero outside, then threshold.

    Bilinear interpolation is separable, so a pasted mask is ``Wy @ mask @ Wx^T``.

    Args:
        masks: float32 (D, M, M), probabilities.
        boxes: float32 (D, 4), px of the wanted image.
        size: height and width of the image.
        threshold: at and above it a pixel belongs to the mask.
        chunk: masks pasted at a time, which bounds the memory.

    Returns:
        bool (D, height, width).
    """
    height, width = size
    out = torch.zeros((len(masks), height, width), dtype=torch.bool, device=masks.device)
    cells = masks.shape[-1] if len(masks) else 1
    for start in range(0, len(masks), chunk):
        part = slice(start, start + chunk)
        x0, y0, x1, y1 = boxes[part].unbind(dim=1)
        rows = _weights(y0, y1, cells, height)
        columns = _weights(x0, x1, cells, width)
        out[part] = rows @ masks[part] @ columns.transpose(1, 2) >= threshold
    return out
