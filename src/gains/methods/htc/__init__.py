"""The record of HTC, the Hybrid Task Cascade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class HtcSettings(TwoStageSettings):
    """Mask R-CNN's settings with more proposals, and the semantic branch."""

    rpn_post_nms_train: int = Field(
        2000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in training",
    )
    semantic: bool = Field(False, description="additional branch for semantic segmentation")
    semantic_weight: float = Field(
        0.2, ge=0, description="weight of the loss of semantic segmentation"
    )


def build(settings: HtcSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.htc.model.HybridTaskCascade`."""
    from gains.methods.htc.model import HybridTaskCascade

    return HybridTaskCascade(settings, task)


METHODS.register(
    Method(
        name="htc",
        title="HTC",
        citation=(
            "Chen, Pang, Wang, Xiong, Li, Sun, Feng, Liu, Shi, Ouyang, Loy, Lin: Hybrid Task "
            "Cascade for Instance Segmentation. CVPR 2019"
        ),
        settings=HtcSettings,
        build=build,
        variants={
            "semantic": {"semantic": True},
            "published-threshold": {"score_threshold": 0.001},
        },
        configuration=lambda s: "HTC with semantic branch" if s.semantic else "HTC",
    )
)
