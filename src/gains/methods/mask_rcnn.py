"""Mask R-CNN, the base of most rows, as detectron2 trains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.detection.types import Detector


def build(settings: TwoStageSettings, num_classes: int, max_detections: int) -> Detector:
    """Build the detector; see :class:`gains.detection.two_stage.TwoStageDetector`."""
    from gains.detection.mask_head import MaskBranch
    from gains.detection.two_stage import TwoStageDetector

    branch = MaskBranch(
        settings.backbone.fpn_channels, settings.mask_channels, num_classes, settings.mask_weight
    )
    return TwoStageDetector(settings, num_classes, max_detections, branch)


MASK_RCNN = METHODS.register(
    Method(
        name="mask_rcnn",
        title="Mask R-CNN",
        citation="He, Gkioxari, Dollár, Girshick: Mask R-CNN. ICCV 2017",
        settings=TwoStageSettings,
        build=build,
    )
)
