"""The comparison of table cells with published numbers, and the reasons why some do not compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gains.published.records import Published
from gains.scoring.score_file import MeanOverSeeds
from gains.tables.columns import column
from gains.tables.numerals import limit
from gains.tables.obstacles import obstacles
from gains.tables.pairs import Pair, pairs_of
from gains.tables.specs import CompareSpec

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
        configuration: our method with its modules and the parameters of its anomaly maps.
        score_threshold: lowest score of our detections that count, or ``none``.
        test_size: short and longest side of our test images in px.
        max_detections: largest number of our detections per image.
        recipe: our training in short words; the last checkpoint is taken unless another is named.
        metric: name of the metric.
        subset: classes, ``target``, ``average`` or the name of a class.
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
        published_configuration: the published method with its modules; None if unknown.
        published_score_threshold: the published threshold, ``none`` or ``unknown``.
        published_test_size: the published sizes, or ``unknown``.
        published_max_detections: the published number, ``none`` or ``unknown``.
        published_recipe: the published training; None if unknown. It decides nothing.
        published_picking: how the published checkpoint was chosen; None if unknown. It decides
            nothing.
        published_basis: where these conditions are known from.
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
    configuration: str
    score_threshold: str
    test_size: str
    max_detections: str
    recipe: str
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
    published_configuration: str | None
    published_score_threshold: str
    published_test_size: str
    published_max_detections: str
    published_recipe: str | None
    published_picking: str | None
    published_basis: str
    published_subset: str
    difference: float | None
    difference_in_sd: float | None
    comparable: str
    reason: str

    @property
    def reasons(self) -> list[str]:
        """The parts of ``reason``, one for each condition."""
        return self.reason.split("; ")


def compare_cells(spec: CompareSpec, cells: Cells) -> list[Line]:
    """Return the lines of the comparison, in the order of the tables.

    Args:
        spec: the tables of the study.
        cells: lines of the CSV files of these tables.

    Raises:
        ValueError: ``cells`` lacks a row of a table, or a column.
    """
    pairs = [pair for table in spec.tables for pair in pairs_of(table)]
    return [_line(spec.study, pair, cells) for pair in pairs]


def _ours(pair: Pair, cells: Cells) -> MeanOverSeeds:
    """Return our number from the CSV files of the tables."""
    key = (pair.table.name, pair.row.label, pair.dataset.name, pair.subset)
    if key not in cells:
        raise ValueError(
            f"no table given holds {', '.join(key)}; give the CSV of every table of the study"
        )
    name, record = column(pair.metric, pair.table.mode), cells[key]
    if name not in record:
        raise ValueError(f"table {key[0]}: its CSV has no column {name!r}; make it again")
    mean, sd = record[name], record[f"{name}_sd"]
    return MeanOverSeeds(float(mean) if mean else None, float(sd) if sd else None, int(record["n"]))


def _line(study: str, pair: Pair, cells: Cells) -> Line:
    published, ours, found = pair.published, _ours(pair, cells), obstacles(pair)
    conditions, model = published.conditions, _model(pair)
    difference = None if ours.mean is None else ours.mean - published.value
    return Line(
        study=study,
        table=pair.table.name,
        row=pair.row.label,
        dataset=pair.dataset.name,
        represents=pair.dataset.represents,
        stands_for=pair.dataset.stands_for,
        backbone=model.backbone,
        configuration=model.configuration,
        score_threshold=model.score_threshold,
        test_size=model.test_size,
        max_detections=model.max_detections,
        recipe=model.recipe,
        metric=pair.metric,
        subset=pair.subset,
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
        published_backbone=conditions.backbone,
        published_configuration=conditions.configuration,
        published_score_threshold=limit(conditions.score_threshold),
        published_test_size=conditions.test_size or "unknown",
        published_max_detections=limit(conditions.max_detections),
        published_recipe=conditions.recipe,
        published_picking=conditions.picking,
        published_basis=conditions.basis,
        published_subset=published.subset,
        difference=difference,
        difference_in_sd=None if difference is None or not ours.sd else difference / ours.sd,
        comparable="no" if found else "yes",
        reason="; ".join(found) or _agreement(published),
    )


class _Model(NamedTuple):
    """What is known of the model behind our number, in words."""

    backbone: str
    configuration: str
    score_threshold: str
    test_size: str
    max_detections: str
    recipe: str


def _model(pair: Pair) -> _Model:
    if pair.external:
        limit_here = limit(pair.dataset.max_detections)
        return _Model("unknown", "external", "unknown", "unknown", limit_here, "unknown")
    cell = pair.cell
    return _Model(
        cell.backbone,
        cell.configuration_words,
        limit(pair.score_threshold),
        cell.test_size,
        limit(cell.max_detections),
        cell.training.words,
    )


def _agreement(published: Published) -> str:
    """Return the reason of a comparable pair, with what the paper does not say itself."""
    inferred = published.conditions.by_source.get("inferred", [])
    named = [_NAMES[name] for name in inferred if name in _NAMES]
    if published.definition_basis == "inferred":
        named.append(f"definition of the published {published.metric}")
    same = "same data set, configuration, evaluation and definitions"
    return f"{same}; inferred: {', '.join(named)}" if named else same


_NAMES = {
    "backbone": "published backbone",
    "configuration": "published configuration",
    "score_threshold": "published score threshold",
    "test_size": "published size of test images",
    "max_detections": "published number of detections",
}
"""Conditions that decide whether two numbers compare, by their columns in conditions.csv."""
