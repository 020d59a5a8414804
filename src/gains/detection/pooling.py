"""RoIAlign over a pyramid, and crops of ground truth, both by detectron2's rules."""

from __future__ import annotations

import torch
from torch import Tensor

from gains.detection.roi_align import roi_align
from gains.models.block_maps import BlockMaps

ROI_STRIDES = (4, 8, 16, 32)
"""px per cell of p2..p5, the levels that RoIs are pooled from."""
MASK_SIZE = 28
"""Side of mask targets and mask logits, in cells."""


def with_image_index(boxes: list[Tensor]) -> Tensor:
    """Join boxes (R_i, 4) per image to RoIs (R, 5) with the image's index in front."""
    index = [b.new_full((len(b), 1), float(i)) for i, b in enumerate(boxes)]
    return torch.cat([torch.cat([i, b], dim=1) for i, b in zip(index, boxes, strict=True)])


def levels(boxes: Tensor) -> Tensor:
    """Return the pyramid level 0..3 (p2..p5) of boxes (R, 4): floor(4 + log2(sqrt(area)/224))."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    level = torch.floor(4 + torch.log2(area.clamp(min=0).sqrt() / 224 + 1e-8))
    return (level.clamp(2, 5) - 2).long()


def pool(features: list[Tensor], boxes: list[Tensor], size: int) -> Tensor:
    """Pool RoIs from p2..p5 by RoIAlign (aligned, adaptive sampling).

    Args:
        features: pyramid maps (B, C, H_l, W_l), finest first; levels after p5 are not used.
        boxes: one float32 (R_i, 4) per image, px.
        size: side of the output.

    Returns:
        (R, C, size, size), images one after the other.
    """
    rois = with_image_index(boxes)
    if len(rois) == 0:
        return rois.new_zeros((0, features[0].shape[1], size, size))
    level = levels(rois[:, 1:])
    order = level.argsort(stable=True)
    # the only synchronisation with the GPU: the number of RoIs of each level
    counts = (
        (level[:, None] == torch.arange(len(ROI_STRIDES), device=rois.device)).sum(dim=0).tolist()
    )
    parts = [
        # in half precision, rounding would move boxes by whole pixels
        roi_align(x.float(), own, size, 1 / stride)
        for x, own, stride in zip(
            features, torch.split(rois[order], counts), ROI_STRIDES, strict=False
        )
        if len(own)
    ]
    return torch.cat(parts).index_select(0, order.argsort())


def crop(stack: Tensor, boxes: Tensor, index: Tensor, size: int = MASK_SIZE) -> Tensor:
    """Crop full-image masks to boxes by RoIAlign (scale 1, aligned, adaptive sampling).

    Args:
        stack: (N, H, W) masks.
        boxes: float32 (R, 4), px.
        index: int64 (R,), the plane that each box is cropped from.
        size: side of the output.

    Returns:
        float32 (R, size, size), the covered share of each cell.
    """
    if len(boxes) == 0:
        return boxes.new_zeros((0, size, size))
    rois = torch.cat([index[:, None].to(boxes.dtype), boxes], dim=1)
    planes = stack[:, None].to(boxes.dtype)
    return roi_align(planes, rois, size, 1.0)[:, 0]


def crop_maps(maps: BlockMaps, boxes: Tensor, index: Tensor, size: int = MASK_SIZE) -> Tensor:
    """Crop gradient anomaly maps to boxes, with the result of :func:`crop` on whole planes.

    Args:
        maps: N maps of an image.
        boxes: float32 (R, 4) inside the image, px.
        index: int64 (R,), the map that each box is cropped from.
        size: side of the output.

    Returns:
        float32 (R, size, size), the mean value of each cell.
    """
    if len(boxes) == 0:
        return boxes.new_zeros((0, size, size))
    own = maps.index[index]
    block = own.clamp(min=0)
    shifted = boxes - maps.corners[block].repeat(1, 2)
    inside = crop(maps.blocks, shifted, block, size)
    inside = torch.where((own >= 0)[:, None, None], inside, 0)
    return inside + maps.constants[index][:, None, None]
