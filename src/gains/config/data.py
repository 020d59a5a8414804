"""The data sets of a study: source, split, maps, and what they change."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from gains.config.base import Settings
from gains.config.maps import MapSettings


class SplitSettings(Settings):
    """Random 6:2:2 by seed, k-fold cross-validation by seed, or given lists."""

    ratio: tuple[float, float, float] = Field((0.6, 0.2, 0.2), description="train, val, test")
    seed: int = Field(0, ge=0, description="of the draw")
    folds: int = Field(
        1,
        ge=1,
        description="from 2 up: each image is tested in one fold; ratio divides the others into "
        "train and val",
    )
    file: str | None = Field(None, description="JSON with given lists instead of a draw")

    @field_validator("ratio")
    @classmethod
    def _sums_to_one(cls, ratio: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(ratio) <= 0 or abs(sum(ratio) - 1) > 1e-9:
            raise ValueError(
                f"the shares of train, val and test must be positive and sum to 1, found {ratio}"
            )
        return ratio


class DatasetSettings(Settings):
    """One data set of a study."""

    source: str | None = Field(None, description="registered data set; default: the block's name")
    title: str | None = Field(None, description="in tables; default: the block's name")
    represents: str | None = Field(None, description="it IS this published data set")
    stands_for: str | None = Field(None, description="a stand-in for this published data set")
    options: dict[str, Any] = Field(default_factory=dict, description="of the data set itself")
    split: SplitSettings = Field(SplitSettings(), description="see below")
    maps: MapSettings = Field(MapSettings(), description="see below")
    cell_category: int | None = Field(
        None,
        ge=0,
        description="category whose objects overlap (DoNet, Occlusion R-CNN); absent: the maps'",
    )
    max_detections: int = Field(100, ge=1, description="per image, in model and metrics")
    recipe: dict[str, Any] = Field(default_factory=dict, description="changes of the recipe")
    detector: dict[str, Any] = Field(default_factory=dict, description="changes of the detector")

    @model_validator(mode="after")
    def _one_role(self) -> DatasetSettings:
        if self.represents and self.stands_for:
            raise ValueError("a data set either represents a published one or stands for it")
        return self
