"""The tables of validations of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from gains.report.content import Cell, HtmlTable
from gains.report.spec import ReportSpec
from gains.tables.validation.sections import ValidatedSection, validated_sections
from gains.tables.validation.words import notes_on_validations, verdicts
from gains.tables.validation.write import difference_grid, value_grid


@dataclass(frozen=True)
class ValidatedTable:
    """A table of validations of the study.

    Attributes:
        name: name of the table.
        title: caption.
        parts: values and differences of each data set.
        notes: notes that belong to all parts.
    """

    name: str
    title: str
    parts: Sequence[HtmlTable]
    notes: Sequence[str]


def validated_tables(spec: ReportSpec) -> list[ValidatedTable]:
    """Return the tables of validations of a study.

    Raises:
        FileNotFoundError: a training is not done.
        ValueError: a file of a training is not what it should be.
    """
    found = []
    for table in spec.validations:
        sections = validated_sections(table)
        parts = [part for section in sections for part in _parts(section)]
        notes = notes_on_validations(table, sections)
        found.append(ValidatedTable(table.name, table.title, parts, notes))
    return found


def _parts(section: ValidatedSection) -> Iterator[HtmlTable]:
    title = section.dataset.title
    yield _html(f"{title}, validation images", value_grid(section), verdicts(section))
    if any(row.comparisons for row in section.rows):
        yield _html(f"{title}, differences to the row named", difference_grid(section), ())


def _html(caption: str, text: pd.DataFrame, notes: Sequence[str]) -> HtmlTable:
    columns = ["row", *map(str, text.columns[1:])]
    rows = [[_cell(words) for words in line] for line in text.to_numpy().tolist()]
    return HtmlTable(caption, columns, rows, notes)


def _cell(words: str) -> Cell:
    """Return a cell, which is sorted by the number that it begins with, if it does."""
    text = words.replace("**", "")
    number = pd.to_numeric(text.split()[0], errors="coerce")
    return Cell(text, order=None if pd.isna(number) else float(number), bold=text != words)
