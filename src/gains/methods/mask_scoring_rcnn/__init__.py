"""The record of Mask Scoring R-CNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class MaskScoringSettings(TwoStageSettings):
    """Mask R-CNN's settings, and those of the MaskIoU head.

    The paper's IoU is that of the mask at probability 0.5. Both published programs, the authors'
    and mmdetection's, compare the logit with 0.5 in training instead, which is a probability of
    0.62. This is the default, because the published numbers come from these programs.
    """

    iou_channels: int = Field(
        256, ge=4, description="number of channels in the convolutions of the MaskIoU head"
    )
    iou_dim: int = Field(
        1024, ge=4, description="width of the fully connected layers of the MaskIoU head"
    )
    iou_weight: float = Field(0.5, ge=0, description="weight of the loss of the MaskIoU head")
    binarize_logit: bool = Field(
        True,
        description="threshold of the mask whose IoU is learnt: logit 0.5 if true, probability 0.5 "
        "if false",
    )


def build(settings: MaskScoringSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.mask_scoring_rcnn.model.MaskScoringRCNN`."""
    from gains.methods.mask_scoring_rcnn.model import MaskScoringRCNN

    return MaskScoringRCNN(settings, task)


METHODS.register(
    Method(
        name="mask_scoring_rcnn",
        title="Mask Scoring R-CNN",
        citation="Huang, Huang, Gong, Huang, Wang: Mask Scoring R-CNN. CVPR 2019",
        settings=MaskScoringSettings,
        build=build,
        variants={"probability-threshold": {"binarize_logit": False}},
    )
)
