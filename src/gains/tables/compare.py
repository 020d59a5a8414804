"""Writing of our numbers beside the published numbers of every source, as CSV and Markdown."""

from __future__ import annotations

import csv
import logging
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from gains.support.files import require_suffix, write_text
from gains.tables.comparison import Cells, Line, compare_cells
from gains.tables.markdown import escape_markdown, grid
from gains.tables.printed import BLANK, format_number
from gains.tables.specs import CompareSpec
from gains.tables.write import to_csv

logger = logging.getLogger(__name__)


def write_compare(spec: CompareSpec, table_files: list[str], out_csv: str | Path) -> None:
    """Write ``compare.csv`` and, for people, ``compare.md`` beside it.

    There is one line for each table cell and published number that have the same method, data set,
    metric and classes. The data set is the published one that ours represents or stands for. If
    no cell has a published counterpart, the files hold only the header.

    Args:
        spec: the tables of the study, see :func:`gains.tables.of_study.compare_spec`.
        table_files: the CSVs of the study's tables, in any order.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a table file is missing.
        ValueError: a table file lacks a row of the spec, or ``out_csv`` does not end in ``.csv``.
    """
    out_csv = require_suffix(out_csv, ".csv")
    cells = _read_cells(table_files)
    lines = compare_cells(spec, cells)
    if not lines:
        logger.warning("study %s: no cell has a published counterpart", spec.study)
    write_text(out_csv.with_suffix(".md"), _markdown(spec, lines))
    records = [asdict(line) for line in lines]
    write_text(out_csv, to_csv(pd.DataFrame(records, columns=[f.name for f in fields(Line)])))


def _read_cells(table_files: list[str]) -> Cells:
    cells: Cells = {}
    for path in table_files:
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: no such table; make it with `gains table`")
        with Path(path).open(encoding="utf-8", newline="") as file:
            for record in csv.DictReader(file):
                try:
                    key = (record["table"], record["row"], record["dataset"], record["subset"])
                except KeyError as error:
                    raise ValueError(
                        f"{path}: expected a table that `gains table` wrote, but {error} is missing"
                    ) from error
                cells[key] = record
    return cells


def _markdown(spec: CompareSpec, lines: list[Line]) -> str:
    parts = [
        f"# Ours and published\n\nStudy {escape_markdown(spec.study)}: "
        f"{escape_markdown(spec.study_title)}."
    ]
    if not lines:
        parts.append("No cell of this study's tables has a published counterpart.")
    for table in spec.tables:
        own = [line for line in lines if line.table == table.name]
        if own:
            parts.append(f"## {escape_markdown(table.title)}\n\n{_grid(own)}")
    if lines:
        parts.append(
            "Percent. Papers print different numbers for the same cell, so every source is shown. "
            "A difference is ours minus published; `comparable` is yes only for the same data set, "
            "the same backbone and the published programs' definitions."
        )
    return "\n\n".join(parts) + "\n"


def _grid(lines: list[Line]) -> str:
    records = [
        {
            "row": line.row,
            "data set": line.dataset,
            "metric": f"{line.metric}, {line.subset}",
            "ours": format_number(line.mean, line.sd),
            "published": format_number(line.published, line.published_spread),
            "source": f"{line.published_paper} {line.published_table}, {line.published_row}, "
            f"{line.published_dataset}",
            "difference": BLANK if line.difference is None else f"{line.difference:+.2f}",
            "comparable": "yes" if line.comparable == "yes" else f"no: {line.reason}",
        }
        for line in lines
    ]
    return grid(pd.DataFrame(records), words=(0, 1, 2, 5, 7))
