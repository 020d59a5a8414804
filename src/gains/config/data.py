"""The data sets of a study: source, split, maps, and changes of recipe and detector."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from gains.config.base import OFF_BY_DEFAULT, Changes, OwnPath, Settings
from gains.config.maps import MapSettings


class SplitSettings(Settings):
    """Division into parts: a random split, k-fold cross-validation, or given lists."""

    ratio: tuple[float, float, float] = Field(
        (0.6, 0.2, 0.2), description="shares of the images in train, val and test"
    )
    seed: int = Field(0, ge=0, description="seed of the random split")
    folds: int = Field(
        1,
        ge=1,
        description="number of folds; with 2 or more, each image is tested in one fold, and "
        "ratio divides the other images into train and val",
    )
    file: OwnPath | None = Field(
        None, description="JSON file with given lists, instead of a random split"
    )

    held_out: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, OFF_BY_DEFAULT] = Field(
        None,
        description="share of the training images of given lists that are drawn at random as "
        "validation images, for lists that have none; default: none",
    )

    @field_validator("ratio")
    @classmethod
    def _sums_to_one(cls, ratio: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(ratio) <= 0 or abs(sum(ratio) - 1) > 1e-9:
            raise ValueError(
                f"the shares of train, val and test must be positive and sum to 1, found {ratio}"
            )
        return ratio

    @model_validator(mode="after")
    def _of_given_lists(self) -> SplitSettings:
        if self.held_out is not None and self.file is None:
            raise ValueError(
                "held_out needs given lists in `file`; a random split has validation images by "
                "`ratio`"
            )
        return self


class DatasetSettings(Settings):
    """One data set of a study."""

    source: str | None = Field(
        None, description="registered data set; default: the name of the block"
    )
    title: str | None = Field(None, description="name in tables; default: the name of the block")
    represents: str | None = Field(None, description="published data set that this data set is")
    stands_for: str | None = Field(
        None, description="published data set that this data set is a substitute for"
    )
    optional: bool = Field(
        False,
        description="the data set may be absent: while files that only a person can provide are "
        "missing, nothing is made from it, and its cells of tables are empty",
    )
    options: Changes = Field(
        default_factory=dict,
        description="options of the registered data set, see its section below",
    )
    categories: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="names of the categories that the study uses; objects of others are left "
        "out of everything; default: all categories",
    )
    split: SplitSettings = Field(SplitSettings(), description="division into parts, see below")
    maps: MapSettings = Field(MapSettings(), description="settings of the anomaly maps, see below")
    cell_category: int | None = Field(
        None,
        ge=0,
        description="category whose objects overlap, for DoNet, Occlusion R-CNN, VRSP-Net and "
        "synthetic clusters; default: the target category of the maps",
    )
    max_detections: int = Field(
        100,
        ge=1,
        description="maximum number of detections per image, in the model and in the metrics",
    )
    recipe: Changes = Field(
        default_factory=dict, description="changes of the study's recipe for this data set"
    )
    detector: Changes = Field(
        default_factory=dict,
        description="changes of the study's detector settings for this data set",
    )

    @model_validator(mode="after")
    def _one_role(self) -> DatasetSettings:
        if self.represents and self.stands_for:
            raise ValueError("a data set either represents a published one or stands for it")
        return self
