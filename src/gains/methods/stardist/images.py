"""Images as the network of StarDist sees them: normalised by percentiles, with whole cells."""

from __future__ import annotations

import torch
from torch import Tensor

from gains.methods.stardist import StarDistSettings


def percentile(values: Tensor, percent: float) -> Tensor:
    """Return a percentile of each row, interpolated linearly between neighbours as numpy does.

    ``torch.quantile`` refuses more than 2^24 values.

    Args:
        values: float32 (C, N).
        percent: in [0, 100].

    Returns:
        float32 (C, 1).
    """
    place = (values.shape[1] - 1) * percent / 100
    low = int(place)
    first = values.kthvalue(low + 1, dim=1, keepdim=True).values
    second = values.kthvalue(min(low + 2, values.shape[1]), dim=1, keepdim=True).values
    return first + (second - first) * (place - low)


def normalised(image: Tensor, settings: StarDistSettings) -> Tensor:
    """Return an image whose percentiles are 0 and 1, each channel by itself, not clipped.

    The published program divides by 1e-20 where both percentiles are equal; here the least
    difference is one grey value, so that an image of one colour with few specks stays finite.

    Args:
        image: (3, H, W) RGB in 0..255.
        settings: percentiles and number of channels.

    Returns:
        float32 (channels, H, W).
    """
    image = image.float()
    if settings.channels == 1:
        image = image.mean(dim=0, keepdim=True)
    values = image.flatten(1)
    low = percentile(values, settings.low_percentile)
    high = percentile(values, settings.high_percentile)
    return ((values - low) / (high - low).clamp(min=1.0)).view_as(image)


def mirrored(image: Tensor, height: int, width: int) -> Tensor:
    """Return an image (C, H, W) continued to a larger size below and to the right by reflection."""
    rows = _reflected(image.shape[1], height, image.device)
    columns = _reflected(image.shape[2], width, image.device)
    return image[:, rows][:, :, columns]


def _reflected(length: int, wanted: int, device: torch.device) -> Tensor:
    """Return the places 0 1 2 ... n-1 n-2 ... 1 0 1 ... of an axis, int64 (wanted,)."""
    turn = max(1, 2 * (length - 1))
    places = torch.arange(wanted, device=device) % turn
    return torch.minimum(places, turn - places) if length > 1 else torch.zeros_like(places)
