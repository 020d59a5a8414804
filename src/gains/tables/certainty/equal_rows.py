"""The note on rows that found the same on every test image."""

from __future__ import annotations

from gains.support.files import require_file, sha256
from gains.tables.specs import DatasetSpec, TableSpec


def notes_on_equal_rows(spec: TableSpec) -> list[str]:
    """Return a note on each group of rows whose scores are the same for every image.

    Equal cells can be chance, equal score files cannot: these hold the values of every image.

    Args:
        spec: the table.

    Raises:
        FileNotFoundError: a score file is missing.
    """
    titles: dict[tuple[str, ...], list[str]] = {}
    for dataset in spec.datasets:
        for group in _equal_rows(spec, dataset):
            titles.setdefault(group, []).append(dataset.title)
    return [_note(spec, group, found) for group, found in titles.items()]


def _equal_rows(spec: TableSpec, dataset: DatasetSpec) -> list[tuple[str, ...]]:
    """Return the labels of rows with equal score files, at least two in each group."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in spec.measured.rows:
        if paths := row.scores.get(dataset.name):
            for path in paths:
                require_file(path, "no such score file")
            groups.setdefault(tuple(map(sha256, paths)), []).append(row.label)
    return [tuple(labels) for labels in groups.values() if len(labels) > 1]


def _note(spec: TableSpec, labels: tuple[str, ...], titles: list[str]) -> str:
    rows = [row for row in spec.rows if row.label in labels]
    named = f"{', '.join(labels[:-1])} and {labels[-1]}"
    where = "" if len(titles) == len(spec.datasets) else f" of {', '.join(titles)}"
    if len({tuple(row.scores.items()) for row in rows}) == 1:
        return f"{named} show the same run{where}."
    configurations = {c.configuration for row in rows for c in row.cells.values()}
    differ = f" ({', '.join(sorted(configurations))})" if len(configurations) > 1 else ""
    return (
        f"{named} have the same scores for every test image{where}: what differs between these "
        f"rows{differ} changed no detection."
    )
