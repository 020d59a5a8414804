"""Scaling of deep images (more than 8 bits, with sign, or floats) to 8 bits by one linear rule."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.datasets.readers.image_file import StoredImage

Percentiles = tuple[float, float]

TAIL = 0.1
"""Percentage of the values at each end that are outliers if they take up most grey levels."""

SEVERAL = 16
"""Number of values at each end that are outliers too, up to one in a hundred, in small images."""

FEW = 32
"""Number of the 256 grey levels below which the values between the tails have too few."""

BLOCK = 2**22
"""Number of values that are scaled at a time, because float64 needs eight bytes for each."""

FEW_LEVELS = (
    f"all values but the {TAIL} % smallest and largest (in small images, up to {SEVERAL} of each) "
    f"were left with fewer than {FEW} of 256 grey levels, because of a few extreme values; the "
    "option `percentiles` (of the data set `folder` and of `gains predict`) cuts these off"
)


def scaled(
    samples: StoredImage, percentiles: Percentiles | None, path: Path
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return a deep image as uint8, composed on white, and sentences about what was done.

    Args:
        samples: the image; all its channels are scaled by one rule.
        percentiles: percentages whose values become 0 and 255; None: the smallest and the largest
            value. Only values count that are not fully transparent.
        path: the file, for messages.

    Raises:
        ValueError: values are not finite, or too large or too close for the rule.
    """
    if samples.colour.dtype.kind == "f" and not np.isfinite(samples.colour).all():
        raise ValueError(f"{path}: holds values that are not finite; repair the image")
    colour, alpha = _straight(samples), samples.alpha
    seen = colour if alpha is None else colour[alpha > 0]
    if not seen.size:
        seen = np.zeros(1)
    if colour.dtype.kind in "iu" and colour.dtype.itemsize == 8:
        # float64 does not hold every whole number of 64 bits, but it holds their differences
        lowest = np.uint64(int(seen.min()) % 2**64)
        colour, seen = (values.astype(np.uint64) - lowest for values in (colour, seen))
    if percentiles is None:
        low, high = float(seen.min()), float(seen.max())
        ends = "its smallest value to 0, its largest to 255"
    else:
        low, high = (float(value) for value in np.percentile(seen, percentiles))
        ends = "its percentiles {} and {} to 0 and 255, and cut off there".format(*percentiles)
    with np.errstate(over="ignore"):
        span = np.float64(high) - low
        factor = 255 / span if span else np.float64(0)
    if not (np.isfinite(span) and np.isfinite(factor)):
        raise ValueError(
            f"{path}: holds values from {low} to {high}, which cannot be scaled to 8 bits; repair "
            "the image"
        )
    if colour.ndim == 2:
        changes = [f"deep grey was scaled linearly, {ends}"]
    else:
        changes = [f"deep colour was scaled linearly, by one rule for its channels, {ends}"]
    if _few_levels(seen, float(factor)):
        changes.append(FEW_LEVELS)
    return _bytes(colour, alpha, samples.opaque, low, float(factor)), tuple(changes)


def _straight(samples: StoredImage) -> NDArray[Any]:
    """Return colours that are not multiplied by alpha."""
    colour, alpha = samples.colour, samples.alpha
    if alpha is None or not samples.premultiplied:
        return colour
    share = alpha.astype(np.float64)
    share = share if colour.ndim == 2 else share[..., None]
    return np.divide(
        colour * np.float64(samples.opaque), share, out=np.zeros(colour.shape), where=share > 0
    )


def _few_levels(values: NDArray[Any], factor: float) -> bool:
    """Return whether most values share few grey levels although they differ more than these."""
    flat = values.ravel()
    first = max(math.ceil(TAIL / 100 * (flat.size - 1)), min(SEVERAL, flat.size // 100))
    last = flat.size - 1 - first
    if first >= last:
        return False
    parted = np.partition(flat, (first, last))
    range_ = float(parted[last]) - float(parted[first])
    levels = range_ * factor
    whole = values.dtype.kind in "iu"
    return range_ > 0 and levels < FEW - 1 and not (whole and range_ <= levels)


def _bytes(
    colour: NDArray[Any], alpha: NDArray[Any] | None, opaque: float, low: float, factor: float
) -> NDArray[np.uint8]:
    made = np.empty(colour.shape, dtype=np.uint8)
    rows = max(1, BLOCK // max(1, colour[0].size))
    for start in range(0, len(colour), rows):
        part = slice(start, start + rows)
        block = np.clip((colour[part].astype(np.float64) - low) * factor, 0, 255)
        if alpha is not None:
            share = np.clip(alpha[part] / opaque, 0, 1)
            share = share if colour.ndim == 2 else share[..., None]
            block = block * share + 255 * (1 - share)
        made[part] = np.rint(block)
    return made
