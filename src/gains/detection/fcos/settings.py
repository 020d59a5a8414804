"""Settings of FCOS; defaults are the published program's. Imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gains.config.base import Settings
from gains.models.settings import BackboneSettings


class FCOSSettings(Settings):
    """FCOS over p3..p7, strides 8 to 128 px."""

    backbone: BackboneSettings = BackboneSettings()
    sizes_of_interest: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (64, 128, 256, 512),
        min_length=4,
        max_length=4,
        description="px of the input, rising: the largest distance to a box's side up to which "
        "p3, p4, p5, p6 learn it; p7 learns beyond. Small images want smaller ones",
    )
    tower_convs: int = Field(4, ge=1, description="of the class tower and of the box tower")
    pre_nms: int = Field(1000, ge=1, description="candidates per level")
    score_threshold: float = Field(
        0.05, ge=0, lt=1, description="of class times centre-ness; the score is its root"
    )
    nms: float = Field(0.6, gt=0, le=1)

    @field_validator("sizes_of_interest")
    @classmethod
    def _rise(cls, sizes: tuple[float, ...]) -> tuple[float, ...]:
        if any(a >= b for a, b in zip(sizes[:-1], sizes[1:], strict=True)):
            raise ValueError(f"sizes of interest must rise, found {list(sizes)}")
        return sizes
