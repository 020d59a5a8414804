"""Matching of boxes to objects, and the random choice of the boxes that a loss uses.

A whole batch is matched and sampled at once, without reading from the device how many boxes of each
kind there are, since the host waits for the GPU each time it reads a value. If an image has fewer
boxes than requested, the surplus slots are flagged as invalid. Only ``BoxSample.lists`` copies
counts to the host.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

IGNORED = -1
BACKGROUND = 0
FOREGROUND = 1

PAIRS = 2**24
"""Largest number of pairs of object and box that are compared at once.

A batch with more pairs is matched image by image.
"""


class PaddedRows(NamedTuple):
    """Rows of each image, padded with zeros to the same number.

    Attributes:
        rows: (B, N, ...), N at least 1.
        present: bool (B, N), false for padding.
    """

    rows: Tensor
    present: Tensor


def pad_rows(parts: list[Tensor]) -> PaddedRows:
    """Stack the rows (N_i, ...) of B images, with padding."""
    longest = max(1, *(len(part) for part in parts))
    rows = parts[0].new_zeros((len(parts), longest, *parts[0].shape[1:]))
    present = torch.zeros((len(parts), longest), dtype=torch.bool, device=rows.device)
    for number, part in enumerate(parts):
        rows[number, : len(part)] = part
        present[number, : len(part)] = True
    return PaddedRows(rows, present)


def match_boxes(
    truth: PaddedRows, boxes: Tensor, low: float, high: float, keep_best: bool
) -> tuple[Tensor, Tensor]:
    """Match boxes to each image's ground truth by IoU.

    Args:
        truth: ground-truth boxes (B, G, 4).
        boxes: candidates (B, N, 4), or (N, 4) for every image.
        low: boxes of a lower IoU are background.
        high: boxes of at least this IoU are foreground; those between the two are ignored.
        keep_best: whether the best boxes of every object are foreground even if their IoU is low.

    Returns:
        The index of the best object, int64 (B, N), without meaning if there is none, and the role
        of the box, int8 (B, N).
    """
    images, objects = truth.present.shape
    if images > 1 and images * objects * boxes.shape[-2] > PAIRS:
        own = boxes if boxes.dim() == 3 else [boxes] * images
        alone = [
            match_boxes(PaddedRows(rows[None], present[None]), box, low, high, keep_best)
            for rows, present, box in zip(*truth, own, strict=True)
        ]
        return torch.cat([index for index, _ in alone]), torch.cat([role for _, role in alone])
    shared = None if boxes.dim() == 2 else 0
    iou = torch.vmap(box_iou, in_dims=(0, shared))(truth.rows, boxes)
    iou = iou.masked_fill(~truth.present[..., None], -1)
    best, index = iou.max(dim=1)
    role = torch.full_like(index, IGNORED, dtype=torch.int8)
    role.masked_fill_(best < low, BACKGROUND).masked_fill_(best >= high, FOREGROUND)
    if keep_best:
        best_of_object = iou.amax(dim=2, keepdim=True)
        # the best IoU of an object that no box touches is 0, so every box would match it
        claimed = ((iou == best_of_object) & (best_of_object > 0)).any(dim=1)
        role.masked_fill_(claimed, FOREGROUND)
    return index, role


class BoxSample(NamedTuple):
    """Randomly drawn boxes; the valid ones come first in each row.

    Attributes:
        positive: int64 (B, P), foreground boxes.
        is_positive: bool (B, P), false for surplus slots.
        negative: int64 (B, Q), background boxes.
        is_negative: bool (B, Q), false for surplus slots.
    """

    positive: Tensor
    is_positive: Tensor
    negative: Tensor
    is_negative: Tensor

    def lists(self) -> list[tuple[Tensor, Tensor]]:
        """Return the indices of each image's foreground and background boxes, int64.

        This synchronises with the GPU once.
        """
        counts = torch.stack([self.is_positive.sum(dim=1), self.is_negative.sum(dim=1)], dim=1)
        return [
            (positive[:first], negative[:second])
            for positive, negative, (first, second) in zip(
                self.positive, self.negative, counts.tolist(), strict=True
            )
        ]


def sample_boxes(
    role: Tensor, count: int, positive_fraction: float, generator: torch.Generator
) -> BoxSample:
    """Draw up to ``count`` boxes of each image; at most the given fraction of them is foreground.

    Args:
        role: int8 (B, N), see :func:`match_boxes`.
        count: number of boxes to draw per image.
        positive_fraction: largest share of foreground boxes in ``count``.
        generator: source of random numbers.
    """
    keys = torch.rand(role.shape, generator=generator, device=role.device)
    positive, is_positive = _lowest(keys, role == FOREGROUND, int(count * positive_fraction))
    negative, is_negative = _lowest(keys, role == BACKGROUND, count)
    room = count - is_positive.sum(dim=1, keepdim=True)
    slot = torch.arange(negative.shape[1], device=role.device)
    return BoxSample(positive, is_positive, negative, is_negative & (slot < room))


def _lowest(keys: Tensor, eligible: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the indices of the ``count`` lowest keys, lowest first, and which are eligible."""
    chosen = keys.masked_fill(~eligible, 2).topk(min(count, keys.shape[1]), dim=1, largest=False)
    return chosen.indices, chosen.values < 2
