"""The tables of a study."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gains.config.base import OwnPath, Settings
from gains.published.classes import AVERAGE
from gains.published.papers import PAPERS


class RowSettings(Settings):
    """A row of a table: a variant of a method, and the published row to compare it with.

    Nothing is trained for a row without a method. It shows the scores of predictions that another
    program made (`external`), or else quotes the numbers of the published row.
    """

    method: str | None = Field(
        None,
        description="name of the method, see `gains methods`; default: no method, the row shows "
        "`external` predictions or quotes the published row",
    )
    variant: str = Field(
        "default", description="variant of the method, built in or defined by the study"
    )
    external: OwnPath | dict[str, OwnPath] | None = Field(
        None,
        description="file or folder of predictions that another program made for the test images, "
        "in any format of labels or as COCO results; if the row has several data sets, a path for "
        "each of them by its name",
    )
    category: str | None = Field(
        None,
        description="class of the external objects whose files name none, as in label images; "
        "default: the only class of the data set",
    )
    label: str | None = Field(
        None,
        description="name of the row, required with `external`; default: title and backbone of "
        "the method, or the name of the published row that is quoted",
    )
    published: str | None = Field(
        None,
        description="name of the row in the published table; required without a method and "
        "external predictions",
    )
    datasets: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="data sets of the table that the row has; default: all; on the others its "
        "cells are empty",
    )

    @model_validator(mode="after")
    def _measures_or_quotes(self) -> RowSettings:
        if self.external is not None:
            self._check_external()
        elif self.category is not None:
            raise ValueError("category is for `external` predictions; leave it out")
        if not self.measured and self.published is None:
            raise ValueError(
                "expected a method, or `published`, the row of the paper to quote, or `external` "
                "predictions"
            )
        if self.method is None and self.variant != "default":
            raise ValueError(
                f"variant {self.variant!r} without a method; name the method, or leave out the "
                "variant of a row that quotes a published one"
            )
        return self

    def _check_external(self) -> None:
        if self.method is not None:
            raise ValueError(
                f"method {self.method!r} and external predictions; write a row for each of them"
            )
        if self.label is None:
            raise ValueError(
                "external predictions have no name; add a `label`, for example the program and its "
                "version"
            )
        if isinstance(self.external, dict) and self.datasets is not None:
            raise ValueError(
                "`external` names the data sets of this row already; leave `datasets` out"
            )

    @property
    def measured(self) -> bool:
        """Whether the row shows values that are measured here, and not quoted ones."""
        return self.method is not None or self.external is not None

    @property
    def name(self) -> str:
        """What the row shows, for messages."""
        if self.method:
            return f"{self.method}/{self.variant}"
        return repr(self.label if self.external is not None else self.published)

    @property
    def named_datasets(self) -> tuple[str, ...] | None:
        """The data sets that the row names, or None if it has all of its table."""
        return tuple(self.external) if isinstance(self.external, dict) else self.datasets

    def has(self, dataset: str) -> bool:
        """Return whether the row has a cell on a data set of its table."""
        return self.named_datasets is None or dataset in self.named_datasets

    def external_on(self, dataset: str) -> str | None:
        """Return the path of the external predictions on a data set, if the row has any there."""
        if isinstance(self.external, dict):
            return self.external.get(dataset)
        return self.external if self.has(dataset) else None


CERTAINTY = ("certainty.csv", "certainty.md")
"""Suffixes of the files that say how sure the values of a table are."""
CONTACT = ("contact.csv", "contact.md")
"""Suffixes of the files with the scores of a table by kind of contact."""
TABLE_KINDS = ("csv", "md", "tex", *CERTAINTY, *CONTACT)
FIGURE_KINDS = ("pdf", "png")
"""Suffixes of the files of a table and of a figure."""


Cost = Literal[
    "parameters",
    "multiply_adds",
    "seconds_per_image",
    "memory_mb",
    "training_seconds",
    "training_memory_mb",
]
"""What a column on the cost of a method shows."""


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
    subsets: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (AVERAGE,),
        min_length=1,
        description="objects that count: `average` for all classes, `target` for the target "
        "category of the maps, or the name of a class of the data sets, for example `nucleus`",
    )
    costs: tuple[Cost, ...] = Field(
        (),
        description="further columns: what the methods cost, in size, work, time and memory; "
        "default: none",
    )
    paper: str = Field(
        "GAInS",
        description="paper whose table is compared; a table whose name begins with the prefix of a "
        "paper, such as `donet_table1`, belongs to that paper",
    )
    table: str | None = Field(None, description="number of the table in the paper, for example III")

    @field_validator("datasets", "metrics", "subsets", "costs")
    @classmethod
    def _once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and len(set(names)) != len(names):
            raise ValueError(f"each name may occur only once, found {list(names)}")
        return names

    @field_validator("paper")
    @classmethod
    def _known(cls, paper: str) -> str:
        return PAPERS.get(paper).name
