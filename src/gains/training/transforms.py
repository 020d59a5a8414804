"""The transforms of ``gains.config.augmentation``: each draws its numbers and returns a function.

The numbers come from numpy's generator, and ``torchvision.transforms.v2.functional`` does the work.
The classes of ``torchvision.transforms.v2`` are not used, because they draw from torch's global
state, and because their draws differ between versions (the field of ``ElasticTransform`` did).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from gains.config.augmentation import (
    BrightnessSettings,
    ContrastSettings,
    CropSettings,
    ElasticSettings,
    FlowSettings,
    GammaSettings,
    RotationSettings,
    ScaleSettings,
    TransformSettings,
)

Size = tuple[int, int]
Transform = Callable[[Tensor], Tensor]
"""A transform whose numbers are drawn.

A change of places takes planes (C, H, W), a ``tv_tensors.Image``, which is sampled bilinearly, or a
``tv_tensors.Mask``, of which the nearest pixels are taken; outside them is 0. A change of values
takes an image, uint8 (3, H, W).
"""

LEAST = 32
"""Smallest side of a crop, px; an image with a smaller side keeps it."""
ROUNDING = 1e-9
"""What is added before a value is cut off, so that a whole number that was computed stays."""


def _rotation(settings: RotationSettings, _: Size, rng: Generator) -> Transform:
    low, high = settings.degrees
    if settings.whole:
        angle = float(rng.integers(math.ceil(low), math.floor(high) + 1))
    else:
        angle = rng.uniform(low, high)
    return partial(functional.rotate, angle=angle, interpolation=InterpolationMode.BILINEAR)


def _scale(settings: ScaleSettings, _: Size, rng: Generator) -> Transform:
    return partial(
        functional.affine,
        angle=0.0,
        translate=[0.0, 0.0],
        scale=rng.uniform(*settings.zoom),
        shear=[0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )


def _smooth_noise(size: Size, sigma: float, rng: Generator) -> Tensor:
    """Smooth white noise, as ``v2.ElasticTransform`` does, which takes seconds for a large sigma.

    The noise is drawn on a grid that is coarser than the pixels but fine for the filter. A filter
    of the same width in px averages fewer values there, so the result is divided by the step.

    Returns:
        float32 (1, 2, H, W).
    """
    step = max(1, int(sigma / 3))
    cells = [-(-side // step) for side in size]
    noise = rng.uniform(-1, 1, (2, *cells)).astype(np.float32)
    smooth = gaussian_filter(noise, (0, *[sigma / step] * 2)) / step
    whole = [count * step for count in cells]
    return torch.nn.functional.interpolate(
        torch.from_numpy(smooth)[None], whole, mode="bicubic", align_corners=False
    )[:, :, : size[0], : size[1]]


def _elastic(settings: ElasticSettings, size: Size, rng: Generator) -> Transform:
    field = _smooth_noise(size, settings.sigma, rng)
    # the unit of grids is half a side of the image
    displacement = field.permute(0, 2, 3, 1) * settings.alpha / torch.tensor([size[1], size[0]])
    return partial(
        functional.elastic, displacement=displacement, interpolation=InterpolationMode.BILINEAR
    )


def _flow(settings: FlowSettings, size: Size, rng: Generator) -> Transform:
    """Displace by smooth noise whose mean length is a share of its scale.

    The standard deviation of the filter is half the scale: two displacements at the distance of the
    scale then have a correlation of 1/e.
    """
    low, high = (min(end, *size) for end in settings.scale)
    scale = rng.uniform(low, high)
    field = _smooth_noise(size, scale / 2, rng)
    field = field * (settings.strength * scale / field.norm(dim=1).mean())
    # the unit of grids is half a side of the image
    displacement = field.permute(0, 2, 3, 1) * 2 / torch.tensor([size[1], size[0]])
    return partial(
        functional.elastic, displacement=displacement, interpolation=InterpolationMode.BILINEAR
    )


def _crop(settings: CropSettings, size: Size, rng: Generator) -> Transform:
    height, width = (
        max(min(LEAST, side), round(side * rng.uniform(*settings.share))) for side in size
    )
    top, left = (int(rng.integers(0, n + 1)) for n in (size[0] - height, size[1] - width))
    return partial(functional.crop, top=top, left=left, height=height, width=width)


def _gamma(settings: GammaSettings, rng: Generator) -> Transform:
    gamma = rng.uniform(*settings.gamma)
    if settings.inverted and rng.random() < settings.inverted:
        gamma = 1 / gamma
    if settings.white == "brightest":
        return partial(_with_gamma, gamma=gamma)
    return partial(functional.adjust_gamma, gamma=gamma)


def _with_gamma(image: Tensor, gamma: float) -> Tensor:
    """Raise the values, as shares of 1 more than the largest, to a power, and cut them off."""
    white = int(image.max()) + 1
    values = np.floor((np.arange(white) / white) ** gamma * white + ROUNDING)
    return torch.from_numpy(values.astype(np.uint8)).to(image.device)[image.long()]


def _brightness(settings: BrightnessSettings, rng: Generator) -> Transform:
    return partial(functional.adjust_brightness, brightness_factor=rng.uniform(*settings.factor))


def _contrast(settings: ContrastSettings, rng: Generator) -> Transform:
    return partial(_with_contrast, factor=rng.uniform(*settings.factor))


def _with_contrast(image: Tensor, factor: float) -> Tensor:
    # the mean of torchvision's ``adjust_contrast`` depends on the number of threads, and its result
    # is cut off, which makes uniform images darker
    mean: Tensor = functional.rgb_to_grayscale(image).double().mean().float()
    return ((image - mean) * factor + mean).round_().clamp_(0, 255).to(torch.uint8)


PLACES: Mapping[type[TransformSettings], Callable[[Any, Size, Generator], Transform]] = {
    RotationSettings: _rotation,
    ScaleSettings: _scale,
    ElasticSettings: _elastic,
    FlowSettings: _flow,
    CropSettings: _crop,
}
"""Transforms that move pixels, which masks, boxes and maps follow; they know the image's size."""
VALUES: Mapping[type[TransformSettings], Callable[[Any, Generator], Transform]] = {
    GammaSettings: _gamma,
    BrightnessSettings: _brightness,
    ContrastSettings: _contrast,
}
"""Transforms of the image's values, which leave masks, boxes and maps as they are."""
