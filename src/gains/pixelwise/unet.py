"""The U-Net of the layering paper, as its program builds it, and the batches that it reads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.pixelwise.settings import STAGES, PixelwiseSettings

EPSILON, MOMENTUM = 1e-3, 0.01
"""Batch norm as in Keras, whose momentum 0.99 is 0.01 in PyTorch."""


def _conv(inside: int, outside: int, kernel: int) -> nn.Conv2d:
    """Return a convolution that keeps the size, with the initial weights of Keras (Glorot)."""
    conv = nn.Conv2d(inside, outside, kernel, padding=kernel // 2)
    nn.init.xavier_uniform_(conv.weight)
    nn.init.zeros_(conv.get_parameter("bias"))
    return conv


def _double(inside: int, outside: int) -> nn.Sequential:
    """Return twice a 3 x 3 convolution, a ReLU and a batch norm; the norm comes after the ReLU."""
    layers: list[nn.Module] = []
    for channels in (inside, outside):
        layers += [_conv(channels, outside, 3), nn.ReLU(inplace=True)]
        layers += [nn.BatchNorm2d(outside, EPSILON, MOMENTUM)]
    return nn.Sequential(*layers)


def branch(width: int, channels: int) -> nn.Sequential:
    """Return an output branch: two 3 x 3 layers and a 1 x 1 convolution, whose outputs are logits.

    Args:
        width: number of channels of the features.
        channels: number of outputs per pixel.
    """
    return nn.Sequential(*_double(width, width), _conv(width, channels, 1))


class _Enlarge(nn.Module):
    """Doubling of the size, then a 1 x 1 convolution, a ReLU and a batch norm.

    The convolution runs before the interpolation, on a quarter of the pixels. The order changes
    nothing, because the weights of an interpolated pixel sum to 1.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = _conv(inside, outside, 1)
        self.norm = nn.BatchNorm2d(outside, EPSILON, MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outside, 2 H, 2 W) of (B, inside, H, W)."""
        large = F.interpolate(self.conv(x), scale_factor=2, mode="bilinear")
        return self.norm(F.relu_(large))  # type: ignore[no-any-return]


class UNet(nn.Module):
    """An encoder, and a decoder that reads the features of every stage of the encoder again.

    Args:
        settings: number of stages and of channels.
    """

    def __init__(self, settings: PixelwiseSettings) -> None:
        super().__init__()
        self.stages = STAGES[settings.size]
        widths = [settings.width * 2**stage for stage in range(self.stages + 1)]
        inputs = [3, *widths]
        self.encoder = nn.ModuleList(_double(inputs[s], widths[s]) for s in range(self.stages))
        self.bottom = _double(widths[-2], widths[-1])
        upwards = list(reversed(range(self.stages)))
        self.enlarge = nn.ModuleList(_Enlarge(widths[s + 1], widths[s]) for s in upwards)
        self.decoder = nn.ModuleList(_double(2 * widths[s], widths[s]) for s in upwards)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, width, H, W) of a batch (B, 3, H, W); see :meth:`batch`."""
        seen = []
        for stage in self.encoder:
            seen.append(stage(x))
            x = F.max_pool2d(seen[-1], 2)
        x = self.bottom(x)
        for enlarge, stage, features in zip(self.enlarge, self.decoder, seen[::-1], strict=True):
            x = stage(torch.cat([enlarge(x), features], dim=1))
        return x

    def padded(self, image: Tensor) -> tuple[int, int]:
        """Return the height and width to which an image (3, H, W) is padded by itself."""
        unit = 2**self.stages
        return -(-image.shape[1] // unit) * unit, -(-image.shape[2] // unit) * unit

    def batch(self, images: list[Tensor]) -> Tensor:
        """Return standardised images, padded with zeros at the bottom and the right.

        Args:
            images: (3, H_i, W_i), any dtype.

        Returns:
            float32 (B, 3, H, W) with sides divisible by 2 ** stages.
        """
        sizes = [self.padded(image) for image in images]
        height, width = max(h for h, _ in sizes), max(w for _, w in sizes)
        out = torch.zeros((len(images), 3, height, width), device=images[0].device)
        for canvas, image in zip(out, images, strict=True):
            canvas[:, : image.shape[1], : image.shape[2]] = standardise(image)
        return out


def standardise(image: Tensor) -> Tensor:
    """Return an image (3, H, W) with mean 0 and standard deviation 1 over all its values.

    The standard deviation is at least 1 / sqrt(3 H W), as in TensorFlow, so that an image of one
    colour becomes zeros.
    """
    pixels = image.to(torch.float32)
    spread = pixels.std(correction=0).clamp(min=pixels.numel() ** -0.5)
    return (pixels - pixels.mean()) / spread
