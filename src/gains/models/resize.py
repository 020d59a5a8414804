"""Resizing of images to the size that a model sees."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def scaled_size(shape: torch.Size | tuple[int, int], short: int, longest: int) -> tuple[int, int]:
    """Return the size of an image whose short side is scaled to ``short``.

    Args:
        shape: height and width of the image, px.
        short: length of the short side, px.
        longest: upper limit of the long side, px; if it is exceeded, the scale is lowered.
    """
    return at_scale(shape, scale_of(shape, short, longest))


def scale_of(shape: torch.Size | tuple[int, int], short: int, longest: int) -> float:
    """Return the factor by which :func:`scaled_size` multiplies the sides of an image."""
    height, width = int(shape[0]), int(shape[1])
    return min(short / min(height, width), longest / max(height, width))


def at_scale(shape: torch.Size | tuple[int, int], scale: float) -> tuple[int, int]:
    """Return height and width times a scale, rounded, at least 1 px."""
    return max(1, int(shape[0] * scale + 0.5)), max(1, int(shape[1] * scale + 0.5))


def resize_image(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize uint8 (3, H, W) bilinearly with antialiasing (Pillow), as detectron2 does."""
    if tuple(image.shape[1:]) == size:
        return image
    if torch.equal(image[0], image[1]) and torch.equal(image[0], image[2]):
        return _resized(image[0].contiguous(), size).expand(3, -1, -1)
    return _resized(image.permute(1, 2, 0).contiguous(), size).permute(2, 0, 1)


def _resized(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize uint8 (H, W) or (H, W, 3); channels are independent, so a grey image needs one."""
    picture = Image.fromarray(pixels.numpy())
    resized = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(resized))
