"""PointRend: image segmentation as rendering, the record; the model is in model.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class PointRendSettings(TwoStageSettings):
    """Mask R-CNN's settings, and those of the two heads and their points.

    ``mask_channels`` is the width of the coarse head's convolution and of the point head,
    ``mask_weight`` weighs the losses of both heads.
    """

    coarse_dim: int = Field(1024, ge=4, description="width of the coarse head's two layers")
    train_points: int = Field(196, ge=1, description="points per RoI that the point head learns")
    oversampling: float = Field(3.0, ge=1, description="candidates per training point (paper: k)")
    uncertain_share: float = Field(
        0.75, ge=0, le=1, description="of the training points, the most uncertain (paper: beta)"
    )
    subdivision_steps: int = Field(5, ge=0, description="doublings of the 7 x 7 mask at test")
    subdivision_points: int = Field(
        784, ge=1, description="points evaluated anew per step; maps as small are evaluated whole"
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
