"""The cells of a table: every metric of every row, data set and subset, from score files."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pandas as pd

from gains.certainty.words import Section
from gains.scoring.score_file import ScoreFile, over_seeds, read_scores
from gains.support.files import read_json, require_file
from gains.tables.columns import STANDARD, Field, category_of, columns_of
from gains.tables.external import external_columns
from gains.tables.quotations import differences
from gains.tables.specs import DatasetSpec, RowSpec, Subset, TableSpec, cost_path

_COUNTS = ("images", "objects")


def read_cells(spec: TableSpec, judged: Sequence[Section]) -> pd.DataFrame:
    """Read the score files of a table.

    Args:
        spec: the table.
        judged: what the test images say about it, see
            :func:`gains.tables.certainty.sections.judge_table`.

    Returns:
        One line per row, data set and subset. Its columns are those of the CSV: names of the line,
        the numbers of test images and of objects of these classes in them, then the mean of each
        metric in percent (e.g. ``AJI_clean``) and its standard deviation (``AJI_clean_sd``),
        float64, NaN where undefined or not measured. If rows quote published numbers, columns of
        their own follow: the source, and each number with its printed spread and what speaks
        against comparing the measured values with it. If rows show external predictions,
        :func:`gains.tables.external.external_columns` follow.

    Raises:
        FileNotFoundError: a score file is missing, or every data set of the table is absent.
        ValueError: a score file is truncated or lacks a number, or the table is empty.
    """
    _refuse_absent(spec)
    files = {path: read_scores(path) for path in spec.score_paths}
    lines = [
        _what(spec, row, dataset, subset)
        | _counts(row, dataset, subset, judged)
        | _numbers(spec, row, dataset, subset, files)
        | _costs(spec, row, dataset)
        | _quoted(spec, row, dataset, subset)
        | external_columns(row, dataset.name, files)
        for row in spec.rows
        for dataset in spec.datasets
        for subset in spec.subsets
        if dataset.name in row.scores or _quoted(spec, row, dataset, subset)
    ]
    if not lines:
        raise ValueError(f"table {spec.name!r}: no row, data set or subset to show")
    frame = pd.DataFrame(lines)
    # A column without any number would otherwise have the dtype object.
    numbers = [*_headings(spec), *spec.costs]
    return frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(_COUNTS, "Int64"))


def _refuse_absent(spec: TableSpec) -> None:
    """Refuse a table of which every data set is absent."""
    paths = [dataset.absent for dataset in spec.datasets if dataset.absent]
    if spec.datasets and len(paths) == len(spec.datasets):
        raise FileNotFoundError(
            f"table {spec.name!r}: none of its data sets is on this machine (missing: "
            f"{', '.join(paths)}); docs/datasets.md says how to get them"
        )


def _what(spec: TableSpec, row: RowSpec, dataset: DatasetSpec, subset: Subset) -> dict[str, Field]:
    cell = row.cells.get(dataset.name)
    return {
        "study": spec.study,
        "table": spec.name,
        "row": row.label,
        "method": row.method,
        "variant": row.variant,
        "backbone": cell.backbone if cell else None,
        "dataset": dataset.name,
        "stands_for": dataset.stands_for,
        "subset": subset,
        "n": len(row.scores.get(dataset.name, ())),
    }


def _counts(
    row: RowSpec, dataset: DatasetSpec, subset: Subset, judged: Sequence[Section]
) -> dict[str, Field]:
    """Return the numbers of images and objects; none where nothing was measured."""
    key = (dataset.name, subset)
    found = [s for s in judged if (s.dataset, s.subset) == key and dataset.name in row.scores]
    return dict.fromkeys(_COUNTS) | {name: getattr(s, name) for s in found for name in _COUNTS}


def _numbers(
    spec: TableSpec,
    row: RowSpec,
    dataset: DatasetSpec,
    subset: Subset,
    files: dict[str, ScoreFile],
) -> dict[str, Field]:
    if row.quotes or dataset.absent:
        return dict.fromkeys(_headings(spec))
    paths = row.scores[dataset.name]
    if not paths:
        raise ValueError(f"table {spec.name!r}: {row.label} has no run on {dataset.name}")
    target = category_of(subset, dataset, files[paths[0]])
    numbers: dict[str, Field] = {}
    for name in _metrics(spec):
        for heading, mode in columns_of(name).items():
            value = over_seeds([files[path].value(name, mode, target) for path in paths])
            numbers[heading], numbers[f"{heading}_sd"] = value.mean, value.sd
    return numbers


def _costs(spec: TableSpec, row: RowSpec, dataset: DatasetSpec) -> dict[str, Field]:
    """Return the mean costs over the runs of a row that was trained here."""
    paths = row.cells[dataset.name].scores if dataset.name in row.cells else ()
    found = [_cost_of(cost_path(path)) for path in paths] if spec.costs else []
    return {
        name: statistics.fmean(costs[name] for costs in found) if found else None
        for name in spec.costs
    }


def _cost_of(path: str) -> dict[str, float]:
    """Return the numbers of a file of `gains cost`; of two memories, that of the GPU."""
    require_file(path, "no such file; make it with `gains cost` or let the workflow make it")
    numbers: dict[str, float] = {}
    for name, value in read_json(path).items():
        known = value if isinstance(value, dict) else {"host": value}
        numbers[name] = known["device"] if "device" in known else known["host"]
    return numbers


def _quoted(
    spec: TableSpec, row: RowSpec, dataset: DatasetSpec, subset: Subset
) -> dict[str, Field]:
    """Return the published numbers that a row quotes, with their source; empty without any."""
    numbers: dict[str, Field] = {}
    for number in row.quoted:
        if (number.dataset, number.subset) == (dataset.name, subset):
            numbers["quoted_from"] = f"{spec.source}, {row.published}"
            numbers[f"{number.metric}_quoted"] = number.value
            numbers[f"{number.metric}_quoted_spread"] = number.spread
            reasons = "; ".join(differences(spec, number))
            numbers[f"{number.metric}_quoted_not_comparable"] = reasons or None
    return numbers


def _metrics(spec: TableSpec) -> list[str]:
    """Return the standard metrics and those that the table adds."""
    return list(dict.fromkeys([*STANDARD, *spec.metrics]))


def _headings(spec: TableSpec) -> list[str]:
    headings = [heading for name in _metrics(spec) for heading in columns_of(name)]
    return [name for heading in headings for name in (heading, f"{heading}_sd")]
