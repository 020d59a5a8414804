"""What the test images say about the columns of a table."""

from __future__ import annotations

from gains.certainty.evidence import Quantity
from gains.certainty.judge import Comparison
from gains.certainty.words import Section
from gains.scoring.score_file import ScoreFile, read_scores
from gains.tables.specs import DatasetSpec, TableSpec

SUBSETS = {"target": "target class", "average": "average over classes"}
"""The subsets of classes in words."""


def judge_table(spec: TableSpec) -> list[Section]:
    """Return what the test images say about the columns of a table, without absent data sets.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated, or an earlier version wrote it; or the rows were
            scored on different images.
    """
    found = []
    for dataset in spec.datasets:
        if dataset.absent is None:
            found += _sections(spec, dataset, Comparison(measured_scores(spec, dataset)))
    return found


def measured_scores(spec: TableSpec, dataset: DatasetSpec) -> dict[str, list[ScoreFile]]:
    """Return the score files of each row on a data set, by the label of the row.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated.
    """
    return {
        row.label: list(map(read_scores, row.scores[dataset.name]))
        for row in spec.measured.rows
        if dataset.name in row.scores
    }


def _sections(spec: TableSpec, dataset: DatasetSpec, comparison: Comparison) -> list[Section]:
    return [
        Section(
            dataset.name,
            group_title(spec, dataset, subset),
            subset,
            [
                comparison.judge(
                    Quantity(
                        metric, spec.mode, dataset.target_category if subset == "target" else None
                    )
                )
                for metric in spec.metrics
            ],
        )
        for subset in spec.subsets
    ]


def group_title(spec: TableSpec, dataset: DatasetSpec, subset: str) -> str:
    """Return the title of a group of columns: the data set, and the subset if there are several."""
    return dataset.title + (f", {SUBSETS[subset]}" if len(spec.subsets) > 1 else "")
