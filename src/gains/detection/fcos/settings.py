"""Settings of FCOS; defaults are those of the published program. This module imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gains.config.base import Settings
from gains.models.settings import BackboneSettings


class FCOSSettings(Settings):
    """Settings of FCOS over p3..p7, with strides of 8 to 128 px."""

    backbone: BackboneSettings = BackboneSettings()
    sizes_of_interest: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (64, 128, 256, 512),
        min_length=4,
        max_length=4,
<<<<<<< HEAD
        description="distances in px of the input, in increasing order: a level of p3, p4, p5, p6 "
        "learns boxes whose largest distance to a side is at most this; p7 learns "
        "larger ones. Small images need smaller values",
    )
    tower_convs: int = Field(
        4, ge=1, description="number of convolutions in the class tower and in the box tower"
    )
    pre_nms: int = Field(
        1000, ge=1, description="number of candidates per level before non-maximum suppression"
    )
=======
        description="upper bounds of p3, p4, p5 and p6, ascending, px of the input: a level learns "
        "boxes whose largest distance to a side is below its bound; p7 learns the rest. Choose "
        "smaller bounds for small images",
    )
    tower_convs: int = Field(
        4, ge=1, description="convolutions of the class tower and of the box tower"
    )
    pre_nms: int = Field(1000, ge=1, description="candidates per level before NMS")
>>>>>>> 4fc885f (Describe models and detection in complete sentences)
    score_threshold: float = Field(
        0.05,
        ge=0,
        lt=1,
<<<<<<< HEAD
        description="lowest product of class probability and centre-ness; the score is its square "
        "root",
=======
        description="lowest product of class probability and centre-ness; "
        "the score is its square root",
>>>>>>> 4fc885f (Describe models and detection in complete sentences)
    )
    nms: float = Field(0.6, gt=0, le=1, description="IoU threshold of the detections' NMS")

    @field_validator("sizes_of_interest")
    @classmethod
    def _rise(cls, sizes: tuple[float, ...]) -> tuple[float, ...]:
        if any(a >= b for a, b in zip(sizes[:-1], sizes[1:], strict=True)):
            raise ValueError(f"sizes of interest must rise, found {list(sizes)}")
        return sizes
