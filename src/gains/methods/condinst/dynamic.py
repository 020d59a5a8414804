"""Dynamic mask heads: small convolutions whose parameters are predicted for each instance.

Tian, Shen, Chen: Conditional Convolutions for Instance Segmentation. ECCV 2020, section 3.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

CHANNELS = 8
"""Number of channels of the mask features and inside the head."""
WIDTHS = (CHANNELS + 2, CHANNELS, CHANNELS, 1)
"""Channels before, between and after the head's three 1x1 convolutions; 2 are coordinates."""
PARAMETERS = sum(a * b + b for a, b in pairwise(WIDTHS))
"""Weights and biases of one head: 169."""


def split_parameters(parameters: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Split (N, 169) into the layers' weights (N, out, in) and biases (N, out, 1).

    All weights come first, then all biases, each in the order of the layers.
    """
    layers = list(pairwise(WIDTHS))
    sizes = [a * b for a, b in layers] + [b for _, b in layers]
    parts = torch.split(parameters, sizes, dim=1)
    return [
        (weight.reshape(-1, b, a), bias[:, :, None])
        for (a, b), weight, bias in zip(
            layers, parts[: len(layers)], parts[len(layers) :], strict=True
        )
    ]


def dynamic_heads(x: Tensor, parameters: Tensor) -> Tensor:
    """Apply the head of each instance to the input of the instance, with ReLU between the layers.

    A 1x1 convolution with a group per instance is computed as a batch of matrix products.

    Args:
        x: (N, 10, H, W), mask features and relative coordinates.
        parameters: (N, 169).

    Returns:
        Mask logits (N, H, W).
    """
    height, width = x.shape[2:]
    x = x.flatten(2)
    for number, (weight, bias) in enumerate(split_parameters(parameters)):
        x = torch.baddbmm(bias, weight, F.relu(x) if number else x)
    return x.reshape(-1, height, width)


def relative_coordinates(
    points: Tensor, scales: Tensor, shape: tuple[int, int], stride: int
) -> Tensor:
    """Return the offset from each cell to an instance's location, x and y, in units of its scale.

    Args:
        points: (N, 2), x y of the locations in px.
        scales: (N,) px, the size of interest of the level of each location.
        shape: height and width of the mask features.
        stride: px per cell of the mask features.

    Returns:
        (N, 2, H, W).
    """
    rows, columns = (
        (torch.arange(n, device=points.device, dtype=points.dtype) + 0.5) * stride for n in shape
    )
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return (points[:, :, None, None] - torch.stack([x, y])) / scales[:, None, None, None]


def aligned_bilinear(x: Tensor, factor: int) -> Tensor:
    """Enlarge maps (N, C, H, W) so that cell i lies at ``factor * i + factor // 2`` afterwards.

    Values are bilinear between the cells and constant beyond the outer ones, so a ramp stays a ramp
    with the same phase at every factor. (With torch's bilinear interpolation cell i would lie half
    a new cell earlier.)

    Returns:
        (N, C, factor * H, factor * W).
    """
    height, width = x.shape[2:]
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    size = (factor * (height + 1) + 1, factor * (width + 1) + 1)
    fine = F.interpolate(padded, size, mode="bilinear", align_corners=True)
    first = factor - factor // 2
    return fine[..., first : first + factor * height, first : first + factor * width]
