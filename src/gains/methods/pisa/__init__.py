"""The record of PISA, prime sample attention, on Mask R-CNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class PisaSettings(TwoStageSettings):
    """Mask R-CNN's settings, and those of the three parts of prime sample attention.

    A weight is ``(bias + (1 - bias) * w) ** power`` (paper section 4). The defaults are those of
    mmdetection.
    """

    rpn_post_nms_train: int = Field(
        2000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in training",
    )
    rpn_pre_nms_test: int = Field(
        2000,
        ge=1,
        description="number of proposals per level before non-maximum suppression, in prediction",
    )
    rpn_post_nms_test: int = Field(
        2000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in prediction",
    )
    box_beta: float = Field(
        1.0, ge=0, description="transition point of the smooth L1 loss of boxes; 0: L1 loss"
    )
    positive_power: float = Field(
        2.0,
        ge=0,
        description="power of the weights of foreground boxes in the class loss (ISR-P); the "
        "larger it is, the faster the weights fall with the rank",
    )
    positive_bias: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="smallest weight of a foreground box before the power (ISR-P)",
    )
    negative_power: float = Field(
        0.5,
        ge=0,
        description="power of the weights of background boxes in the class loss (ISR-N)",
    )
    negative_bias: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="smallest weight of a background box before the power (ISR-N)",
    )
    negative_score: float = Field(
        0.05, ge=0, lt=1, description="class score above which background boxes are ranked (ISR-N)"
    )
    negative_nms: float = Field(
        0.5,
        gt=0,
        le=1,
        description="IoU above which a background box belongs to the group of a box with a higher "
        "score; boxes are ranked inside their group first (ISR-N)",
    )
    carl_power: float = Field(
        1.0,
        ge=0,
        description="power of the weights in the additional loss of boxes (CARL); a box is "
        "weighted by the probability of its class",
    )
    carl_bias: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="weight before the power of a box whose class has the probability 0 (CARL)",
    )


def build(settings: PisaSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.pisa.model.PisaBranch`."""
    from gains.detection.mask_head import MaskBranch
    from gains.detection.two_stage import TwoStageDetector
    from gains.methods.pisa.model import PisaBranch

    branch = MaskBranch(settings, task.num_classes)
    return TwoStageDetector(settings, task, branch, PisaBranch(settings, task))


METHODS.register(
    Method(
        name="pisa",
        title="PISA",
        citation="Cao, Chen, Loy, Lin: Prime Sample Attention in Object Detection. CVPR 2020",
        settings=PisaSettings,
        build=build,
    )
)
