"""Masks, maps and boxes of an image's objects at the size that the model sees.

Only the surroundings of an object are resized: the rest of its planes is constant.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch import Tensor

from gains.anomaly.block import AnomalyMap
from gains.detection.types import Target
from gains.instances import Instances

HALF = 0.5 - 1e-6
"""Share of a pixel from which on it belongs to a mask: a half, whatever rounding does."""
Size = tuple[int, int]


def make_target(
    instances: Instances, labels: NDArray[np.int64], maps: list[AnomalyMap] | None, size: Size
) -> Target:
    """Return the ground truth of an image at another size; objects that vanish are left out.

    Args:
        instances: N objects of the image, at its own size.
        labels: int64 (N,), class indices.
        maps: N gradient anomaly maps, or None.
        size: wanted height and width.
    """
    planes = torch.zeros((len(instances), *size), dtype=torch.uint8)
    boxes = torch.zeros((len(instances), 4))
    resize = Resizer((instances.height, instances.width), size, antialias=True)
    outer = coco_mask.toBbox(instances.masks).round().astype(int).reshape(-1, 4)
    stack = torch.from_numpy(instances.stack())
    for plane, box, mask, (x, y, width, height) in zip(
        planes, boxes, stack, outer.tolist(), strict=True
    ):
        if width and height:
            part, top, left = resize(mask[y : y + height, x : x + width].float(), y, x)
            inside = part >= HALF
            _put(plane, inside, top, left)
            box[:] = tight_box(inside, top, left)
    weights = None if maps is None else _resized_maps(maps, instances, size)
    target = Target(boxes, torch.from_numpy(labels), planes, weights)
    kept = boxes[:, 2] > boxes[:, 0]
    return target if kept.all() else target.select(kept)


def _resized_maps(maps: list[AnomalyMap], instances: Instances, size: Size) -> Tensor:
    """Resize maps bilinearly without antialiasing, as the published program."""
    resize = Resizer((instances.height, instances.width), size, antialias=False)
    planes = torch.empty((len(maps), *size))
    for plane, found in zip(planes, maps, strict=True):
        plane.fill_(found.constant)
        if found.block.size:
            block = torch.from_numpy(found.block.astype(np.float32))
            part, top, left = resize(block - found.constant, found.y0, found.x0)
            _put(plane, part + found.constant, top, left)
    return planes


def _put(plane: Tensor, part: Tensor, top: int, left: int) -> None:
    plane[top : top + part.shape[0], left : left + part.shape[1]] = part


def tight_box(mask: Tensor, top: int = 0, left: int = 0) -> Tensor:
    """Return x0 y0 x1 y1 of a bool (h, w) mask whose first pixel is at (top, left); 0 if empty."""
    rows, columns = (torch.nonzero(mask.any(dim=axis)).flatten() for axis in (1, 0))
    if not len(rows):
        return torch.zeros(4)
    ends = [columns[0] + left, rows[0] + top, columns[-1] + left + 1, rows[-1] + top + 1]
    return torch.stack(ends).float()


class Resizer:
    """Resizes parts of planes, bilinearly, as ``torch.nn.functional.interpolate`` does a plane.

    Args:
        shape: height and width of the planes.
        size: wanted height and width.
        antialias: average over the cells of a smaller size instead of sampling.
    """

    def __init__(self, shape: Size, size: Size, antialias: bool) -> None:
        self.same = shape == size
        self.down = _weights(shape[0], size[0], antialias)
        self.across = _weights(shape[1], size[1], antialias)

    def __call__(self, part: Tensor, top: int, left: int) -> tuple[Tensor, int, int]:
        """Resize the part (h, w) of a plane that is zero outside it.

        Returns:
            The part of the resized plane that may differ from zero, and its top and left.
        """
        if self.same:
            return part, top, left
        down = self.down[:, top : top + part.shape[0]]
        across = self.across[:, left : left + part.shape[1]]
        rows, columns = (torch.nonzero(m.any(dim=1)).flatten().tolist() for m in (down, across))
        if not rows or not columns:  # without antialiasing a thin part may lie between the samples
            return part.new_zeros((0, 0)), 0, 0
        resized = down[rows[0] : rows[-1] + 1] @ part @ across[columns[0] : columns[-1] + 1].T
        return resized, rows[0], columns[0]


@functools.lru_cache(maxsize=16)
def _weights(length: int, wanted: int, antialias: bool) -> Tensor:
    """Return what each cell of an axis adds to each wanted one, float32 (wanted, length)."""
    scale = length / wanted
    reach = max(scale, 1.0) if antialias else 1.0
    centre = (torch.arange(wanted, dtype=torch.float64) + 0.5) * scale - 0.5
    cell = torch.arange(length, dtype=torch.float64)
    weights = (1 - (cell - centre[:, None]).abs() / reach).clamp(min=0)
    return (weights / weights.sum(dim=1, keepdim=True)).float()
