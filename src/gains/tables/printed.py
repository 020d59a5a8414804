"""The printed form of a table: its rows, its columns by data set and metric, and its notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gains.certainty.words import Section, notes_on_images
from gains.tables.certainty.equal_rows import notes_on_equal_rows
from gains.tables.certainty.sections import group_title
from gains.tables.columns import COSTS, column
from gains.tables.external import notes_on_external
from gains.tables.notes import notes_of
from gains.tables.numerals import BLANK
from gains.tables.quotations import mark
from gains.tables.specs import TableSpec


@dataclass(frozen=True)
class PrintedTable:
    """The text of a table, without markup.

    Attributes:
        name: name of the table, e.g. ``table3``.
        title: caption.
        text: one line per row; the columns have two levels, the data set with its subset and the
            metric; entries such as ``12.34 ± 0.40``.
        best: bool, of the same shape; true for the best value of a column and all that the test
            images cannot tell from it.
        notes: sentences below the table.
    """

    name: str
    title: str
    text: pd.DataFrame
    best: pd.DataFrame
    notes: list[str]


def print_table(spec: TableSpec, cells: pd.DataFrame, judged: Sequence[Section]) -> PrintedTable:
    """Return the table in the study's printed mode; values are percent with two decimals.

    Args:
        spec: the table.
        cells: the frame of :func:`gains.tables.cells.read_cells`.
        judged: what the test images say, which decides what is bold.
    """
    means, sds = _wide(spec, cells, ""), _wide(spec, cells, "_sd")
    for cost in spec.costs:
        means[cost] /= COSTS[cost][1]
    headings = [*spec.metrics, *(COSTS[cost][0] for cost in spec.costs)]
    groups = [
        group_title(spec, dataset, subset)
        for dataset in spec.datasets
        for subset in spec.subsets
        for _ in headings
    ]
    text = means.astype(object)
    best = pd.DataFrame(False, index=means.index, columns=means.columns)
    for i in range(len(groups)):
        mean, sd = means.iloc[:, i], sds.iloc[:, i]
        text.isetitem(i, [format_number(*pair) for pair in zip(mean, sd, strict=True)])
    for section in judged:
        for judgement in section.judgements:
            name = column(judgement.quantity.metric, spec.mode)
            best.loc[judgement.leading, (name, section.dataset, section.subset)] = True
    for row in spec.rows:
        for number in row.quoted:
            name = column(number.metric, spec.mode)
            printed = f"{format_number(number.value, number.spread)} {mark(spec, number)}"
            text.loc[row.label, (name, number.dataset, number.subset)] = printed
    repeated = headings * (len(groups) // len(headings))
    text.columns = best.columns = pd.MultiIndex.from_arrays([groups, repeated])
    on_images = [*notes_on_images(judged), *notes_on_equal_rows(spec)]
    notes = [*notes_of(spec, on_images), *notes_on_external(spec, cells)]
    return PrintedTable(spec.name, spec.title, text, best, notes)


def format_number(mean: float | None, sd: float | None) -> str:
    """Return ``12.34 ± 0.40``, ``12.34`` without a deviation, or a dash where undefined."""
    if pd.isna(mean):
        return BLANK
    return f"{mean:.2f}" if pd.isna(sd) else f"{mean:.2f} ± {sd:.2f}"


def _wide(spec: TableSpec, cells: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """Return one line per row and one column per data set, subset and metric, in their order."""
    names = [column(metric, spec.mode) + suffix for metric in spec.metrics]
    names += [name + suffix for name in spec.costs]
    known = [name for name in names if name in cells]
    wide = cells.pivot(index="row", columns=["dataset", "subset"], values=known)
    columns = [
        (name, dataset.name, subset)
        for dataset in spec.datasets
        for subset in spec.subsets
        for name in names
    ]
    rows = [row.label for row in spec.rows]
    return wide.reindex(index=rows, columns=pd.MultiIndex.from_tuples(columns)).rename_axis(None)
