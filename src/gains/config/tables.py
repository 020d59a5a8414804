"""The tables and figures of a study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from gains.config.base import Settings


class RowSettings(Settings):
    """A table row: a method's variant, and the published row it stands beside."""

    method: str = Field(description="see `gains methods`")
    variant: str = Field("default", description="of the method, built in or of the study")
    label: str | None = Field(None, description="default: title and backbone")
    published: str | None = Field(None, description="row of the published table")


RESERVED = ("compare", "data_audit", "summary", "figure3")
"""Outputs beside the tables."""


class TableSettings(Settings):
    """A table: rows, columns, and the published table it stands beside."""

    title: str
    rows: tuple[RowSettings, ...] = Field(min_length=1)
    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="of the study; absent: all"
    )
    metrics: tuple[str, ...] = Field(
        ("mAP", "AJI", "Dice", "F1"), min_length=1, description="columns, see metrics.md"
    )
    subsets: tuple[Literal["target", "average"], ...] = Field(
        ("average",), min_length=1, description="the target category of the maps, or all"
    )
    paper: str = Field("GAInS", description="paper that the table stands beside")
    table: str | None = Field(None, description="its table there, e.g. III")

    @field_validator("datasets", "metrics", "subsets")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and len(set(names)) != len(names):
            raise ValueError(f"each name may occur only once, found {list(names)}")
        return names


class Figure3Settings(Settings):
    """What figure 3 shows."""

    dataset: str
    image: str | None = Field(None, description="file name; default: first training image")
