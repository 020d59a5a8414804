"""What StarDist learns of an image: a label map, the depth of each pixel, and the rays.

Source: the published program (BSD-3).
"""

from __future__ import annotations

import math

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Labels = NDArray[np.int32]
"""Label map (H, W): 0 for the background, k + 1 for object k."""
Box = tuple[slice, slice]
_BYTE = 255
"""Largest number of steps that a byte counts; sums of bytes are the fastest."""


def flatten(masks: NDArray[np.bool_], mode: str) -> Labels:
    """Return a label map of objects that may overlap.

    ``split`` gives a pixel of several objects to the one whose nearest pixel of its own, which no
    other object covers, is nearest; of equal ones to the first. An object without a pixel of its
    own keeps all its pixels. (The paper on layering cuts the overlap along its middle and does
    not say how the halves are given away.) ``latest`` gives it to the last object listed, as the
    authors of StarDist advise.

    Args:
        masks: bool (N, H, W).
        mode: ``split`` or ``latest``.
    """
    labels = np.zeros(masks.shape[1:], dtype=np.int32)
    if mode == "latest":
        for number, mask in enumerate(masks, start=1):
            labels[mask] = number
        return labels
    shared = masks.sum(axis=0, dtype=np.int32) > 1
    nearest = np.full(labels.shape, np.inf)
    for number, mask in enumerate(masks, start=1):
        box = _box(mask)
        if box is None:
            continue
        inside, meets = mask[box], mask[box] & shared[box]
        own = inside & ~meets
        labels[box][own] = number
        if meets.any():
            away = scipy.ndimage.distance_transform_edt(~own) if own.any() else np.zeros(own.shape)
            closer = meets & (away < nearest[box])
            labels[box][closer] = number
            nearest[box][closer] = away[closer]
    return labels


def _box(mask: NDArray[np.bool_]) -> Box | None:
    """Return the smallest rows and columns that hold a mask, None if it is empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def depths(labels: Labels) -> NDArray[np.float32]:
    """Return the depth of each pixel in its object, float32 (H, W), 1 at the deepest pixels.

    It is the Euclidean distance to the nearest pixel of another label, over the largest distance
    in the object. The background has 0. The border of the image is no border of an object, unless
    one object fills the image.
    """
    result = np.zeros(labels.shape, dtype=np.float32)
    for number, box in enumerate(scipy.ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        around = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
        inside = labels[around] == number
        if inside.all():
            away = scipy.ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        else:
            away = scipy.ndimage.distance_transform_edt(inside)
        result[around][inside] = (away / away.max())[inside]
    return result


def ray_directions(rays: int) -> NDArray[np.float64]:
    """Return the steps of the rays along rows and columns, float64 (R, 2).

    The first ray points to higher columns, the ray after a quarter turn to higher rows.
    """
    angles = 2 * np.pi * np.arange(rays) / rays
    return np.stack([np.sin(angles), np.cos(angles)], axis=1)


def ray_lengths(labels: Tensor, rays: int, grid: int = 1) -> Tensor:
    """Return how far each pixel is from the border of its object along every ray.

    A walk takes steps of length 1 and looks at the nearest pixel, until the label changes or the
    image ends. Its length is the number of steps minus 1 - 0.5 / max(|sin|, |cos|), which puts
    the border between the last two pixels.

    Args:
        labels: int32 (N, H, W), label maps.
        rays: number of rays R.
        grid: every how many px a pixel is taken, along both axes.

    Returns:
        float32 (N, R, h, w), px; 0 in the background.
    """
    height, width = labels.shape[1:]
    sides = _sides(labels)
    directions = ray_directions(rays).tolist()
    most = [_most_steps(sides, down, right) for down, right in directions]
    reach = max(most)
    compact = labels.to(torch.int16)
    around = F.pad(compact, (reach,) * 4, value=-1)
    first = compact[:, ::grid, ::grid].contiguous()
    inside = first > 0
    lengths = []
    # all walks of a ray take the same steps, so each step is a shift of the whole map
    for (down, right), last in zip(directions, most, strict=True):
        length = inside * (0.5 / max(abs(down), abs(right)))
        walking, steps = inside.to(torch.uint8), torch.zeros_like(inside, dtype=torch.uint8)
        for step in range(1, last + 1):
            top, left = reach + round(step * down), reach + round(step * right)
            seen = around[:, top : top + height : grid, left : left + width : grid]
            walking &= (seen == first).view(torch.uint8)
            steps += walking
            if step % _BYTE == 0:
                length += steps
                steps.zero_()
        lengths.append(length + steps)
    return torch.stack(lengths, dim=1)


def _sides(labels: Tensor) -> list[tuple[int, int]]:
    """Return height and width of each object."""
    boxes = [box for one in labels.cpu().numpy() for box in scipy.ndimage.find_objects(one)]
    return [(box[0].stop - box[0].start, box[1].stop - box[1].start) for box in boxes if box]


def _most_steps(sides: list[tuple[int, int]], down: float, right: float) -> int:
    """Return a number of steps after which every walk in a direction has left its object."""
    steps = [
        min(side / max(abs(part), 1e-9) for side, part in zip(both, (down, right), strict=True))
        for both in sides
    ]
    return math.ceil(max(steps, default=0)) + 1
