"""The comparison of table cells with published numbers, and the reasons why some do not compare."""

from __future__ import annotations

from dataclasses import dataclass

from gains.published.records import Published, sources
from gains.tables.columns import COCO_METRICS, column
from gains.tables.scores import MeanOverSeeds
from gains.tables.specs import CellSpec, CompareSpec, DatasetSpec, RowSpec, TableSpec

Cells = dict[tuple[str, str, str, str], dict[str, str]]
"""Lines of the tables' CSV files by table, row, data set and subset."""


@dataclass(frozen=True)
class Line:
    """The metric of a table cell beside one published number; the fields are the CSV's columns.

    Attributes:
        study: name of the study.
        table: name of our table.
        row: label of our row.
        dataset: name of our data set.
        represents: the published data set that ours is.
        stands_for: the published data set that ours imitates.
        backbone: short name of our backbone.
        metric: name of the metric.
        subset: classes, ``target`` or ``average``.
        mode: printed mode of the table; None for COCO metrics, which have no modes.
        mean: our mean over seeds, percent; None where undefined.
        sd: our sample standard deviation, percent; None for a single seed.
        n: number of seeds and folds.
        published: published number, percent.
        published_spread: published spread, percent.
        published_paper: paper that prints the number.
        published_table: table of the number in that paper.
        published_row: row of the number in that table.
        published_dataset: data set of the number in that table.
        published_backbone: short name of the backbone.
        published_subset: classes as the paper prints them.
        difference: our mean minus the published number.
        difference_in_sd: the difference divided by our standard deviation.
        comparable: ``yes`` or ``no``.
        reason: the reason why the numbers are comparable, or why not.
    """

    study: str
    table: str
    row: str
    dataset: str
    represents: str | None
    stands_for: str | None
    backbone: str
    metric: str
    subset: str
    mode: str | None
    mean: float | None
    sd: float | None
    n: int
    published: float
    published_spread: float | None
    published_paper: str
    published_table: str
    published_row: str
    published_dataset: str
    published_backbone: str | None
    published_subset: str
    difference: float | None
    difference_in_sd: float | None
    comparable: str
    reason: str


def compare_cells(spec: CompareSpec, cells: Cells) -> list[Line]:
    """Return the lines of the comparison, in the order of the tables.

    Args:
        spec: the tables of the study.
        cells: lines of the CSV files of these tables.

    Raises:
        ValueError: ``cells`` lacks a row of a table, or a column.
    """
    pairs = [pair for table in spec.tables for pair in _pairs(table)]
    return [_line(spec.study, pair, cells) for pair in pairs]


@dataclass(frozen=True)
class _Pair:
    """The metric of a table cell, and one published number to compare it with."""

    table: TableSpec
    row: RowSpec
    dataset: DatasetSpec
    metric: str
    published: Published

    @property
    def mode(self) -> str | None:
        """The mode that the table prints, where the metric has modes."""
        return None if self.metric in COCO_METRICS else self.table.mode

    @property
    def cell(self) -> CellSpec:
        return self.row.cells[self.dataset.name]

    def ours(self, cells: Cells) -> MeanOverSeeds:
        """Return our number from the CSV files of the tables."""
        subset = str(self.published.our_subset)
        key = (self.table.name, self.row.label, self.dataset.name, subset)
        if key not in cells:
            raise ValueError(
                f"no table given holds {', '.join(key)}; give the CSV of every table of the study"
            )
        name, record = column(self.metric, self.table.mode), cells[key]
        if name not in record:
            raise ValueError(f"table {key[0]}: its CSV has no column {name!r}; make it again")
        mean, sd = record[name], record[f"{name}_sd"]
        return MeanOverSeeds(
            float(mean) if mean else None, float(sd) if sd else None, int(record["n"])
        )

    def obstacles(self) -> list[str]:
        """Return the reasons why the two numbers cannot be compared; none if they can."""
        reasons, published = [], self.published
        if self.dataset.represents != published.dataset:
            reasons.append(f"{self.dataset.name} is a stand-in for {published.dataset}")
        if self.cell.backbone != published.backbone:
            reasons.append(
                f"backbone {self.cell.backbone}, published {published.backbone or 'another kind'}"
            )
        if self.mode not in (None, "as_published"):
            reasons.append(f"{self.metric} in {self.mode} mode")
        maps = self.cell.maps_mode
        if maps not in (None, "as_published"):
            reasons.append(f"anomaly maps in {maps} mode")
        return reasons


def _pairs(table: TableSpec) -> list[_Pair]:
    if table.table is None:
        return []
    return [
        _Pair(table, row, dataset, metric, published)
        for row in table.rows
        if row.published
        for dataset in table.datasets
        for metric in table.metrics
        for published in sources(table.paper, table.table, row.published)
        if published.metric == metric
        and published.dataset == (dataset.represents or dataset.stands_for)
        and published.our_subset in table.subsets
    ]


def _line(study: str, pair: _Pair, cells: Cells) -> Line:
    published, ours, obstacles = pair.published, pair.ours(cells), pair.obstacles()
    difference = None if ours.mean is None else ours.mean - published.value
    return Line(
        study=study,
        table=pair.table.name,
        row=pair.row.label,
        dataset=pair.dataset.name,
        represents=pair.dataset.represents,
        stands_for=pair.dataset.stands_for,
        backbone=pair.cell.backbone,
        metric=pair.metric,
        subset=str(published.our_subset),
        mode=pair.mode,
        mean=ours.mean,
        sd=ours.sd,
        n=ours.n,
        published=published.value,
        published_spread=published.spread,
        published_paper=published.paper,
        published_table=published.table,
        published_row=published.row,
        published_dataset=published.dataset,
        published_backbone=published.backbone,
        published_subset=published.subset,
        difference=difference,
        difference_in_sd=None if difference is None or not ours.sd else difference / ours.sd,
        comparable="no" if obstacles else "yes",
        reason="; ".join(obstacles) or "same data set, backbone and definitions",
    )
