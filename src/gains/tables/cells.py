"""The cells of a table: every metric of every row, data set and subset, read from score files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gains.tables.scores import STANDARD, ScoreFile, Value, columns_of, over_seeds, read_scores
from gains.tables.specs import score_paths


@dataclass(frozen=True)
class Cell:
    """One row of the table on one data set and subset of classes.

    Args:
        row: the row of the spec.
        dataset: the data set of the spec.
        subset: ``target`` or ``average``.
        values: by column name, e.g. ``mAP``, ``AJI_clean``, ``AJI_as_published``.
    """

    row: dict[str, Any]
    dataset: dict[str, Any]
    subset: str
    values: dict[str, Value]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.row["scores"][self.dataset["name"]])

    @property
    def backbone(self) -> str:
        """Short name of the backbone that was trained on this data set."""
        backbone: str = self.row["backbones"][self.dataset["name"]]
        return backbone


def metrics_of(spec: dict[str, Any]) -> list[str]:
    """Return the standard metrics and those that the table adds."""
    return list(dict.fromkeys([*STANDARD, *spec["metrics"]]))


def cells(spec: dict[str, Any]) -> list[Cell]:
    """Read the score files of a table.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated or lacks a number, or the table is empty.
    """
    files = {path: read_scores(path) for path in score_paths(spec)}
    found = [
        _cell(spec, row, dataset, subset, files)
        for row in spec["rows"]
        for dataset in spec["datasets"]
        for subset in spec["subsets"]
    ]
    if not found:
        raise ValueError(f"table {spec['name']!r}: no row, data set or subset to show")
    return found


def _cell(
    spec: dict[str, Any],
    row: dict[str, Any],
    dataset: dict[str, Any],
    subset: str,
    files: dict[str, ScoreFile],
) -> Cell:
    paths = row["scores"][dataset["name"]]
    if not paths:
        raise ValueError(f"table {spec['name']!r}: {row['label']} has no run on {dataset['name']}")
    target = dataset["target_category"] if subset == "target" else None
    values = {}
    for name in metrics_of(spec):
        for heading, mode in columns_of(name).items():
            values[heading] = over_seeds([files[p].value(name, mode, target) for p in paths])
    return Cell(row, dataset, subset, values)
