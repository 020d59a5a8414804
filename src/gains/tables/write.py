"""A table as files: CSV for machines, Markdown and LaTeX for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gains.support.files import write_text
from gains.tables import latex, markdown
from gains.tables.cells import Cell, cells
from gains.tables.pivot import pivot


def write_table(spec: dict[str, Any], out_csv: str | Path) -> None:
    """Write a table as CSV, and as Markdown and LaTeX beside it (``.md``, ``.tex``).

    The CSV has one line per (row, data set, subset of classes) with both modes as columns;
    the other two show the metrics and the mode of the study. All numbers are percent.

    Args:
        spec: what :func:`gains.tables.specs.spec` returned.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated or lacks a number, or ``out_csv`` is no ``.csv``.
    """
    out_csv = Path(out_csv)
    if out_csv.suffix != ".csv":
        raise ValueError(f"{out_csv}: expected a name ending in .csv; .md and .tex follow from it")
    found = cells(spec)
    shown = pivot(spec, found)
    write_text(out_csv.with_suffix(".md"), markdown.render(shown))
    write_text(out_csv.with_suffix(".tex"), latex.render(shown))
    records = [_record(spec, cell) for cell in found]
    write_text(out_csv, csv_text(records, list(records[0])))


def csv_text(records: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return CSV with a header; None becomes an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue()


def number(value: float | None) -> str | None:
    """Return a percentage for a CSV: four decimals, or None where there is no number."""
    return None if value is None else f"{value:.4f}"


def _record(spec: dict[str, Any], cell: Cell) -> dict[str, Any]:
    record: dict[str, Any] = {
        "study": spec["study"],
        "table": spec["name"],
        "row": cell.row["label"],
        "method": cell.row["method"],
        "variant": cell.row["variant"],
        "backbone": cell.backbone,
        "dataset": cell.dataset["name"],
        "stands_for": cell.dataset["stands_for"],
        "subset": cell.subset,
        "n": cell.n,
    }
    for name, value in cell.values.items():
        record[name] = number(value.mean)
        record[f"{name}_sd"] = number(value.sd)
    return record
