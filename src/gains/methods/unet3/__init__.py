"""The record of UNet-3: foreground and contours, between which the objects lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.methods.base import METHODS, Method
from gains.pixelwise.settings import PixelwiseSettings, unet_label

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class UNet3Settings(PixelwiseSettings):
    """The settings of a per-pixel model, and of the contours."""

    contour_radius: int = Field(
        1,
        ge=0,
        le=100,
        description="radius of the disk that widens the contours to be learnt, px; the program has "
        "1, and the paper names none",
    )
    contour_threshold: float = Field(
        0.5, gt=0, lt=1, description="contour probability above which a pixel parts two objects"
    )


def build(settings: UNet3Settings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.unet3.model.UNet3`."""
    from gains.methods.unet3.model import UNet3

    return UNet3(settings, task)


METHODS.register(
    Method(
        name="unet3",
        title="UNet-3",
        citation=(
            "Chen, Qi, Yu, Dou, Qin, Heng: DCAN: Deep Contour-Aware Networks for Object Instance "
            "Segmentation from Histology Images. Medical Image Analysis 2017"
        ),
        settings=UNet3Settings,
        build=build,
        label=unet_label,
        weights=lambda _: None,
        load_weights=lambda _, __: None,
    )
)
