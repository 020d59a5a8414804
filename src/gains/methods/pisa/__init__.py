"""PISA: prime sample attention, on Mask R-CNN, the record; the model is in model.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class PisaSettings(TwoStageSettings):
    """Mask R-CNN's settings, and those of the three parts of prime sample attention.

    A weight is ``(bias + (1 - bias) * w) ** power`` (paper section 4), defaults are
    mmdetection's.
    """

    rpn_post_nms_train: int = Field(2000, ge=1, description="per image")
    rpn_pre_nms_test: int = Field(2000, ge=1, description="per level")
    rpn_post_nms_test: int = Field(2000, ge=1, description="per image")
    box_beta: float = Field(1.0, ge=0, description="of the smooth L1 loss of the boxes; 0: L1")
    positive_power: float = Field(2.0, ge=0, description="ISR-P")
    positive_bias: float = Field(0.0, ge=0, lt=1, description="ISR-P")
    negative_power: float = Field(0.5, ge=0, description="ISR-N")
    negative_bias: float = Field(0.0, ge=0, lt=1, description="ISR-N")
    negative_score: float = Field(
        0.05, ge=0, lt=1, description="background boxes of a higher class score are ranked (ISR-N)"
    )
    negative_nms: float = Field(
        0.5, gt=0, le=1, description="IoU from which on they are in one group (ISR-N)"
    )
    carl_power: float = Field(1.0, ge=0, description="CARL")
    carl_bias: float = Field(0.2, ge=0, lt=1, description="CARL")


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
