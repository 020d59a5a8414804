"""Dilation of many masks at a time, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def dilate(masks: Tensor, radius: int) -> Tensor:
    """Return masks dilated by a disk: all pixels at most ``radius`` px from a pixel of the mask.

    The disk is a stack of rows, which grow towards its middle, so that each row is made from the
    one before.

    Args:
        masks: bool (N, H, W); pixels outside the image do not count.
        radius: radius of the disk, px; 1 is a cross of five pixels.
    """
    rows, width = masks.clone(), 0
    out = torch.zeros_like(masks)
    for dy in range(radius, -1, -1):
        for _ in range(math.isqrt(radius**2 - dy**2) - width):
            wider = rows.clone()
            wider[..., 1:] |= rows[..., :-1]
            wider[..., :-1] |= rows[..., 1:]
            rows, width = wider, width + 1
        kept = max(masks.shape[1] - dy, 0)
        out[:, dy:] |= rows[:, :kept]
        out[:, :kept] |= rows[:, dy:]
    return out
