"""The record of UNet-2: the foreground alone, whose components are the objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gains.methods.base import METHODS, Method
from gains.pixelwise.settings import PixelwiseSettings, unet_label

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


def build(settings: PixelwiseSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.unet2.model.UNet2`."""
    from gains.methods.unet2.model import UNet2

    return UNet2(settings, task)


METHODS.register(
    Method(
        name="unet2",
        title="UNet-2",
        citation=(
            "Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image "
            "Segmentation. MICCAI 2015"
        ),
        settings=PixelwiseSettings,
        build=build,
        label=unet_label,
        weights=lambda _: None,
        load_weights=lambda _, __: None,
    )
)
