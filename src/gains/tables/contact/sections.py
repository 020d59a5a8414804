"""The scores of the rows of a table by kind of contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gains.certainty.contact import ContactComparison
from gains.certainty.evidence import Quantity
from gains.certainty.judgement import Judgement, Standing
from gains.metrics.contact import ALL, KINDS, PRECISIONS, RECALLS, REGIONS, UNMATCHED, term
from gains.scoring.score_file import MeanOverSeeds
from gains.tables.certainty.sections import group_title, measured_scores
from gains.tables.columns import category_of
from gains.tables.specs import DatasetSpec, TableSpec

PIXELS = "pixel recall"
"""The measure of both regions."""


@dataclass(frozen=True)
class ContactCell:
    """The value of a row for the objects of one kind.

    Attributes:
        row: label of the row.
        measure: what is measured, e.g. ``R50``.
        kind: kind of contact or region; all detections have the kind ``all``.
        objects: number of objects (of unmatched detections: of detections) that the value is
            computed from, as a mean over seeds.
        score: mean and spread over seeds and folds.
        standing: the interval and the rank, where they are computed.
        leading: whether it is the best or the images cannot tell it from the best.
    """

    row: str
    measure: str
    kind: str
    objects: float
    score: MeanOverSeeds
    standing: Standing | None
    leading: bool


@dataclass(frozen=True)
class ContactSection:
    """The scores by contact on one data set and subset of classes.

    Attributes:
        dataset: name of the data set.
        title: data set, and subset if there are several, in words.
        subset: classes.
        images: number of test images.
        objects: number of objects of each kind in them.
        judgements: what the images say, by the name of a value; kinds without objects are left out.
        cells: every value.
    """

    dataset: str
    title: str
    subset: str
    images: int
    objects: Mapping[str, int]
    judgements: Mapping[str, Judgement]
    cells: Sequence[ContactCell]

    def cell(self, row: str, measure: str, kind: str) -> ContactCell:
        """Return one value."""
        return next(c for c in self.cells if (c.row, c.measure, c.kind) == (row, measure, kind))

    @property
    def rows(self) -> list[str]:
        """The rows, in the order of the table."""
        return list(dict.fromkeys(cell.row for cell in self.cells))


def contact_sections(spec: TableSpec) -> list[ContactSection]:
    """Return the scores by contact of a table, without absent data sets.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: a score file is truncated, or an earlier version wrote it; or the rows were
            scored on different images.
    """
    found = []
    for dataset in spec.datasets:
        if dataset.absent is None:
            comparison = ContactComparison(measured_scores(spec, dataset))
            found += [_section(spec, dataset, subset, comparison) for subset in spec.subsets]
    return found


def _section(
    spec: TableSpec, dataset: DatasetSpec, subset: str, comparison: ContactComparison
) -> ContactSection:
    target = category_of(subset, dataset, comparison.any_file)
    first = next(iter(comparison.files))
    objects = {
        kind: round(_count(comparison, first, Quantity(term("R50", kind), "clean", target)))
        for kind in KINDS
    }
    names = [term("R50", kind) for kind in KINDS if objects[kind]]
    judgements = {
        name: comparison.judge(Quantity(name, "clean", target))
        for name in (*names, *(REGIONS if objects[ALL] else ()))
    }
    return ContactSection(
        dataset.name,
        group_title(spec, dataset, subset),
        subset,
        comparison.images,
        objects,
        judgements,
        list(_cells(comparison, target, judgements)),
    )


def _cells(
    comparison: ContactComparison, target: int | None, judgements: Mapping[str, Judgement]
) -> Iterator[ContactCell]:
    for row in comparison.files:
        for measure, kind, name in _values():
            quantity = Quantity(name, "clean", target)
            if measure in PRECISIONS:
                score = comparison.precision(row, name, target)
                count = _count(comparison, row, Quantity(term("R50", kind), "clean", target))
            else:
                score, count = comparison.score(row, quantity), _count(comparison, row, quantity)
            judged = judgements.get(name)
            standings = {s.row: s for s in judged.standings} if judged else {}
            leading = judged is not None and row in judged.leading
            yield ContactCell(row, measure, kind, count, score, standings.get(row), leading)


def _values() -> Iterator[tuple[str, str, str]]:
    """Yield measure, kind and name of every value."""
    for measure in (*RECALLS, *PRECISIONS):
        yield from ((measure, kind, term(measure, kind)) for kind in KINDS)
    yield from ((PIXELS, region, region) for region in REGIONS)
    yield UNMATCHED, ALL, UNMATCHED


def _count(comparison: ContactComparison, row: str, quantity: Quantity) -> float:
    """Return the number of objects behind a value: the sum over folds of the mean over seeds."""
    items = comparison.evidence(row)
    folds = len({item.images for item in items})
    counts = [
        item.overlapping(quantity.target) if quantity.metric in REGIONS else item.count(quantity)
        for item in items
    ]
    return sum(counts) * folds / len(items)
