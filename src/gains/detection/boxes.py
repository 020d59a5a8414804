"""Boxes as x0 y0 x1 y1: regression deltas, clipping, anchors."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

MAX_LOG_SCALE = math.log(1000.0 / 16)
"""Largest dw and dh that decoding accepts, as in detectron2."""

Weights = tuple[float, float, float, float]


@functools.lru_cache(maxsize=1024)
def constant(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Return numbers as a cached float32 tensor, since every copy to a GPU waits for the GPU."""
    with torch.inference_mode(False):  # a cached tensor may also be used in training
        return torch.tensor(values, dtype=torch.float32, device=device)


def _centre_form(boxes: Tensor) -> tuple[Tensor, Tensor]:
    size = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + 0.5 * size, size


def encode(boxes: Tensor, references: Tensor, weights: Weights) -> Tensor:
    """Return the deltas (N, 4) that turn ``references`` into ``boxes``, both (N, 4)."""
    (centre, size), (centre_ref, size_ref) = _centre_form(boxes), _centre_form(references)
    scale = constant(weights, boxes.device)
    shift = (centre - centre_ref) / size_ref
    return torch.cat([shift, torch.log(size / size_ref)], dim=-1) * scale


def decode(deltas: Tensor, references: Tensor, weights: Weights) -> Tensor:
    """Return boxes: deltas (N, ..., 4) applied to references (N, ..., 4), which broadcast."""
    centre_ref, size_ref = _centre_form(references)
    deltas = deltas.float() / constant(weights, references.device)
    centre = centre_ref + deltas[..., :2] * size_ref
    half = 0.5 * torch.exp(deltas[..., 2:].clamp(max=MAX_LOG_SCALE)) * size_ref
    return torch.cat([centre - half, centre + half], dim=-1)


def clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Clip boxes (..., 4) to an image of (height, width)."""
    height, width = size
    limit = constant((width, height, width, height), boxes.device)
    return torch.minimum(boxes.clamp(min=0), limit)


def nonempty(boxes: Tensor) -> Tensor:
    """Return a bool (...) that is true where a box (..., 4) has width and height."""
    sized = (boxes[..., 2:] > boxes[..., :2]).all(dim=-1)
    return sized & boxes.isfinite().all(dim=-1)


def select_rows(parts: list[Tensor], keep: list[Tensor]) -> list[Tensor]:
    """Return the selected rows of each image.

    This synchronises with the GPU once per batch, not once per image.

    Args:
        parts: one (N_i, ...) per image.
        keep: one bool (N_i,) per image.
    """
    counts = torch.stack([flags.sum() for flags in keep]).tolist()
    chosen = torch.nonzero(torch.cat(keep)).flatten()
    return list(torch.split(torch.cat(parts)[chosen], counts))


def anchors(
    shape: tuple[int, int], stride: int, size: float, ratios: tuple[float, ...], like: Tensor
) -> Tensor:
    """Return the anchors (H * W * A, 4) of one level, row-major, ratios fastest.

    Centres are at (column * stride, row * stride), and sides are not rounded, as in detectron2.

    Args:
        shape: height and width of the feature map.
        stride: px per cell.
        size: square root of the area of an anchor, px.
        ratios: height over width.
        like: a tensor on the device of the result.
    """
    sides = [(size / math.sqrt(r), size * math.sqrt(r)) for r in ratios]
    corners = tuple(x for w, h in sides for x in (-w / 2, -h / 2, w / 2, h / 2))
    base = constant(corners, like.device).view(-1, 4)
    rows = torch.arange(shape[0], device=like.device, dtype=torch.float32) * stride
    columns = torch.arange(shape[1], device=like.device, dtype=torch.float32) * stride
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    shift = torch.stack([x, y, x, y], dim=-1).reshape(-1, 1, 4)
    return (shift + base).reshape(-1, 4)
