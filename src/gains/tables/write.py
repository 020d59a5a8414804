"""A table as files: CSV for machines, Markdown and LaTeX for people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gains.support.files import require_suffix, write_text, written_last
from gains.support.markdown import escape_markdown, grid, listed
from gains.tables.cells import read_cells
from gains.tables.certainty.files import write_certainty
from gains.tables.certainty.sections import judge_table
from gains.tables.contact.files import write_contact
from gains.tables.contact.sections import contact_sections
from gains.tables.latex import to_latex
from gains.tables.printed import PrintedTable, print_table
from gains.tables.specs import TableSpec


def write_table(spec: TableSpec, out_csv: str | Path) -> None:
    """Write a table as CSV, and as Markdown and LaTeX beside it (``.md``, ``.tex``).

    The CSV has one line per row, data set and subset of classes, with both modes as columns;
    the other two show the metrics and the mode that the study prints. All numbers are percent.
    How sure they are is written to ``<name>.certainty.csv`` and ``.md``, and the scores by kind of
    contact to ``<name>.contact.csv`` and ``.md``.

    Args:
        spec: the table, see :func:`gains.tables.of_study.table_spec`.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated or lacks a number, or ``out_csv`` does not end in
            ``.csv``.
    """
    out_csv = require_suffix(out_csv, ".csv")
    judged = judge_table(spec)
    cells = read_cells(spec, judged)
    table = print_table(spec, cells, judged)
    certainty = out_csv.with_suffix(".certainty.csv")
    write_certainty(spec.study, spec.name, spec.title, judged, certainty)
    write_contact(spec, contact_sections(spec), out_csv.with_suffix(".contact.csv"))
    with written_last(out_csv, to_csv(cells).encode()):
        write_text(out_csv.with_suffix(".md"), to_markdown(table))
        write_text(out_csv.with_suffix(".tex"), to_latex(table))


def to_csv(frame: pd.DataFrame) -> str:
    """Return CSV with a header: floats with four decimals, a missing value as an empty field."""
    return frame.to_csv(index=False, float_format="%.4f", lineterminator="\n")


def to_markdown(table: PrintedTable) -> str:
    """Return the table with its caption above and its notes below."""
    text = table.text.mask(table.best, "**" + table.text + "**")
    text.columns = text.columns.map(" ".join)
    text.insert(0, "", text.index)
    return f"## {escape_markdown(table.title)}\n\n{grid(text)}\n\n{listed(table.notes)}\n"
