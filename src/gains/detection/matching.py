"""Which box belongs to which object, and which boxes a loss sees."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou

IGNORED = -1
BACKGROUND = 0
FOREGROUND = 1


def match(
    truth: Tensor, boxes: Tensor, low: float, high: float, keep_best: bool
) -> tuple[Tensor, Tensor]:
    """Match boxes (N, 4) to ground truth (G, 4) by IoU.

    Args:
        truth: ground-truth boxes; may be empty.
        boxes: candidates.
        low: below it a box is background.
        high: from it on a box is foreground; between the two it is ignored.
        keep_best: every object also keeps its best boxes, however low their IoU.

    Returns:
        The index of the best object int64 (N,), and the role int8 (N,).
    """
    if len(truth) == 0:
        zeros = torch.zeros(len(boxes), dtype=torch.int64, device=boxes.device)
        return zeros, torch.full_like(zeros, BACKGROUND, dtype=torch.int8)
    iou = box_iou(truth, boxes)
    best, index = iou.max(dim=0)
    role = torch.full_like(index, IGNORED, dtype=torch.int8)
    role[best < low] = BACKGROUND
    role[best >= high] = FOREGROUND
    if keep_best:
        best_of_object = iou.max(dim=1, keepdim=True).values
        # an object that no box touches has best 0 and would claim every box
        role[((iou == best_of_object) & (best_of_object > 0)).any(dim=0)] = FOREGROUND
    return index, role


def sample(
    role: Tensor, count: int, positive_fraction: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw at most ``count`` boxes, at most the given fraction of them foreground.

    Returns:
        Indices of the drawn foreground and of the drawn background boxes, int64.
    """
    positive = torch.nonzero(role == FOREGROUND).flatten()
    negative = torch.nonzero(role == BACKGROUND).flatten()
    positives = min(len(positive), int(count * positive_fraction))
    negatives = min(len(negative), count - positives)
    return _draw(positive, positives, generator), _draw(negative, negatives, generator)


def _draw(items: Tensor, count: int, generator: torch.Generator) -> Tensor:
    order = torch.randperm(len(items), generator=generator, device=items.device)
    return items[order[:count]]
