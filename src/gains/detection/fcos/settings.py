"""Settings of FCOS; defaults are those of the published program.

This module imports no torch.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gains.config.base import Settings
from gains.models.settings import BackboneSettings


class FCOSSettings(Settings):
    """Settings of FCOS on p3..p7, whose strides are 8 to 128 px."""

    backbone: BackboneSettings = Field(
        BackboneSettings(), description="ResNet and feature pyramid, see the block below"
    )
    sizes_of_interest: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (64, 128, 256, 512),
        min_length=4,
        max_length=4,
        description="borders between the ranges of the levels p3 to p7, in px of the input: a "
        "location learns an object only if the farthest side of its box lies at a distance that is "
        "in the range of the location's level. p3 has the range from 0 to the first value, p7 from "
        "the last value on. Small images need smaller values",
    )
    tower_convs: int = Field(
        4,
        ge=1,
        le=100,
        description="number of convolutions in the class tower and in the box tower",
    )
    pre_nms: int = Field(
        1000, ge=1, description="number of candidates per level before non-maximum suppression"
    )
    score_threshold: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="lowest product of class probability and centre-ness; the score is its square "
        "root",
    )
    nms: float = Field(
        0.6, gt=0, le=1, description="IoU threshold of the non-maximum suppression of detections"
    )

    @field_validator("sizes_of_interest")
    @classmethod
    def _rise(cls, sizes: tuple[float, ...]) -> tuple[float, ...]:
        if any(a >= b for a, b in zip(sizes[:-1], sizes[1:], strict=True)):
            raise ValueError(f"sizes_of_interest must be in increasing order, found {list(sizes)}")
        return sizes
