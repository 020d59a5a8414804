"""Pairs of a table cell and a published number that belongs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from gains.metrics.names import COCO_METRICS
from gains.published.records import Published, sources
from gains.tables.specs import CellSpec, DatasetSpec, RowSpec, TableSpec


@dataclass(frozen=True)
class Pair:
    """The metric of a table cell, and one published number to compare it with.

    Attributes:
        table: our table.
        row: our row.
        dataset: our data set.
        metric: name of the metric.
        subset: classes of our number.
        published: the published number.
    """

    table: TableSpec
    row: RowSpec
    dataset: DatasetSpec
    metric: str
    subset: str
    published: Published

    @property
    def external(self) -> bool:
        """Whether our number is that of another program's predictions."""
        return bool(self.row.external)

    @property
    def cell(self) -> CellSpec:
        """Our trainings, and how they were evaluated; an external row has none."""
        return self.row.cells[self.dataset.name]

    @property
    def mode(self) -> str | None:
        """The mode that the table prints, where the metric has modes."""
        return None if self.metric in COCO_METRICS else self.table.mode

    @property
    def score_threshold(self) -> float:
        """Lowest score of the detections that count; 0 if all of them count.

        Predictions hold the detections above the threshold of the method. In clean mode the study's
        own threshold acts on top of it.
        """
        kept = self.cell.score_threshold
        return max(kept, self.table.clean_score_threshold) if self.mode == "clean" else kept


def pairs_of(table: TableSpec) -> list[Pair]:
    """Return the pairs of a table, in the order of its rows, data sets and metrics."""
    if table.table is None:
        return []
    return [
        Pair(table, row, dataset, metric, subset, published)
        for row in table.rows
        if row.published
        for dataset in table.datasets
        if dataset.name in row.scores and dataset.absent is None
        for metric in table.metrics
        for published in _beside(table, row, dataset)
        for subset in table.subsets
        if published.metric == metric and dataset.has_number(published, subset)
    ]


def _beside(table: TableSpec, row: RowSpec, dataset: DatasetSpec) -> list[Published]:
    published = dataset.represents or dataset.stands_for
    configuration = "" if row.external else row.cells[dataset.name].configuration
    if published is None:
        return []
    return sources(table.paper, str(table.table), str(row.published), published, configuration)
