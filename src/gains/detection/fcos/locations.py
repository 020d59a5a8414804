"""The locations of FCOS, and the assignment of objects to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gains.detection.boxes import constant
from gains.models.contract import Target

FCOS_STRIDES = (8, 16, 32, 64, 128)
"""px per cell of p3..p7."""
RADIUS = 1.5
"""Radius of centre sampling, in strides."""
NONE = -1
"""The index that means no object."""


@dataclass
class Locations:
    """The points that make predictions: centres of the cells of all levels, finest level first.

    Attributes:
        points: float32 (L, 2), x y in px.
        levels: int64 (L,), 0 for p3.
    """

    points: Tensor
    levels: Tensor

    @property
    def strides(self) -> Tensor:
        """Return the px per cell at each location, float32 (L,)."""
        return constant(FCOS_STRIDES, self.points.device)[self.levels]


@dataclass
class Assignment:
    """The P locations of a batch that learn to predict an object.

    Attributes:
        image: int64 (P,).
        place: int64 (P,), index of the location.
        matched: int64 (P,), index among the objects of all images, one image after the other.
    """

    image: Tensor
    place: Tensor
    matched: Tensor

    def draw(self, count: int, generator: torch.Generator) -> Assignment:
        """Return at most ``count`` of these locations, drawn without replacement."""
        order = torch.randperm(len(self.place), generator=generator, device=self.place.device)
        kept = order[:count]
        return Assignment(self.image[kept], self.place[kept], self.matched[kept])


def locate(features: list[Tensor]) -> Locations:
    """Return the locations of the levels p3..p7, each (B, C, H_l, W_l)."""
    return _cell_centres([(x.shape[2], x.shape[3]) for x in features], features[0].device)


def locations_in(height: int, width: int, device: torch.device) -> Locations:
    """Return the locations in an image; those in the padding of a batch take no object."""
    shapes = [(math.ceil(height / s), math.ceil(width / s)) for s in FCOS_STRIDES]
    return _cell_centres(shapes, device)


def _cell_centres(shapes: list[tuple[int, int]], device: torch.device) -> Locations:
    points, levels = [], []
    for level, (shape, stride) in enumerate(zip(shapes, FCOS_STRIDES, strict=True)):
        rows, columns = (
            (torch.arange(n, device=device, dtype=torch.float32) + 0.5) * stride for n in shape
        )
        points.append(torch.cartesian_prod(rows, columns).flip(1))
        levels.append(torch.full((shape[0] * shape[1],), level, device=device))
    return Locations(torch.cat(points), torch.cat(levels))


def distances_to_sides(points: Tensor, boxes: Tensor) -> Tensor:
    """Return left, top, right, bottom (..., 4) of points (..., 2) in boxes (..., 4), px (Eq. 1)."""
    return torch.cat([points - boxes[..., :2], boxes[..., 2:] - points], dim=-1)


def boxes_around(points: Tensor, distances: Tensor) -> Tensor:
    """Return the boxes (..., 4) whose sides lie at distances (..., 4) from points (..., 2), px."""
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], dim=-1)


def centreness(distances: Tensor) -> Tensor:
    """Return centre-ness (...) of distances (..., 4): 1 at a box's centre, 0 at its rim (Eq. 3)."""
    across, along = distances[..., 0::2], distances[..., 1::2]
    ratio = across.amin(-1) / across.amax(-1) * (along.amin(-1) / along.amax(-1))
    return ratio.sqrt()


def centroids(masks: Tensor) -> Tensor:
    """Return the centres of mass of masks (N, H, W) of 0 and 1, float32 (N, 2), x y in px.

    The mass of a pixel lies at its centre, half a pixel from its index. An empty mask has centre 0.
    """
    sums = [masks.sum(dim=axis).float() for axis in (1, 2)]
    middles = [torch.arange(s.shape[1], device=s.device) + 0.5 for s in sums]
    area = sums[0].sum(dim=1).clamp(min=1)
    # a matrix product is not used, because autocast would round coordinates to bfloat16
    return torch.stack(
        [(s * m).sum(dim=1) / area for s, m in zip(sums, middles, strict=True)], dim=1
    )


def assign_locations(locations: Locations, target: Target, sizes: tuple[float, ...]) -> Tensor:
    """Return each location's object in one image, int64 (L,), or ``NONE``.

    A location takes an object if it lies in the object's box and within ``RADIUS`` strides of the
    centroid of its mask, and if the largest distance to the box's sides lies in the range of the
    location's level. Among several such objects it takes the one with the smallest box.

    Args:
        locations: the locations of all levels.
        target: ground truth.
        sizes: the four bounds between the ranges of the levels, px.
    """
    if len(target.boxes) == 0:
        return torch.full_like(locations.levels, NONE)
    points = locations.points[:, None]
    distances = distances_to_sides(points, target.boxes)
    offset = (points - centroids(target.masks)).abs().amax(dim=-1)
    central = (offset < RADIUS * locations.strides[:, None]) & (distances.amin(dim=-1) > 0)
    bounds = constant((0, *sizes, math.inf), distances.device)
    farthest = distances.amax(dim=-1)
    low, high = bounds[locations.levels], bounds[locations.levels + 1]
    suitable = central & (farthest >= low[:, None]) & (farthest <= high[:, None])
    areas = (target.boxes[:, 2:] - target.boxes[:, :2]).prod(dim=1)
    smallest, matched = torch.where(suitable, areas, math.inf).min(dim=1)
    return torch.where(smallest.isfinite(), matched, NONE)


def assign_batch(
    locations: Locations, targets: list[Target], sizes: tuple[float, ...]
) -> Assignment:
    """Assign the objects of a batch; see :func:`assign_locations`."""
    rows, before = [], 0
    for target in targets:
        matched = assign_locations(locations, target, sizes)
        rows.append(torch.where(matched == NONE, NONE, matched + before))
        before += len(target.boxes)
    every = torch.stack(rows)
    image, place = torch.nonzero(every != NONE, as_tuple=True)
    return Assignment(image, place, every[image, place])
