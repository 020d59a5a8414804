"""Mask R-CNN as detectron2 trains it, the base of most methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


def build(settings: TwoStageSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.detection.two_stage.TwoStageDetector`."""
    from gains.detection.mask_head import MaskBranch
    from gains.detection.two_stage import TwoStageDetector

    return TwoStageDetector(settings, task, MaskBranch(settings, task.num_classes))


METHODS.register(
    Method(
        name="mask_rcnn",
        title="Mask R-CNN",
        citation="He, Gkioxari, Dollár, Girshick: Mask R-CNN. ICCV 2017",
        settings=TwoStageSettings,
        build=build,
    )
)
