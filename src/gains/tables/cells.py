"""The cells of a table: every metric of every row, data set and subset, from score files."""

from __future__ import annotations

import pandas as pd

from gains.tables.columns import STANDARD, columns_of
from gains.tables.scores import ScoreFile, over_seeds, read_scores
from gains.tables.specs import DatasetSpec, RowSpec, Subset, TableSpec

Field = str | int | float | None


def read_cells(spec: TableSpec) -> pd.DataFrame:
    """Read the score files of a table.

    Returns:
        One line per row, data set and subset. Its columns are those of the CSV: names of the line,
        then the mean of each metric in percent (e.g. ``AJI_clean``) and its standard deviation
        (``AJI_clean_sd``), float64, NaN where undefined.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated or lacks a number, or the table is empty.
    """
    files = {path: read_scores(path) for path in spec.score_paths}
    lines = [
        _what(spec, row, dataset, subset) | _numbers(spec, row, dataset, subset, files)
        for row in spec.rows
        for dataset in spec.datasets
        if dataset.name in row.cells
        for subset in spec.subsets
    ]
    if not lines:
        raise ValueError(f"table {spec.name!r}: no row, data set or subset to show")
    frame = pd.DataFrame(lines)
    # A column without any number would otherwise have the dtype object.
    return frame.astype(dict.fromkeys(_headings(spec), "float64"))


def _what(spec: TableSpec, row: RowSpec, dataset: DatasetSpec, subset: Subset) -> dict[str, Field]:
    cell = row.cells[dataset.name]
    return {
        "study": spec.study,
        "table": spec.name,
        "row": row.label,
        "method": row.method,
        "variant": row.variant,
        "backbone": cell.backbone,
        "dataset": dataset.name,
        "stands_for": dataset.stands_for,
        "subset": subset,
        "n": len(cell.scores),
    }


def _numbers(
    spec: TableSpec,
    row: RowSpec,
    dataset: DatasetSpec,
    subset: Subset,
    files: dict[str, ScoreFile],
) -> dict[str, Field]:
    paths = row.cells[dataset.name].scores
    if not paths:
        raise ValueError(f"table {spec.name!r}: {row.label} has no run on {dataset.name}")
    target = dataset.target_category if subset == "target" else None
    numbers: dict[str, Field] = {}
    for name in _metrics(spec):
        for heading, mode in columns_of(name).items():
            value = over_seeds([files[path].value(name, mode, target) for path in paths])
            numbers[heading], numbers[f"{heading}_sd"] = value.mean, value.sd
    return numbers


def _metrics(spec: TableSpec) -> list[str]:
    """Return the standard metrics and those that the table adds."""
    return list(dict.fromkeys([*STANDARD, *spec.metrics]))


def _headings(spec: TableSpec) -> list[str]:
    headings = [heading for name in _metrics(spec) for heading in columns_of(name)]
    return [name for heading in headings for name in (heading, f"{heading}_sd")]
