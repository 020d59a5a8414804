"""Our numbers beside the published ones, from every source, with a verdict whether they compare."""

from __future__ import annotations

import csv
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from gains.published.records import Published, sources
from gains.support.files import write_text
from gains.tables.columns import COCO_METRICS, column
from gains.tables.markdown import escape_markdown, grid
from gains.tables.printed import BLANK, format_number
from gains.tables.scores import MeanOverSeeds
from gains.tables.specs import CellSpec, CompareSpec, DatasetSpec, RowSpec, TableSpec
from gains.tables.write import to_csv

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """The metric of a table cell beside one published number; the fields are the CSV's columns.

    Numbers are percent; ``mode`` is the table's, None for COCO metrics, which have none;
    ``difference`` is ours minus published, ``difference_in_sd`` in units of our spread.
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


def write_compare(spec: CompareSpec, table_files: list[str], out_csv: str | Path) -> None:
    """Write ``compare.csv`` and, for people, ``compare.md`` beside it.

    There is one line per table cell and published number of the same method, data set (the one
    that ours is or stands for), metric and classes. A study without any published counterpart
    gets the header alone.

    Args:
        spec: the tables of the study, see :func:`gains.tables.of_study.compare_spec`.
        table_files: the CSVs of the study's tables, in any order.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a table file is missing.
        ValueError: a table file lacks a row of the spec, or ``out_csv`` is no ``.csv``.
    """
    out_csv = Path(out_csv)
    if out_csv.suffix != ".csv":
        raise ValueError(
            f"{out_csv}: expected a name ending in .csv; the name ending in .md is derived from it"
        )
    cells = _read_cells(table_files)
    pairs = [pair for table in spec.tables for pair in _pairs(table)]
    lines = [_line(spec.study, pair, cells) for pair in pairs]
    if not lines:
        logger.warning("study %s: no cell has a published counterpart", spec.study)
    write_text(out_csv.with_suffix(".md"), _markdown(spec, lines))
    records = [asdict(line) for line in lines]
    write_text(out_csv, to_csv(pd.DataFrame(records, columns=[f.name for f in fields(Line)])))


Cells = dict[tuple[str, str, str, str], dict[str, str]]


@dataclass(frozen=True)
class _Pair:
    """The metric of a table cell and one published number of the same."""

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
        """Return the reasons why the two cannot be compared; none if they can."""
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
