"""A light pixel decoder: feature pyramid with pyramid pooling (PPM-FPN)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.models.backbone import group_norm

POOLED_SIDES = (1, 2, 3, 6)


def _resize(x: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


class PyramidPooling(nn.Module):
    """Context at several scales, concatenated with the map itself (Zhao et al., CVPR 2017).

    Args:
        channels: number of channels of input and output; each scale gets a quarter of it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        quarter = channels // 4
        self.scales = nn.ModuleList(nn.Conv2d(channels, quarter, 1) for _ in POOLED_SIDES)
        self.join = nn.Conv2d(channels + len(POOLED_SIDES) * quarter, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) of (B, C, H, W)."""
        context = [
            _resize(F.relu(conv(F.adaptive_avg_pool2d(x, size))), x.shape[-2:])
            for conv, size in zip(self.scales, POOLED_SIDES, strict=True)
        ]
        return F.relu(self.join(torch.cat([*context, x], dim=1)))


def _block(inside: int, outside: int, kernel: int) -> list[nn.Module]:
    conv = nn.Conv2d(inside, outside, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_uniform_(conv.weight, a=1)
    return [conv, group_norm(outside)]


class PixelDecoder(nn.Module):
    """Lateral 1x1 convolutions, top-down sums, and a 3x3 convolution after each sum.

    The coarsest map passes pyramid pooling first. Each level adds the output of the next coarser
    level.

    Args:
        in_channels: number of channels of each stage, finest first.
        channels: number of channels of all outputs.
    """

    def __init__(self, in_channels: list[int], channels: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(
            nn.Sequential(*_block(inside, channels, 1)) for inside in in_channels
        )
        self.outputs = nn.ModuleList(
            nn.Sequential(*_block(channels, channels, 3), nn.ReLU()) for _ in in_channels
        )
        self.pooling = PyramidPooling(channels)

    def forward(self, stages: list[Tensor]) -> list[Tensor]:
        """Return maps (B, channels, H_i, W_i) of stages (B, C_i, H_i, W_i), finest first."""
        lateral = [layer(x) for layer, x in zip(self.laterals, stages, strict=True)]
        out = [self.outputs[-1](self.pooling(lateral[-1]))]
        for x, layer in zip(reversed(lateral[:-1]), reversed(self.outputs[:-1]), strict=True):
            out.insert(0, layer(x + _resize(out[0], x.shape[-2:])))
        return out
