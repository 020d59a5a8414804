"""A table as files: CSV for machines, Markdown and LaTeX for people."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from gains.support.files import require_suffix, write_text, written_last
from gains.tables.cells import read_cells
from gains.tables.latex import to_latex
from gains.tables.printed import PrintedTable, print_table
from gains.tables.specs import TableSpec


def write_table(spec: TableSpec, out_csv: str | Path) -> None:
    """Write a table as CSV, and as Markdown and LaTeX beside it (``.md``, ``.tex``).

    The CSV has one line per row, data set and subset of classes, with both modes as columns;
    the other two show the metrics and the mode that the study prints. All numbers are percent.

    Args:
        spec: the table, see :func:`gains.tables.of_study.table_spec`.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated or lacks a number, or ``out_csv`` does not end in
            ``.csv``.
    """
    out_csv = require_suffix(out_csv, ".csv")
    cells = read_cells(spec)
    table = print_table(spec, cells)
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
    notes = "\n".join(f"- {escape_markdown(note)}" for note in table.notes)
    return f"## {escape_markdown(table.title)}\n\n{grid(text)}\n\n{notes}\n"


def grid(text: pd.DataFrame, words: Collection[int] = (0,)) -> str:
    """Return a Markdown grid, padded so that it reads as plain text too.

    Args:
        text: strings; ``**`` stays markup, other special characters are escaped.
        words: indices of the columns that are aligned left; the others hold numbers and are
            aligned right.
    """
    return text.map(escape_markdown).to_markdown(
        index=False,
        headers=[escape_markdown(name) for name in text.columns],
        colalign=["left" if i in words else "right" for i in range(len(text.columns))],
        disable_numparse=True,
    )


def escape_markdown(text: str) -> str:
    """Escape the characters that Markdown takes for markup, except ``*``.

    A line break becomes a space, because it would end a row of a table.
    """
    text = " ".join(text.splitlines())
    for character in ("\\", "|", "_", "<", "`"):
        text = text.replace(character, "\\" + character)
    return text
