"""From mask probabilities to masks of the whole image, at its own size."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = 2**23
"""Pixels pasted at a time."""


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
    masks: Tensor, boxes: Tensor, size: tuple[int, int], threshold: float = 0.5
) -> Iterator[Tensor]:
    """Paste box masks into an image: bilinear at pixel centres, zero outside, then threshold.

    Bilinear interpolation is separable, so a pasted mask is ``Wy @ mask @ Wx^T``. Masks come one
    after the other, since a large image with many would fill the memory.

    Args:
        masks: float32 (D, M, M), probabilities.
        boxes: float32 (D, 4), px of the wanted image.
        size: height and width of the image.
        threshold: at and above it a pixel belongs to the mask.

    Yields:
        bool (height, width), D times.
    """
    height, width = size
    together = max(1, PIXELS // (height * width))
    for start in range(0, len(masks), together):
        part = slice(start, start + together)
        x0, y0, x1, y1 = boxes[part].unbind(dim=1)
        rows = _weights(y0, y1, masks.shape[-1], height)
        columns = _weights(x0, x1, masks.shape[-1], width)
        yield from rows @ masks[part] @ columns.transpose(1, 2) >= threshold


def enlarge(masks: Tensor, size: tuple[int, int], threshold: float = 0.5) -> Iterator[Tensor]:
    """Resize masks of the whole image bilinearly, then threshold.

    Args:
        masks: float32 (D, h, w), probabilities.
        size: height and width of the image.
        threshold: above it a pixel belongs to the mask.

    Yields:
        bool (height, width), D times.
    """
    together = max(1, PIXELS // (size[0] * size[1]))
    for start in range(0, len(masks), together):
        part = masks[start : start + together]
        yield from F.interpolate(part[None], size, mode="bilinear")[0] > threshold
