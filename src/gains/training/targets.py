"""Masks, maps and boxes of an image's objects at the size that the model sees.

Only the surroundings of an object are resized, since the rest of its planes is constant.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch import Tensor

from gains.anomaly.anomaly_map import AnomalyMap
from gains.instances import Instances
from gains.models.block_maps import BlockMaps
from gains.models.contract import Target

HALF = 0.5 - 1e-6
"""Smallest covered share of a pixel of a mask: a half, with a margin for rounding errors."""
Size = tuple[int, int]


def make_target(
    instances: Instances, labels: NDArray[np.int64], maps: list[AnomalyMap] | None, size: Size
) -> Target:
    """Return the ground truth of an image at another size, without objects that become empty.

    Args:
        instances: N objects of the image, at its own size; their boxes enclose the masks.
        labels: int64 (N,), class indices.
        maps: N gradient anomaly maps, or None.
        size: height and width of the result.
    """
    planes = torch.zeros((len(instances), *size), dtype=torch.uint8)
    boxes = torch.zeros((len(instances), 4))
    resize = Resizer((instances.height, instances.width), size, antialias=True)
    outer = instances.boxes.round().astype(int)
    for plane, box, code, (x0, y0, x1, y1) in zip(
        planes, boxes, instances.masks, outer.tolist(), strict=True
    ):
        if x1 > x0 and y1 > y0:
            mask = coco_mask.decode(code)[y0:y1, x0:x1]
            part, top, left = resize(torch.from_numpy(mask.astype(np.float32)), y0, x0)
            inside = part >= HALF
            _put(plane, inside, top, left)
            box[:] = tight_box(inside, top, left)
    weights = None if maps is None else _resized_maps(maps, instances, size)
    target = Target(boxes, torch.from_numpy(labels), planes, weights)
    kept = boxes[:, 2] > boxes[:, 0]
    return target if kept.all() else target.select(kept)


def _resized_maps(maps: list[AnomalyMap], instances: Instances, size: Size) -> BlockMaps:
    """Resize maps bilinearly without antialiasing, as the published program does."""
    resize = Resizer((instances.height, instances.width), size, antialias=False)
    parts = []
    for one in maps:
        block = torch.from_numpy(one.block.astype(np.float32)) - one.constant
        parts.append(resize(block, one.y0, one.x0) if one.block.size else (block, 0, 0))
    return BlockMaps.from_parts(parts, [one.constant for one in maps], size)


def _put(plane: Tensor, part: Tensor, top: int, left: int) -> None:
    plane[top : top + part.shape[0], left : left + part.shape[1]] = part


def tight_box(mask: Tensor, top: int = 0, left: int = 0) -> Tensor:
    """Return x0 y0 x1 y1 of a bool (h, w) mask with its first pixel at (top, left); 0 if empty."""
    pixels = mask.numpy()
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return torch.zeros(4)
    ends = [columns[0] + left, rows[0] + top, columns[-1] + left + 1, rows[-1] + top + 1]
    return torch.tensor(ends, dtype=torch.float32)


def tight_boxes(masks: Tensor) -> Tensor:
    """Return the boxes of masks (N, h, w) as :func:`tight_box` does, on the masks' device."""
    ends = []
    for axis in (1, 2):
        used = masks.any(dim=axis).bool()  # of uint8, ``any`` is uint8
        length, found = used.shape[1], used.any(dim=1)
        # the first of equal values is the largest
        first = used.byte().argmax(dim=1)
        last = length - used.flip(1).byte().argmax(dim=1)
        ends += [first * found, last * found]
    return torch.stack([ends[0], ends[2], ends[1], ends[3]], dim=1).float()


class Resizer:
    """A bilinear resizer of parts of planes, equal to ``torch.nn.functional.interpolate``.

    Args:
        shape: height and width of the planes.
        size: height and width of the result.
        antialias: whether to average over several pixels when an axis shrinks.
    """

    def __init__(self, shape: Size, size: Size, antialias: bool) -> None:
        self.same = shape == size
        self.down = _Axis.from_lengths(shape[0], size[0], antialias)
        self.across = _Axis.from_lengths(shape[1], size[1], antialias)

    def __call__(self, part: Tensor, top: int, left: int) -> tuple[Tensor, int, int]:
        """Resize the part (h, w) of a plane that is zero outside it.

        Returns:
            The part of the resized plane that may differ from zero, and its top row and left
            column.
        """
        if self.same:
            return part, top, left
        down, row = self.down.touched(top, top + part.shape[0])
        across, column = self.across.touched(left, left + part.shape[1])
        if not len(down) or not len(across):
            return part.new_zeros((0, 0)), 0, 0
        return down @ part @ across.T, row, column


class _Axis(NamedTuple):
    """The map from the input cells of an axis to its output cells.

    Attributes:
        weights: share of each input cell in each output cell, float32 (outputs, length).
        first: for each input cell, the lowest output index that it or a later cell contributes to.
        end: for each input cell, one past the highest output index that it or an earlier cell
            contributes to.
    """

    weights: Tensor
    first: list[int]
    end: list[int]

    @staticmethod
    @functools.lru_cache(maxsize=16)
    def from_lengths(length: int, outputs: int, antialias: bool) -> _Axis:
        scale = length / outputs
        reach = max(scale, 1.0) if antialias else 1.0
        centre = (torch.arange(outputs, dtype=torch.float64) + 0.5) * scale - 0.5
        cell = torch.arange(length, dtype=torch.float64)
        share = (1 - (cell - centre[:, None]).abs() / reach).clamp(min=0)
        weights = (share / share.sum(dim=1, keepdim=True)).float()
        adds = (weights != 0).numpy()
        first = np.where(adds.any(axis=0), adds.argmax(axis=0), outputs)
        end = np.where(adds.any(axis=0), outputs - adds[::-1].argmax(axis=0), 0)
        first = np.minimum.accumulate(first[::-1])[::-1]
        return _Axis(weights, first.tolist(), np.maximum.accumulate(end).tolist())

    def touched(self, start: int, stop: int) -> tuple[Tensor, int]:
        """Return the weights of a range of input cells, and the first output cell that they affect.

        Without antialiasing, a cell may lie between the samples and contribute to no output cell.
        """
        first, end = self.first[start], self.end[stop - 1]
        return self.weights[first : max(first, end), start:stop], first
