"""The settings of a study: all sections together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from gains.config.base import Changes, Name, OptionalPath, Settings, check_names
from gains.config.data import DatasetSettings
from gains.config.figures import FIGURES, FigureBlocks
from gains.config.methods import MethodSettings, VariantSettings
from gains.config.tables import TableSettings
from gains.config.validation_tables import ValidationTableSettings
from gains.published.papers import paper_named

RESERVED = ("compare", "data_audit", "summary", "report", *FIGURES)
"""Names of other outputs in the folder of the tables."""


class StudyContent(Settings):
    """The data, runs and tables of a study."""

    title: str = Field(description="title of the study, shown under its tables")
    seeds: tuple[int, ...] = Field(
        (0,), min_length=1, description="seeds of the trainings; each run is trained once per seed"
    )
    gpu: int = Field(0, ge=0, le=1, description="number of GPUs of each training and prediction")
    mem_mb: int = Field(2000, ge=100, description="memory of one training or prediction in MB")
    datasets: dict[Name, DatasetSettings] = Field(min_length=1, description="data sets by name")
    detector: Changes = Field(
        default_factory=dict,
        description="settings of the models, for all methods that have these keys",
    )
    recipe: Changes = Field(default_factory=dict, description="changes of the default recipe")
    methods: dict[Name, MethodSettings] = Field(
        default_factory=dict, description="changes for single methods, by method"
    )
    variants: dict[Name, dict[Name, VariantSettings]] = Field(
        default_factory=dict, description="further variants of methods, by method and name"
    )
    tables: dict[Name, TableSettings] = Field(min_length=1, description="tables by name")
    validation_tables: dict[Name, ValidationTableSettings] = Field(
        default_factory=dict,
        description="tables by name that are made from validations alone; their runs are trained, "
        "but not tested",
    )


# Keys are listed in this order: data, runs and tables, then figures, then the rest.
class StudySettings(FigureBlocks, StudyContent):
    """Settings of a study, as a config file gives them."""

    RENAMED: ClassVar[dict[str, str]] = {"report": "printed_mode"}

    printed_mode: Literal["clean", "as_published"] = Field(
        "clean", description="mode of the metrics that Markdown and LaTeX tables show"
    )
    clean_score_threshold: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="lowest score of the detections that count in clean AJI, Dice and F1",
    )
    kept: OptionalPath = Field(
        None,
        description="folder of runs that `gains keep` has copied there without their models; they "
        "are not made again",
    )

    @field_validator("tables", mode="before")
    @classmethod
    def _of_the_paper_in_their_names(cls, tables: Any) -> Any:
        """Let each table that names no paper belong to the paper after which it is named."""
        if not isinstance(tables, dict):
            return tables  # the type of the field refuses it
        return {name: _with_paper(str(name), block) for name, block in tables.items()}

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError(f"seeds must be distinct and not negative, found {list(seeds)}")
        return seeds

    @model_validator(mode="after")
    def _names_agree(self) -> StudySettings:
        for name, table in self.tables.items():
            _refuse_taken(f"tables.{name}", name, RESERVED)
            paper = paper_named(name)
            if paper and paper.name != table.paper:
                raise ValueError(
                    f"tables.{name}: this is the name of a table of {paper.name}, but `paper` is "
                    f"{table.paper}; remove `paper`, or choose another name for the table"
                )
            check_names(f"tables.{name}.datasets", table.datasets or (), list(self.datasets))
            self._check_rows(name, table)
        for name, validated in self.validation_tables.items():
            where = f"validation_tables.{name}"
            _refuse_taken(where, name, (*RESERVED, *self.tables))
            check_names(f"{where}.datasets", validated.datasets or (), list(self.datasets))
        for name, changes in self.methods.items():
            known = list(self.datasets)
            check_names(f"methods.{name}.images_factor_on", tuple(changes.images_factor_on), known)
        for name in self.figures:
            self.figure(name).check(name, self)
        return self

    def _check_rows(self, name: str, table: TableSettings) -> None:
        shown = list(table.datasets or self.datasets)
        measured = [row for row in table.rows if row.measured]
        if not measured:
            raise ValueError(
                f"tables.{name}: no row has a method, so that nothing is measured; add a row with "
                "a method or external predictions beside those that quote published rows"
            )
        for row in table.rows:
            check_names(f"tables.{name}.rows, {row.name}.datasets", row.named_datasets or (), shown)
            if isinstance(row.external, str) and sum(map(row.has, shown)) > 1:
                raise ValueError(
                    f"tables.{name}.rows, {row.name}: one path of external predictions, but the "
                    f"row has the data sets {', '.join(filter(row.has, shown))}; write `external: "
                    "{<data set>: <path>, ...}`"
                )
        for dataset in shown:
            if not any(row.has(dataset) for row in measured):
                raise ValueError(
                    f"tables.{name}: no row with a method has the data set {dataset!r}; name it in "
                    "`datasets` of a row, add external predictions, or leave it out of `datasets` "
                    "of the table"
                )


def _refuse_taken(where: str, name: str, taken: Sequence[str]) -> None:
    if name in taken or name.endswith((".certainty", ".contact")):
        raise ValueError(f"{where}: another output file has this name; choose another name")


def _with_paper(name: str, table: Any) -> Any:
    paper = paper_named(name)
    return {"paper": paper.name, **table} if paper and isinstance(table, dict) else table
