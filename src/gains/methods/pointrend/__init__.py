"""The record of PointRend, image segmentation as rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class PointRendSettings(TwoStageSettings):
    """Mask R-CNN's settings, and those of the two heads and their points.

    ``mask_channels`` is the width of the coarse head's convolution and of the point head.
    ``mask_weight`` is the weight of the losses of both heads.
    """

    coarse_dim: int = Field(1024, ge=4, description="width of the two layers of the coarse head")
    train_points: int = Field(
        196, ge=1, description="number of points per RoI that the point head learns"
    )
    oversampling: float = Field(
        3.0, ge=1, description="number of candidates per training point (k in the paper)"
    )
    uncertain_share: float = Field(
        0.75,
        ge=0,
        le=1,
        description="share of the training points that are the most uncertain ones (beta in the "
        "paper)",
    )
    subdivision_steps: int = Field(
        5, ge=0, description="number of times that the 7 x 7 mask is doubled in prediction"
    )
    subdivision_points: int = Field(
        784,
        ge=1,
        description="number of points that are evaluated again per step; maps of at most this size "
        "are evaluated completely",
    )


def build(settings: PointRendSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.pointrend.model.PointRend`."""
    from gains.methods.pointrend.model import PointRend

    return PointRend(settings, task)


METHODS.register(
    Method(
        name="pointrend",
        title="PointRend",
        citation=(
            "Kirillov, Wu, He, Girshick: PointRend: Image Segmentation as Rendering. CVPR 2020"
        ),
        settings=PointRendSettings,
        build=build,
    )
)
