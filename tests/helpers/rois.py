"""Foreground RoIs in two images, and a pyramid for them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gains.detection.positives import Positives
from gains.models.contract import Target
from helpers.tiny import maps_of

LABELS = torch.tensor([1, 0, 0, 1])
"""The classes of the RoIs of :func:`two_images`."""


def two_images() -> Positives:
    """Return four RoIs in images of different size, with objects of two classes and their maps."""
    first, second = torch.zeros(2, 40, 50).byte(), torch.zeros(1, 32, 32).byte()
    first[0, 5:20, 10:30] = 1
    first[1, 15:35, 25:45] = 1
    second[0, 8:24, 8:24] = 1
    generator = torch.Generator().manual_seed(5)
    targets = [
        Target(
            torch.tensor(boxes),
            torch.tensor(labels),
            masks,
            maps_of(1 + 0.5 * torch.rand(masks.shape, generator=generator)),
        )
        for boxes, labels, masks in (
            ([[10.0, 5, 30, 20], [25, 15, 45, 35]], [0, 1], first),
            ([[8.0, 8, 24, 24]], [1], second),
        )
    ]
    boxes = [
        torch.tensor([[24.0, 13, 47.5, 36], [8, 4, 31, 22], [0, 0, 50, 40]]),
        torch.tensor([[1.0, 15, 15, 29]]),
    ]
    return Positives(boxes, [torch.tensor([1, 0, 0]), torch.tensor([0])], targets)


def pyramid(finest: Tensor) -> list[Tensor]:
    """Return levels of which only the finest may be read, which has cells of 4 px."""
    rest = [torch.full((*finest.shape[:2], 16 // s, 16 // s), math.nan) for s in (1, 2, 4, 8)]
    return [finest, *rest]
