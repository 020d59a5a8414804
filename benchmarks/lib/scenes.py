"""Scenes and proposals that several benchmarks share."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou

from gains.detection import boxes as box_ops
from gains.models.block_maps import BlockMaps
from gains.models.contract import Target

OBJECTS = 10
FOREGROUND = 60
"""Number of foreground proposals, including the objects that sampling appends."""


def scene(size: int, seed: int = 0) -> tuple[Tensor, Target]:
    """Return noise with overlapping pairs of discs, and the targets of the discs."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.randint(0, 100, (3, size, size), generator=generator, dtype=torch.uint8)
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    masks, boxes = [], []
    for k in range(OBJECTS):
        radius = size * (0.04 + 0.005 * k)
        cx = size * (0.15 + 0.35 * (k // 2 % 3)) + (k % 2) * 1.3 * radius
        cy = size * (0.25 + 0.5 * (k // 6))
        mask = (x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 <= radius**2
        image[:, mask] = image[:, mask] // 2 + 120
        masks.append(mask.to(torch.uint8))
        boxes.append([cx - radius, cy - radius, cx + radius, cy + radius])
    labels, stack = torch.zeros(OBJECTS, dtype=torch.int64), torch.stack(masks)
    maps = BlockMaps.from_parts([(m.float(), 0, 0) for m in stack], [1.0] * OBJECTS, (size, size))
    return image, Target(torch.tensor(boxes), labels, stack, maps)


def fixed_proposals(target: Target, size: int, count: int) -> Tensor:
    """Return ``count`` boxes.

    Those around the objects have an IoU above 0.8 with them, the others one below 0.3.
    """
    generator = torch.Generator().manual_seed(1)
    near = target.boxes.repeat(FOREGROUND // OBJECTS - 1, 1)
    side = (near[:, 2:] - near[:, :2]).repeat(1, 2)
    near = near + side * 0.06 * (torch.rand(near.shape, generator=generator) - 0.5)
    low = torch.rand((20 * count, 2), generator=generator) * size
    far = torch.cat([low, low + 16 + torch.rand(low.shape, generator=generator) * 112], dim=1)
    far = box_ops.clip(far, (size, size))
    apart = box_iou(far, target.boxes).max(dim=1).values < 0.3
    usable = apart & ((far[:, 2:] - far[:, :2]).min(dim=1).values > 8)
    return torch.cat([near, far[usable][: count - len(near)]])
