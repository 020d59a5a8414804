"""Masks at the image's own size, made from mask probabilities in a window around each object.

The modules ``roi_align``, ``targets`` and ``roi_points`` also weight pixels bilinearly, each by
another rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = 2**23
"""Largest number of mask pixels in memory at a time."""
TOGETHER = 32
"""Largest number of masks pasted at a time.

They are of similar size, since all their windows are as large as the largest one.
"""


@dataclass(frozen=True)
class Windows:
    """Masks of one image inside windows, on the CPU; outside them the masks are empty.

    Attributes:
        index: int64 (n,), the detections that the masks belong to.
        masks: bool (n, w, h), columns first.
        corners: int64 (n, 2), x and y of each window's first pixel.
    """

    index: Tensor
    masks: Tensor
    corners: Tensor


def _weights(low: Tensor, high: Tensor, first: Tensor, cells: int, length: int) -> Tensor:
    """Bilinear weights (D, length, cells) of mask cells at pixel centres along one axis.

    The weights equal those of ``grid_sample(align_corners=False)`` with zero padding: outside the
    outer half cells they fall to zero.
    """
    pixels = torch.arange(length, device=low.device) + first[:, None] + 0.5
    position = (pixels - low[:, None]) / (high - low)[:, None] * cells - 0.5
    cell = torch.arange(cells, device=low.device, dtype=low.dtype)
    return (1 - (position[:, :, None] - cell).abs()).clamp(min=0)


def paste(
    masks: Tensor, boxes: Tensor, size: tuple[int, int], threshold: float = 0.5
) -> Iterator[Windows]:
    """Paste box masks into an image: bilinear at pixel centres, zero outside, then threshold.

    Bilinear interpolation is separable, so a pasted mask is ``Wy @ mask @ Wx^T``. Only the pixels
    of a box are computed, since beyond its border a bilinear value is less than half the value of
    the nearest cell.

    Args:
        masks: float32 (D, M, M), probabilities.
        boxes: float32 (D, 4), px of that image.
        size: height and width of the image.
        threshold: lowest value of a pixel of the mask; at least 0.5.

    Yields:
        Windows of a few masks each, smallest first.
    """
    limit = torch.tensor([size[1], size[0]])
    corners = boxes.detach().cpu()
    first = corners[:, :2].floor().long().clamp(min=0).minimum(limit)
    after = corners[:, 2:].ceil().long().clamp(min=0).minimum(limit)
    sides = (after - first).clamp(min=0)
    for index in _parts(sides):
        width, height = sides[index].max(dim=0).values.tolist()
        here = index.to(boxes.device)
        x0, y0, x1, y1 = boxes[here].unbind(dim=1)
        left, top = first[index].to(boxes.device).unbind(dim=1)
        rows = _weights(y0, y1, top, masks.shape[-1], height)
        columns = _weights(x0, x1, left, masks.shape[-1], width)
        values = columns @ masks[here].transpose(1, 2) @ rows.transpose(1, 2)
        inside = (values >= threshold).cpu()
        for axis, length in ((0, width), (1, height)):
            seen = torch.arange(length) < sides[index, axis, None]
            inside &= seen[:, :, None] if axis == 0 else seen[:, None, :]
        yield Windows(index, inside, first[index])


def _parts(sides: Tensor) -> Iterator[Tensor]:
    """Split windows of sides (D, 2) into groups of similar size that fit into memory."""
    order = sides.prod(dim=1).argsort(stable=True)
    while len(order):
        part = order[:TOGETHER]
        while len(part) > 1 and len(part) * int(sides[part].max(dim=0).values.prod()) > PIXELS:
            part = part[: len(part) // 2]
        yield part
        order = order[len(part) :]


def enlarge(masks: Tensor, size: tuple[int, int], threshold: float = 0.5) -> Iterator[Windows]:
    """Resize masks of the whole image bilinearly, then threshold.

    Args:
        masks: float32 (D, h, w), probabilities.
        size: height and width of the image.
        threshold: pixels above this value belong to the mask.

    Yields:
        Windows as large as the image, of a few masks each.
    """
    together = max(1, PIXELS // (size[0] * size[1]))
    for start in range(0, len(masks), together):  # no turn without masks, which cannot be resized
        index = torch.arange(start, min(start + together, len(masks)))
        part = masks[index.to(masks.device)].transpose(1, 2)
        resized = F.interpolate(part[None], (size[1], size[0]), mode="bilinear")[0]
        yield Windows(index, (resized > threshold).cpu(), torch.zeros((len(index), 2)).long())
