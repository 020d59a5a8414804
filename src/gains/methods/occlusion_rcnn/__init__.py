"""The record of Occlusion R-CNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class OcclusionSettings(TwoStageSettings):
    """Mask R-CNN's settings, with the numbers of DoNet's comparison."""

    rois_per_image: int = Field(
        256, ge=1, description="number of RoIs per image that the heads learn from"
    )
    mask_weight: float = Field(
        1.0, ge=0, description="weight of each loss of the amodal, visible and invisible masks"
    )


def build(settings: OcclusionSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.occlusion_rcnn.model.OcclusionBranch`.

    Raises:
        ValueError: the task declares no category whose objects overlap.
    """
    from gains.detection.two_stage import TwoStageDetector
    from gains.methods.occlusion_rcnn.model import OcclusionBranch

    return TwoStageDetector(settings, task, OcclusionBranch(settings, task))


METHODS.register(
    Method(
        name="occlusion_rcnn",
        title="Occlusion R-CNN",
        citation=(
            "Follmann, König, Härtinger, Klostermann, Böttger: Learning to See the Invisible: "
            "End-to-End Trainable Amodal Instance Segmentation. WACV 2019"
        ),
        settings=OcclusionSettings,
        build=build,
        variants={"published-threshold": {"score_threshold": 0.9}},
        needs_cell=True,
    )
)
