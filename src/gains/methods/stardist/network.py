"""The network of StarDist: a U-Net without norms, and two predictions for each cell of a grid.

Source: the published program (BSD-3), whose U-Net is that of the program CSBDeep.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.methods.stardist import StarDistSettings


class StarPredictions(NamedTuple):
    """What the network predicts for each cell of the grid and each of K classes.

    Attributes:
        logits: float32 (B, K, h, w), of the probability that the cell is the middle of an object.
        distances: float32 (B, K, R, h, w), lengths of the rays to the border of the object, px.
    """

    logits: Tensor
    distances: Tensor


class StarUNet(nn.Module):
    """The U-Net: two convolutions at each size, nearest up-sampling, ReLU and no norm.

    Args:
        inside: number of input channels.
        base: number of channels at full size.
        depth: number of halvings.
    """

    def __init__(self, inside: int, base: int, depth: int) -> None:
        super().__init__()
        widths = [base * 2**level for level in range(depth)]
        self.down = nn.ModuleList(
            _double(before, width, width)
            for before, width in zip([inside, *widths], widths, strict=False)
        )
        self.middle = _double(widths[-1], base * 2**depth, widths[-1])
        self.up = nn.ModuleList(
            _double(2 * width, width, widths[max(0, level - 1)])
            for level, width in enumerate(widths)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, base, H, W) of images (B, C, H, W); the sides suit the halvings."""
        skipped = []
        for level in self.down:
            skipped.append(level(x))
            x = F.max_pool2d(skipped[-1], 2)
        x = self.middle(x)
        for level, skip in zip(reversed(self.up), reversed(skipped), strict=True):
            x = level(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], dim=1))
        return x


class StarNetwork(nn.Module):
    """Grid, U-Net, features and predictions.

    Args:
        settings: widths, depth, grid, rays.
        classes: number of classes; each has a probability and rays of its own.
    """

    def __init__(self, settings: StarDistSettings, classes: int) -> None:
        super().__init__()
        base, features = settings.base_channels, settings.feature_channels
        halvings = settings.grid.bit_length() - 1
        widths = [settings.channels, *[base] * halvings]
        self.rays = settings.rays
        self.reduce = nn.Sequential(
            *(
                nn.Sequential(_double(before, base, base), nn.MaxPool2d(2))
                for before in widths[:halvings]
            )
        )
        self.unet = StarUNet(widths[-1], base, settings.depth)
        self.features = nn.Sequential(nn.Conv2d(base, features, 3, padding=1), nn.ReLU())
        self.probability = nn.Conv2d(features, classes, 1)
        self.distance = nn.Conv2d(features, classes * settings.rays, 1)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> StarPredictions:
        """Return the predictions of images (B, C, H, W); the sides suit grid and halvings."""
        features = self.features(self.unet(self.reduce(images)))
        # a bfloat16 has steps of half a pixel between 64 and 128 px
        with torch.autocast(features.device.type, enabled=False):
            distances = self.distance(features.float()).unflatten(1, (-1, self.rays))
            return StarPredictions(self.probability(features.float()), distances)


def _double(inside: int, middle: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, middle, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(middle, outside, 3, padding=1),
        nn.ReLU(),
    )


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.get_parameter("bias"))
