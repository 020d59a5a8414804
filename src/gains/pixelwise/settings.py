"""Settings that per-pixel models share. This module imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gains.config.base import Settings

STAGES = {"S": 3, "M": 4, "L": 5}
"""Number of pooling stages of each U-Net; M is the U-Net of Ronneberger et al."""


class PixelwiseSettings(Settings):
    """Size of the U-Net, and how its outputs become objects.

    The defaults are those of the layering paper's main rows. How large the U-Nets of UNet-2 and
    UNet-3 were, and which objects their published runs left out, is not known; they get the same
    values.
    """

    size: Literal["S", "M", "L"] = Field(
        "L",
        description="size of the U-Net: S, M and L have 3, 4 and 5 pooling stages, and see "
        "108, 220 and 444 px",
    )
    width: int = Field(
        64,
        ge=1,
        description="number of channels of the first stage; each further stage has twice as many",
    )
    foreground_threshold: float = Field(
        0.5, gt=0, lt=1, description="foreground probability above which a pixel belongs to objects"
    )
    min_area: int = Field(
        250,
        ge=0,
        description="smallest area of an object, px at the size of the model's input; smaller ones "
        "are left out",
    )


def unet_label(settings: PixelwiseSettings) -> str:
    """Return the short name of the U-Net in tables, e.g. ``U-Net-L``."""
    return f"U-Net-{settings.size}"
