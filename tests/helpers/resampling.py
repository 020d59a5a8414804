"""Slow resampling of a sample, pixel by pixel, as a reference of augmentations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gains.models.block_maps import BlockMaps
from gains.models.contract import Target
from gains.training.targets import tight_boxes

Float = npt.NDArray[np.float64]
Inverse = Callable[[int, int], tuple[float, float]]
"""The row and column in the image that a row and column of the result come from."""


def scene(height: int = 37, width: int = 53) -> tuple[Tensor, Target]:
    """Return noise with objects that overlap, touch the border or have one pixel, with maps."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)
    places = [
        (8, 10, 15, 19),
        (14, 20, 13, 16),
        (0, 0, 9, 7),
        (height - 6, width - 9, 6, 9),
        (20, width - 9, 1, 1),
        (0, 30, height, 3),
    ]
    masks = torch.zeros(len(places), height, width, dtype=torch.uint8)
    parts = []
    for mask, (top, left, h, w) in zip(masks, places, strict=True):
        mask[top : top + h, left : left + w] = 1
        mask[top + h - 1, left] = h * w == 1  # no full rectangle
        parts.append((torch.rand(h, w, generator=generator) - 0.2, top, left))
    parts[1] = torch.zeros(0, 0), 0, 0
    constants = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    maps = BlockMaps.from_parts(parts, constants, (height, width))
    labels = torch.arange(len(places)) % 3
    return image, Target(tight_boxes(masks), labels, masks, maps)


@dataclass(frozen=True)
class Expected:
    """The result of the reference.

    Attributes:
        image: float64 (3, H', W').
        masks: int (N, H', W') of all objects, also of those that leave the image.
        maps: float64 (N, H', W').
        tied: bool (H', W'), whether two pixels are nearly equally near.
    """

    image: Float
    masks: npt.NDArray[np.int64]
    maps: Float
    tied: npt.NDArray[np.bool_]


def resampled(
    image: Tensor, target: Target, planes: Tensor, inverse: Inverse, size: tuple[int, int]
) -> Expected:
    """Resample a sample to a size.

    Args:
        image: uint8 (3, H, W).
        target: its ground truth.
        planes: its maps as planes, float32 (N, H, W).
        inverse: where pixels come from.
        size: height and width of the result.
    """
    assert target.maps is not None
    pixels, masks = image.numpy().astype(float), target.masks.numpy()
    fill = border_median(pixels)[:, None, None]
    constants = target.maps.constants.numpy().astype(float)[:, None, None]
    found = Expected(
        np.zeros((3, *size)),
        np.zeros((len(masks), *size), dtype=np.int64),
        np.zeros((len(masks), *size)),
        np.zeros(size, dtype=bool),
    )
    for y in range(size[0]):
        for x in range(size[1]):
            down, across = inverse(y, x)
            found.image[:, y, x] = bilinear(pixels - fill, down, across) + fill[:, 0, 0]
            found.maps[:, y, x] = bilinear(planes.numpy() - constants, down, across)
            found.maps[:, y, x] += constants[:, 0, 0]
            row, column = round(down), round(across)
            if 0 <= row < masks.shape[1] and 0 <= column < masks.shape[2]:
                found.masks[:, y, x] = masks[:, row, column]
            parts = abs(down - np.floor(down) - 0.5), abs(across - np.floor(across) - 0.5)
            found.tied[y, x] = min(parts) < 1e-3
    return found


def border_median(pixels: Float) -> Float:
    """Return the lower median of each channel over the four sides, corners counted twice."""
    sides = [pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]]
    values = np.sort(np.concatenate(sides, axis=1), axis=1)
    return np.asarray(values[:, (values.shape[1] - 1) // 2])


def bilinear(planes: Float, y: float, x: float) -> Float:
    """Return the values of planes (N, H, W) at a point; they are 0 outside."""
    total = np.zeros(len(planes))
    top, left = int(np.floor(y)), int(np.floor(x))
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < planes.shape[1] and 0 <= column < planes.shape[2]:
                total += (1 - abs(y - row)) * (1 - abs(x - column)) * planes[:, row, column]
    return total
