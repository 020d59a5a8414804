"""Objects of an image as models learn them."""

from __future__ import annotations

import torch

from gains.models.contract import Target


def target_of(
    *boxes: tuple[float, float, float, float], labels: tuple[int, ...] = (), side: int = 128
) -> Target:
    """Return objects of these boxes, by default of the first class, with empty masks."""
    classes = torch.tensor(labels or (0,) * len(boxes), dtype=torch.int64)
    masks = torch.zeros(len(boxes), side, side, dtype=torch.uint8)
    return Target(torch.tensor(boxes).reshape(len(boxes), 4), classes, masks)
