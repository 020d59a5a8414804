"""Resizing of images, masks and maps to the size that a model sees."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


def scaled_size(shape: torch.Size | tuple[int, int], short: int, longest: int) -> tuple[int, int]:
    """Return height and width after scaling the short side to ``short``, the long at most so."""
    height, width = int(shape[0]), int(shape[1])
    scale = min(short / min(height, width), longest / max(height, width))
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def resize_image(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize uint8 (3, H, W) bilinearly with antialiasing (Pillow), as detectron2 does."""
    if tuple(image.shape[1:]) == size:
        return image
    pixels = Image.fromarray(image.permute(1, 2, 0).numpy())
    resized = pixels.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(resized).copy()).permute(2, 0, 1)


def resize_masks(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize uint8 (N, H, W) masks: a pixel belongs to a mask that covers half of it."""
    if tuple(masks.shape[1:]) == size or len(masks) == 0:
        return masks if len(masks) else masks.new_zeros((0, *size))
    scaled = F.interpolate(
        masks[None].float(), size, mode="bilinear", align_corners=False, antialias=True
    )
    return (scaled[0] >= 0.5).to(torch.uint8)


def resize_maps(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize float32 (N, H, W) maps bilinearly without antialiasing, as the published program."""
    if tuple(maps.shape[1:]) == size or len(maps) == 0:
        return maps if len(maps) else maps.new_zeros((0, *size))
    return F.interpolate(maps[None], size, mode="bilinear", align_corners=False)[0]
