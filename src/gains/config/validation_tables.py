"""The tables of a study that are made from validations alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gains.config.base import Settings

VALIDATION_KINDS = ("csv", "md", "tex")
"""Suffixes of the files of a table of validations."""


class ValidationRowSettings(Settings):
    """A row of a table of validations: a variant of a method, and the row to compare it with."""

    method: str = Field(description="name of the method, see `gains methods`")
    variant: str = Field(
        "default", description="variant of the method, built in or defined by the study"
    )
    label: str | None = Field(
        None, description="name of the row; default: title and backbone of the method"
    )
    against: str | None = Field(
        None,
        description="name of the row of this table that it is compared with; default: the first "
        "row of the same method",
    )


class ValidationTableSettings(Settings):
    """A table of the values that trainings reach on validation images."""

    title: str = Field(description="caption of the table")
    rows: tuple[ValidationRowSettings, ...] = Field(min_length=1, description="rows of the table")
    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="data sets of the study; default: all"
    )
    folds: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(
        None, min_length=1, description="folds that are trained; default: all"
    )

    @model_validator(mode="after")
    def _once(self) -> ValidationTableSettings:
        for name, values in (("datasets", self.datasets), ("folds", self.folds)):
            if values is not None and len(set(values)) != len(values):
                raise ValueError(f"{name}: each may occur only once, found {list(values)}")
        return self
