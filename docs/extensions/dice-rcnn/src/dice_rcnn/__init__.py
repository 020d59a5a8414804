"""Mask R-CNN that also learns the Dice of its masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class DiceSettings(TwoStageSettings):
    """Mask R-CNN's settings, and the weight of the Dice loss."""

    dice_weight: float = Field(0.5, ge=0, description="weight of the Dice loss of masks")


def build(settings: DiceSettings, task: Task) -> Detector:
    """Build the detector; torch is imported here, and not when the settings are read."""
    from dice_rcnn.model import DiceBranch
    from gains.detection.two_stage import TwoStageDetector

    return TwoStageDetector(settings, task, DiceBranch(settings, task.num_classes))


METHOD = Method(
    name="dice_rcnn",
    title="Dice R-CNN",
    citation="An example of GAInS-bench",
    settings=DiceSettings,
    build=build,
    variants={"strong": {"dice_weight": 1.0}},
)
