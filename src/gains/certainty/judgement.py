"""What the test images say about the methods in one column of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from gains.certainty.evidence import Quantity
from gains.certainty.intervals import Interval
from gains.scoring.score_file import MeanOverSeeds

FEW = 12
"""Below this number of test images a table warns, and no value is bold."""

LEAST = 5
"""With objects in fewer test images, a value has no interval and no test; see
benchmarks/coverage.py."""

SIGNIFICANT = 0.05
"""A corrected p value below this tells two methods apart."""


NOTHING = Interval(math.nan, math.nan)
"""No interval."""


@dataclass(frozen=True)
class Standing:
    """A method in a quantity, in percent.

    Attributes:
        row: label of the method.
        score: mean and spread over seeds and folds, as in the table.
        interval: interval of the mean over images and seeds.
        rank: rank by the mean, 1 for the best.
        ranks: interval of the rank.
        support: number of test images that the value rests on, see
            :meth:`gains.certainty.resamples.ResampledMethod.support`.
    """

    row: str
    score: MeanOverSeeds
    interval: Interval
    rank: int
    ranks: Interval
    support: int


@dataclass(frozen=True)
class Contrast:
    """Two methods in a quantity, in percent.

    Attributes:
        row: label of the first method.
        other: label of the second method.
        value: first minus second.
        interval: interval of the difference; NaN if there is none.
        p: p value of the difference of the means, NaN where there is no interval.
        p_holm: the same, corrected for all pairs of the quantity.
    """

    row: str
    other: str
    value: float
    interval: Interval
    p: float
    p_holm: float

    @property
    def turned(self) -> Self:
        """The second method minus the first."""
        interval = Interval(-self.interval.high, -self.interval.low)
        return replace(self, row=self.other, other=self.row, value=-self.value, interval=interval)


@dataclass(frozen=True)
class Difference(Contrast):
    """Two methods on test images.

    Attributes:
        wilcoxon: p value of the signed rank test; NaN for the AP, which no single image has.
        wilcoxon_holm: the same, corrected.
    """

    wilcoxon: float
    wilcoxon_holm: float

    @property
    def told_apart(self) -> bool:
        """Whether the images tell the two methods apart."""
        return self.p_holm < SIGNIFICANT


Pair = TypeVar("Pair", bound=Contrast)


@dataclass(frozen=True)
class Judgement:
    """A column of a table.

    Attributes:
        quantity: metric, mode and class.
        images: number of test images.
        objects: number of objects in them.
        seeds: largest number of seeds of a method on the same test images.
        rows: number of methods that were measured.
        standings: the methods that have a value, in the order of the table.
        differences: every pair of them.
    """

    quantity: Quantity
    images: int
    objects: int
    seeds: int
    rows: int
    standings: Sequence[Standing]
    differences: Sequence[Difference]

    @property
    def best(self) -> Standing | None:
        """The method of rank 1."""
        return min(self.standings, key=lambda standing: standing.rank, default=None)

    @property
    def behind(self) -> list[str]:
        """The methods that the images tell from the best."""
        return [pair.row for pair in self.to_best(self.differences) if pair.told_apart]

    def to_best(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return each other method minus the best one, of all pairs of methods."""
        best = self.best.row if self.best else None
        found = [pair for pair in pairs if best in (pair.row, pair.other)]
        return [pair if pair.other == best else pair.turned for pair in found]

    @property
    def level(self) -> list[str]:
        """The methods that the images cannot tell from the best, without the best one."""
        best = self.best.row if self.best else None
        return [s.row for s in self.standings if s.row not in (best, *self.behind)]

    @property
    def leading(self) -> list[str]:
        """The best method and all that the images cannot tell from it.

        The list is empty if there are few images, or if they tell no method from the best.
        """
        behind = self.behind
        if self.images < FEW or not behind:
            return []
        return [standing.row for standing in self.standings if standing.row not in behind]
