"""The arithmetic of two-stage detection, written out with loops over plain numbers.

Nothing here calls the package, so that a mistake there cannot hide in the expected values. Layers
are numpy arrays of double precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Box = Sequence[float]
"""x0 y0 x1 y1 in px."""
Array = NDArray[np.float64]

STRIDES = (4, 8, 16, 32)


def iou(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def deltas(reference: Box, box: Box, weights: Sequence[float]) -> list[float]:
    """Return the deltas dx dy dw dh that move ``reference`` onto ``box``, times their weights."""
    w, h = reference[2] - reference[0], reference[3] - reference[1]
    dx = ((box[0] + box[2]) / 2 - (reference[0] + reference[2]) / 2) / w
    dy = ((box[1] + box[3]) / 2 - (reference[1] + reference[3]) / 2) / h
    dw, dh = math.log((box[2] - box[0]) / w), math.log((box[3] - box[1]) / h)
    return [d * weight for d, weight in zip((dx, dy, dw, dh), weights, strict=True)]


def moved(reference: Box, own: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the box that deltas make of ``reference``; it grows at most by 1000 / 16."""
    dx, dy, dw, dh = (float(d) / weight for d, weight in zip(own, weights, strict=True))
    w, h = reference[2] - reference[0], reference[3] - reference[1]
    x, y = (reference[0] + reference[2]) / 2 + dx * w, (reference[1] + reference[3]) / 2 + dy * h
    w, h = w * min(math.exp(dw), 1000 / 16), h * min(math.exp(dh), 1000 / 16)
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def clipped(box: Box, size: tuple[int, int]) -> list[float]:
    height, width = size
    return [min(max(v, 0), limit) for v, limit in zip(box, (width, height) * 2, strict=True)]


def suppress(boxes: Sequence[Box], scores: Sequence[float], threshold: float) -> list[int]:
    """Return the boxes that NMS keeps, best first."""
    kept: list[int] = []
    for k in sorted(range(len(boxes)), key=lambda k: -scores[k]):
        if all(iou(boxes[k], boxes[better]) <= threshold for better in kept):
            kept.append(k)
    return kept


def softmax(logits: Sequence[float]) -> list[float]:
    total = sum(math.exp(z) for z in logits)
    return [math.exp(z) / total for z in logits]


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def cross_entropy(logit: float, target: float) -> float:
    """Return the binary cross entropy of one logit."""
    p = sigmoid(logit)
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def numbers(values: Tensor) -> Array:
    return values.detach().double().numpy()


def linear(x: Array, layer: nn.Module) -> Array:
    weight, bias = numbers(layer.get_parameter("weight")), numbers(layer.get_parameter("bias"))
    return np.array([(row * x).sum() + b for row, b in zip(weight, bias, strict=True)])


def convolved(x: Array, layer: nn.Module) -> Array:
    """Return a convolution of 3 x 3 or 1 x 1 of planes (C, H, W), padded with zeros."""
    weight, bias = numbers(layer.get_parameter("weight")), numbers(layer.get_parameter("bias"))
    reach = weight.shape[2] // 2
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)))
    out = np.zeros((len(weight), *x.shape[1:]))
    for channel, (kernel, own) in enumerate(zip(weight, bias, strict=True)):
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                seen = padded[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1]
                out[channel, row, column] = (kernel * seen).sum() + own
    return out


def doubled(x: Array, layer: nn.Module) -> Array:
    """Return a transposed convolution of 2 x 2 with stride 2 of planes (C, H, W)."""
    weight, bias = numbers(layer.get_parameter("weight")), numbers(layer.get_parameter("bias"))
    out = np.zeros((weight.shape[1], 2 * x.shape[1], 2 * x.shape[2]))
    for row in range(out.shape[1]):
        for column in range(out.shape[2]):
            taps = weight[:, :, row % 2, column % 2]
            out[:, row, column] = x[:, row // 2, column // 2] @ taps + bias
    return out


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def ramps(images: int, size: tuple[int, int], channels: int = 4) -> list[Tensor]:
    """Return p2..p6 whose cells hold their x, their y, their level and their image.

    x and y are those of a cell's centre in 100 px. RoIAlign interpolates such maps exactly, so the
    value of a bin is the place of its centre. Further channels are zero.
    """
    maps = []
    for level, stride in enumerate((*STRIDES, 64)):
        height, width = size[0] // stride, size[1] // stride
        x = torch.zeros(images, channels, height, width)
        x[:, 0] = (torch.arange(width) + 0.5) * stride / 100
        x[:, 1] = ((torch.arange(height) + 0.5) * stride / 100)[:, None]
        x[:, 2] = float(level)
        x[:, 3] = torch.arange(images)[:, None, None].float()
        maps.append(x)
    return maps


def pooled(image: int, box: Box, bins: int, channels: int = 4) -> Array:
    """Return what RoIAlign reads from :func:`ramps`, (channels, bins, bins)."""
    width, height = box[2] - box[0], box[3] - box[1]
    side = math.sqrt(width * height)
    out = np.zeros((channels, bins, bins))
    for row in range(bins):
        for column in range(bins):
            out[0, row, column] = (box[0] + (column + 0.5) * width / bins) / 100
            out[1, row, column] = (box[1] + (row + 0.5) * height / bins) / 100
    # a side of 224 px belongs to p4, and half the side to one level before
    out[2] = sum(side >= bound for bound in (112, 224, 448))
    out[3] = image
    return out
