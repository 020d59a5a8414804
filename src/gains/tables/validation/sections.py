"""The values of a table of validations: its rows on each data set, their differences and order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gains.certainty.judgement import SIGNIFICANT
from gains.certainty.paired import PairedDifference, paired_difference, spread_of_few
from gains.certainty.ranking import holm, ranks
from gains.tables.validation.curves import QUANTITIES, SHARES, Curve, Floats
from gains.tables.validation.specs import ValidatedDatasetSpec, ValidatedRowSpec, ValidationSpec


@dataclass(frozen=True)
class ValidatedComparison:
    """A quantity of a row beside that of the row that it is compared with.

    Attributes:
        difference: the row minus the other one, paired by seed and fold.
        p_holm: its p value, corrected for all comparisons of the quantity on the data set.
    """

    difference: PairedDifference
    p_holm: float

    @property
    def told_apart(self) -> bool:
        """Whether the pairs tell the two rows apart."""
        return self.p_holm < SIGNIFICANT


@dataclass(frozen=True)
class ValidatedRow:
    """A row on a data set.

    Attributes:
        spec: the row.
        curves: the validations of each seed and fold.
        values: float64 (runs,) by quantity, percent; the slope in points per 100 iterations.
        iterations: mean iteration that the values are from, NaN for the slope.
        comparisons: by quantity; empty for a row that is compared with none.
        ranks: rank by the mean, by quantity; 1 is the largest; none for a mean that is unknown.
    """

    spec: ValidatedRowSpec
    curves: Sequence[Curve]
    values: dict[str, Floats]
    iterations: dict[str, float]
    comparisons: dict[str, ValidatedComparison]
    ranks: dict[str, int]

    def mean(self, quantity: str) -> float:
        """Return the mean over seeds and folds; NaN if one has no value."""
        return float(self.values[quantity].mean())

    def sd(self, quantity: str) -> float:
        """Return the spread over seeds and folds; NaN for few of them."""
        return spread_of_few(self.values[quantity])


@dataclass(frozen=True)
class ValidatedSection:
    """A data set of the table.

    Attributes:
        dataset: the data set.
        rows: its rows, in the order of the table.
    """

    dataset: ValidatedDatasetSpec
    rows: Sequence[ValidatedRow]

    @property
    def curves(self) -> list[Curve]:
        """The trainings, without repetitions."""
        return list({curve.path: curve for row in self.rows for curve in row.curves}.values())

    def order(self, quantity: str) -> list[str]:
        """Return the labels of the rows, the largest value first; rows without one are left out."""
        known = [row for row in self.rows if quantity in row.ranks]
        return [row.spec.label for row in sorted(known, key=lambda row: row.ranks[quantity])]

    def swapped(self, first: str, second: str) -> int:
        """Return how many pairs of rows change sides between two places of the schedule."""
        places = [(row.ranks.get(first), row.ranks.get(second)) for row in self.rows]
        known = [(a, b) for a, b in places if a is not None and b is not None]
        return sum((a - c) * (b - d) < 0 for k, (a, b) in enumerate(known) for c, d in known[:k])

    @property
    def turned(self) -> list[ValidatedRow]:
        """The compared rows whose difference changes its sign between places of the schedule."""
        found = []
        for row in self.rows:
            means = [row.comparisons[name].difference.mean for name in SHARES if row.comparisons]
            if any(mean > 0 for mean in means) and any(mean < 0 for mean in means):
                found.append(row)
        return found


def validated_sections(spec: ValidationSpec) -> list[ValidatedSection]:
    """Return the values of a table on each data set that is not absent.

    Raises:
        FileNotFoundError: a training is not done.
        ValueError: see :meth:`gains.tables.validation.curves.Curve.read`.
    """
    return [_section(spec, dataset) for dataset in spec.present]


def _section(spec: ValidationSpec, dataset: ValidatedDatasetSpec) -> ValidatedSection:
    rows = [_row(row, dataset) for row in spec.rows]
    compared = _comparisons(rows)
    placed = _ranks(rows)
    return ValidatedSection(
        dataset,
        [
            replace(row, comparisons=compared.get(row.spec.label, {}), ranks=placed[k])
            for k, row in enumerate(rows)
        ],
    )


def _row(spec: ValidatedRowSpec, dataset: ValidatedDatasetSpec) -> ValidatedRow:
    cell = spec.cells[dataset.name]
    curves = [Curve.read(folder, dataset.metric) for folder in cell.folders]
    points = [curve.points(cell.iterations) for curve in curves]
    values = {name: np.array([found[name][0] for found in points]) for name in QUANTITIES}
    places = {name: float(np.mean([found[name][1] for found in points])) for name in QUANTITIES}
    return ValidatedRow(spec, curves, values, places, {}, {})


def _comparisons(rows: Sequence[ValidatedRow]) -> dict[str, dict[str, ValidatedComparison]]:
    """Return the comparisons of each compared row by its label."""
    known = {row.spec.label: row for row in rows}
    pairs = [(row, known[row.spec.against]) for row in rows if row.spec.against is not None]
    found: dict[str, dict[str, ValidatedComparison]] = {row.spec.label: {} for row, _ in pairs}
    for name in QUANTITIES:
        differences = [
            paired_difference(row.values[name], other.values[name], _share(row))
            for row, other in pairs
        ]
        corrected = holm([difference.p for difference in differences])
        for (row, _), difference, p in zip(pairs, differences, corrected, strict=True):
            found[row.spec.label][name] = ValidatedComparison(difference, p)
    return found


def _share(row: ValidatedRow) -> float:
    """Return the number of validation images over that of training images."""
    return float(np.mean([curve.images / curve.training_images for curve in row.curves]))


def _ranks(rows: Sequence[ValidatedRow]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in rows]
    for name in QUANTITIES:
        known = [k for k, row in enumerate(rows) if not math.isnan(row.mean(name))]
        means = np.array([[rows[k].mean(name)] for k in known]).reshape(len(known), 1)
        for k, rank in zip(known, ranks(means)[:, 0].tolist(), strict=True):
            found[k][name] = rank
    return found
