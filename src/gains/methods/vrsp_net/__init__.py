"""The record of VRSP-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class VrspSettings(TwoStageSettings):
    """Mask R-CNN's settings, and the published program's numbers of the heads and the prior."""

    mask_weight: float = Field(
        1.0, ge=0, description="weight of each of the six losses of amodal and visible masks"
    )
    reclass_dim: int = Field(
        1024, ge=4, description="width of the layers that classify the visible part of an object"
    )
    reclass_weight: float = Field(
        0.1, ge=0, description="weight of the loss of the classification of visible parts"
    )
    prior_channels: int = Field(
        8, ge=1, description="number of channels in the auto-encoder of the shape prior"
    )
    prior_steps: int = Field(
        500, ge=1, description="number of steps that train the auto-encoder, before the model"
    )
    prior_objects: int = Field(
        2000,
        ge=1,
        description="largest number of training objects of each class that the prior learns from",
    )
    codes: int = Field(
        1024, ge=1, description="largest number of shapes in the code book of a class"
    )
    neighbours: int = Field(
        16,
        ge=1,
        description="number of shapes of the code book, most similar to the first mask, "
        "that the prior shows to the amodal head",
    )


def build(settings: VrspSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.vrsp_net.model.VrspNet`.

    Raises:
        ValueError: the task declares no category whose objects overlap.
    """
    from gains.methods.vrsp_net.model import VrspNet

    return VrspNet(settings, task)


METHODS.register(
    Method(
        name="vrsp_net",
        title="VRSP-Net",
        citation=(
            "Xiao, Xu, Zhong, Luo, Li, Gao: Amodal Segmentation Based on Visible Region "
            "Segmentation and Shape Prior. AAAI 2021"
        ),
        settings=VrspSettings,
        build=build,
        variants={"published-threshold": {"score_threshold": 0.9}},
        needs_cell=True,
    )
)
