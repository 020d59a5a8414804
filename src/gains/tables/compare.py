"""Writing of our numbers beside the published numbers of every source, as CSV and Markdown."""

from __future__ import annotations

import logging
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from gains.support.csv_file import read_csv
from gains.support.files import require_suffix, write_text, written_last
from gains.tables.compare_markdown import comparison_markdown
from gains.tables.comparison import Cells, Line, compare_cells
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
    records = [asdict(line) for line in lines]
    table = to_csv(pd.DataFrame(records, columns=[f.name for f in fields(Line)]))
    with written_last(out_csv, table.encode()):
        write_text(out_csv.with_suffix(".md"), comparison_markdown(spec, lines))


def _read_cells(table_files: list[str]) -> Cells:
    cells: Cells = {}
    for path in table_files:
        for _, record in read_csv(path, "no such table; make it with `gains table`").rows:
            try:
                key = (record["table"], record["row"], record["dataset"], record["subset"])
            except KeyError as error:
                raise ValueError(
                    f"{path}: expected a table that `gains table` wrote, but {error} is missing"
                ) from error
            cells[key] = record
    return cells
