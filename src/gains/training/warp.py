"""Image, masks, boxes and maps after a transform that moves pixels.

The transform is applied to the image and to planes of coordinates, and not to each mask and map:
30 masks of 800 x 1066 px would take ten times as long. A mask or map is then read from where the
coordinates point, in the surroundings of its object only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d
from torchvision import tv_tensors

from gains.models.block_maps import BlockMaps
from gains.models.contract import Target
from gains.training.targets import tight_boxes
from gains.training.transforms import Transform

CELL = 16
"""Side of the cells in which the surroundings of an object are looked for, px."""
FAR = 1e9
"""A coordinate that no object is near."""


def warp_sample(
    image: Tensor, target: Target, move: Transform, black: bool = False
) -> tuple[Tensor, Target] | None:
    """Return the transformed image and its ground truth, without objects that leave the image.

    The image is sampled bilinearly; what comes from outside it has the median colour of its border.
    Masks have the values of the nearest pixels, and boxes enclose them. A map's difference from its
    constant is sampled bilinearly, and is 0 outside the image.

    Args:
        image: uint8 (3, H, W).
        target: its ground truth, with tight boxes.
        move: a transform that moves pixels.
        black: whether what comes from outside the image is black instead.

    Returns:
        Both, or None if the image had objects and none is left.
    """
    size = image.shape[1], image.shape[2]
    nearest = _Source.of(tv_tensors.Mask, move, size, image.device)
    masks = _moved_masks(target, nearest)
    boxes = tight_boxes(masks)
    kept = boxes[:, 2] > boxes[:, 0]
    if len(kept) and not kept.any():
        return None
    maps = target.maps
    if maps is not None:
        maps = _moved_maps(maps, _Source.of(tv_tensors.Image, move, size, image.device))
    moved = Target(boxes, target.labels, masks, maps)
    return _moved_image(image, move, black), moved if kept.all() else moved.select(kept)


def _moved_image(image: Tensor, move: Transform, black: bool) -> Tensor:
    if black:
        moved: Tensor = move(tv_tensors.Image(image.float())).as_subclass(Tensor)
        return moved.round_().clamp_(0, 255).to(torch.uint8)
    # without a fill value torchvision mixes pixels at the border with 0, so 0 is made the fill; its
    # own fill weighs such pixels twice
    border = [image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]]
    fill = torch.cat(border, dim=1).float().median(dim=1).values[:, None, None]
    moved = move(tv_tensors.Image(image.float() - fill)).as_subclass(Tensor)
    return (moved + fill).round_().clamp_(0, 255).to(torch.uint8)


def _moved_masks(target: Target, source: _Source) -> Tensor:
    planes = target.masks.new_zeros((len(target.masks), *source.y.shape))
    regions = source.regions(target.boxes)
    for plane, mask, part in zip(planes, target.masks, regions, strict=True):
        at = source.y[part].long() * mask.shape[1] + source.x[part].long()
        plane[part] = mask.take(at) * (source.weight[part] > 0)
    return planes


def _moved_maps(maps: BlockMaps, source: _Source) -> BlockMaps:
    inside = tight_boxes(maps.blocks != 0) + maps.corners.repeat(1, 2)
    moved = [
        _moved_block(block, corner, source, region)
        for block, corner, region in zip(
            maps.blocks, maps.corners, source.regions(inside), strict=True
        )
    ]
    constant = maps.blocks[0, :0, :0], 0, 0
    parts = [moved[number] if number >= 0 else constant for number in maps.index.tolist()]
    height, width = source.y.shape
    return BlockMaps.from_parts(parts, maps.constants.tolist(), (height, width))


def _moved_block(
    block: Tensor, corner: Tensor, source: _Source, region: tuple[slice, slice]
) -> tuple[Tensor, int, int]:
    """Return the part of a moved map that differs from its constant, its top and its left."""
    y, x = source.y[region] - corner[1], source.x[region] - corner[0]
    if not y.numel():
        return y, 0, 0
    values = _bilinear(block, y, x) * source.weight[region]
    x0, y0, x1, y1 = tight_boxes(values[None] != 0)[0].long().tolist()
    return values[y0:y1, x0:x1], region[0].start + y0, region[1].start + x0


def _bilinear(plane: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Sample a plane (h, w) at rows and columns; outside, the values of its border continue.

    Whole numbers give the exact values, which ``grid_sample`` does not.
    """
    height, width = plane.shape
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    top, left = y.long(), x.long()
    right, below = (left < width - 1).long(), (top < height - 1) * width
    first = top * width + left
    upper = torch.lerp(plane.take(first), plane.take(first + right), x - left)
    first += below
    lower = torch.lerp(plane.take(first), plane.take(first + right), x - left)
    return torch.lerp(upper, lower, y - top)


@dataclass(frozen=True)
class _Source:
    """Where each pixel of the transformed image comes from.

    Attributes:
        y: float32 (H', W'), row in the image.
        x: float32 (H', W'), column in the image.
        weight: float32 (H', W') in [0, 1], the share of the value that comes from the image.
    """

    y: Tensor
    x: Tensor
    weight: Tensor

    @staticmethod
    def of(
        kind: type[tv_tensors.Image | tv_tensors.Mask],
        move: Transform,
        size: tuple[int, int],
        device: torch.device,
    ) -> _Source:
        """Transform planes that hold the row, the column and 1 of each pixel."""
        rows, columns = (torch.arange(n, dtype=torch.float32, device=device) for n in size)
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        y, x, weight = move(kind(torch.stack([y, x, torch.ones_like(y)]))).as_subclass(Tensor)
        # outside the image is 0, so a pixel at the border is a share of the last row or column
        share = weight.clamp(min=1e-6)
        return _Source(
            (y / share).clamp(max=size[0] - 1), (x / share).clamp(max=size[1] - 1), weight
        )

    def regions(self, boxes: Tensor) -> list[tuple[slice, slice]]:
        """Return the rows and columns outside which no pixel comes from inside a box.

        Args:
            boxes: float32 (N, 4), x0 y0 x1 y1 in the image, px.
        """
        outside, places = self.weight <= 0, torch.stack([self.x, self.y])
        ends = torch.cat([places.masked_fill(outside, -FAR), (-places).masked_fill(outside, -FAR)])
        high_x, high_y, low_x, low_y = max_pool2d(ends[None], CELL, ceil_mode=True)[0]
        x0, y0, x1, y1 = boxes[:, :, None, None].unbind(1)
        # a bilinear sample reads from less than 1 px away
        hit = (high_x > x0 - 1) & (-low_x < x1) & (high_y > y0 - 1) & (-low_y < y1)
        found = (tight_boxes(hit) * CELL).long().tolist()
        return [(slice(top, bottom), slice(left, right)) for left, top, right, bottom in found]
