"""Cascade R-CNN with a mask head, as detectron2 trains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class CascadeSettings(TwoStageSettings):
    """Mask R-CNN's settings with more proposals."""

    rpn_post_nms_train: int = Field(
        2000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in training",
    )


def build(settings: CascadeSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.detection.cascade.CascadeBoxes`."""
    from gains.detection.cascade import CascadeBoxes
    from gains.detection.mask_head import MaskBranch
    from gains.detection.two_stage import TwoStageDetector

    masks = MaskBranch(settings, task.num_classes)
    return TwoStageDetector(settings, task, masks, boxes=CascadeBoxes(settings, task))


METHODS.register(
    Method(
        name="cascade_rcnn",
        title="Cascade R-CNN",
        citation=(
            "Cai, Vasconcelos: Cascade R-CNN: Delving into High Quality Object Detection. CVPR 2018"
        ),
        settings=CascadeSettings,
        build=build,
    )
)
