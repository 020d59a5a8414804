"""What the test images say about the columns of a table."""

from __future__ import annotations

from gains.certainty.evidence import Quantity
from gains.certainty.judge import Comparison
from gains.certainty.over_runs import over_runs
from gains.certainty.words import Section
from gains.scoring.score_file import ScoreFile, read_scores
from gains.tables.columns import SUBSETS, category_of
from gains.tables.specs import DatasetSpec, TableSpec


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
    found = []
    for subset in spec.subsets:
        target = category_of(subset, dataset, comparison.any_file)
        judged = [comparison.judge(Quantity(name, spec.mode, target)) for name in spec.metrics]
        title, paired = group_title(spec, dataset, subset), over_runs(comparison, judged)
        found.append(Section(dataset.name, title, subset, judged, paired))
    return found


def group_title(spec: TableSpec, dataset: DatasetSpec, subset: str) -> str:
    """Return the title of a group of columns: the data set, and which classes count.

    A table with one subset names it only if it is a single named class.
    """
    if len(spec.subsets) == 1 and subset in SUBSETS:
        return dataset.title
    return f"{dataset.title}, {SUBSETS.get(subset, subset)}"
