"""The tables and figures of a study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from gains.config.base import Settings
from gains.published.papers import PAPERS


class RowSettings(Settings):
    """A row of a table: a variant of a method, and the published row to compare it with.

    A row without a method quotes the numbers of the published row; nothing is trained for it.
    """

    method: str | None = Field(
        None,
        description="name of the method, see `gains methods`; default: no method, the row quotes "
        "the published row",
    )
    variant: str = Field(
        "default", description="variant of the method, built in or defined by the study"
    )
    label: str | None = Field(
        None,
        description="name of the row; default: title and backbone of the method, or the name of "
        "the published row that is quoted",
    )
    published: str | None = Field(
        None, description="name of the row in the published table; required without a method"
    )
    datasets: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="data sets of the table that the row has; default: all; on the others its "
        "cells are empty",
    )

    @model_validator(mode="after")
    def _measures_or_quotes(self) -> RowSettings:
        if self.method is None and self.published is None:
            raise ValueError("expected a method, or `published`, the row of the paper to quote")
        if self.method is None and self.variant != "default":
            raise ValueError(
                f"variant {self.variant!r} without a method; name the method, or leave out the "
                "variant of a row that quotes a published one"
            )
        return self

    @property
    def name(self) -> str:
        """What the row shows, for messages."""
        return f"{self.method}/{self.variant}" if self.method else repr(self.published)

    def has(self, dataset: str) -> bool:
        """Return whether the row has a cell on a data set of its table."""
        return self.datasets is None or dataset in self.datasets


TABLE_KINDS, FIGURE_KINDS = ("csv", "md", "tex"), ("pdf", "png")
"""Suffixes of the files of a table and of a figure."""
FIGURES = ("figure3", "predictions")
"""Figures that a study can make; a block of this name in the study asks for the figure."""
RESERVED = ("compare", "data_audit", "summary", *FIGURES)
"""Names of other outputs in the folder of the tables."""


class TableSettings(Settings):
    """A table: rows, columns, and the published table to compare it with."""

    title: str = Field(description="caption of the table")
    rows: tuple[RowSettings, ...] = Field(min_length=1, description="rows of the table")
    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="data sets of the study; default: all"
    )
    metrics: tuple[str, ...] = Field(
        ("mAP", "AJI", "Dice", "F1"),
        min_length=1,
        description="metrics of the columns, see metrics.md",
    )
    subsets: tuple[Literal["target", "average"], ...] = Field(
        ("average",),
        min_length=1,
        description="objects that count: those of the target category of the maps, or all",
    )
    paper: str = Field(
        "GAInS",
        description="paper whose table is compared; a table whose name begins with the prefix of a "
        "paper, such as `donet_table1`, belongs to that paper",
    )
    table: str | None = Field(None, description="number of the table in the paper, for example III")

    @field_validator("datasets", "metrics", "subsets")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and len(set(names)) != len(names):
            raise ValueError(f"each name may occur only once, found {list(names)}")
        return names

    @field_validator("paper")
    @classmethod
    def _known(cls, paper: str) -> str:
        return PAPERS.get(paper).name


class Figure3Settings(Settings):
    """The image that figure 3 shows."""

    dataset: str = Field(description="data set of the study")
    image: str | None = Field(
        None, description="file name of the image; default: the first training image"
    )


class PredictionsSettings(Settings):
    """The rows and test images that the figure of predictions shows."""

    table: str | None = Field(
        None, description="table of the study whose rows are shown; default: the first"
    )
    dataset: str | None = Field(
        None, description="data set of that table; default: the first that it shows"
    )
    number: int = Field(
        4,
        ge=1,
        le=20,
        description="number of test images, spread evenly from the one with the lowest AJI of the "
        "first row to the one with the highest",
    )
    images: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="file names of test images of the first fold, to be shown instead",
    )
