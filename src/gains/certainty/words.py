"""What the test images say about a table, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gains.certainty.intervals import LEVEL
from gains.certainty.judgement import FEW, LEAST, SIGNIFICANT, Judgement
from gains.certainty.over_runs import OverRuns

RULE = (
    "Bold: the best value of a column and all that the test images cannot tell from it (p of the "
    f"difference, corrected for all pairs of rows, of at least {SIGNIFICANT}). Nothing is bold "
    f"where the images tell no row from the best one, or where there are fewer than {FEW} of them."
)
"""The rule for bold values."""

ONCE = (
    "Each method was trained with one seed. Intervals over test images say what these models would "
    "do on other images of the same kind, and not how another training of the method would differ."
)
"""What one seed cannot say."""


OVER_RUNS = (
    "Difference over seeds and folds: one difference for each fold, or with one fold for each "
    "seed. Its interval and p (Nadeau and Bengio; Holm) cover other trainings and, with several "
    "folds, other images. Few differences make the interval wide."
)
"""What the differences over seeds and folds say."""

NO_INTERVAL = (
    f"A value has no interval if fewer than {LEAST} test images have such objects (in a mean over "
    "classes: of one of the classes), or if all resamples have the same value, for example 100."
)
"""Where a value has no interval."""

NAMED = 5
"""Rows that a sentence names; of more rows it gives the number."""


class Case(Enum):
    """What the images say about a column.

    empty: no row has a value. alone: one row was measured. single: one row of several has a value.
    equal: all values are the same. unranked: no row is told from the best one. ahead: the best row
    is told from others.
    """

    empty = auto()
    alone = auto()
    single = auto()
    equal = auto()
    unranked = auto()
    ahead = auto()


def case_of(judgement: Judgement) -> Case:
    """Return what the images say about a column."""
    ranks = [standing.rank for standing in judgement.standings]
    if not ranks:
        return Case.empty
    if len(ranks) == 1:
        return Case.alone if judgement.rows == 1 else Case.single
    if set(ranks) == {1}:
        return Case.equal
    return Case.ahead if judgement.behind else Case.unranked


def rows_in_words(rows: Sequence[str], judgement: Judgement) -> str:
    """Return some rows of a column, all but the best, by name, or by number if they are many."""
    count = len(judgement.standings) - 1
    if len(rows) <= NAMED:
        return ", ".join(rows)
    return f"all {count} other rows" if len(rows) == count else f"{len(rows)} of {count} other rows"


@dataclass(frozen=True)
class Section:
    """The columns of a table on one data set and subset of classes.

    Attributes:
        dataset: name of the data set.
        title: data set, and subset if there are several, in words.
        subset: classes.
        judgements: what the images say, by metric; at least one.
        over_runs: the differences over seeds and folds; None if there are none.
    """

    dataset: str
    title: str
    subset: str
    judgements: Sequence[Judgement]
    over_runs: OverRuns | None = None

    @property
    def images(self) -> int:
        """Number of test images."""
        return self.judgements[0].images

    @property
    def objects(self) -> int:
        """Number of objects of these classes in the test images."""
        return self.judgements[0].objects

    @property
    def counts(self) -> str:
        """The numbers in words."""
        return f"{_number(self.images, 'test image')} with {_number(self.objects, 'object')}"


def notes_on_images(sections: Sequence[Section]) -> list[str]:
    """Return the notes below a table: how many images it rests on, and what they cannot say."""
    counts = "; ".join(f"{section.title}: {section.counts}" for section in sections)
    found = [f"{counts}."]
    compared = [s for s in sections if any(j.differences for j in s.judgements)]
    if compared:
        found.append(RULE)
    return (
        found
        + warnings(sections)
        + [sentence for section in compared if (sentence := _cannot_rank(section))]
    )


def warnings(sections: Sequence[Section]) -> list[str]:
    """Return a sentence on the data sets that have too few images."""
    few = {s.title: s.images for s in sections if s.images < FEW}
    if not few:
        return []
    listed = ", ".join(f"{title} ({_number(n, 'image')})" for title, n in few.items())
    return [
        f"Fewer than {FEW} test images: {listed}. Intervals and tests of so few images are not "
        "reliable; test on more images, or use several folds."
    ]


def _cannot_rank(section: Section) -> str:
    metrics = [j.quantity.metric for j in section.judgements if j.differences and not j.behind]
    if not metrics:
        return ""
    return (
        f"The test images of {section.title} cannot rank the rows by {', '.join(metrics)}: no row "
        "differs from the best one by more than chance explains."
    )


def verdict(judgement: Judgement) -> str:
    """Return a sentence on one column: which rows the images tell from the best one."""
    best = judgement.best.row if judgement.best else ""
    behind, level = (rows_in_words(rows, judgement) for rows in (judgement.behind, judgement.level))
    found = {
        Case.empty: "no row has a value.",
        Case.alone: f"only {best} was measured, so nothing is compared.",
        Case.single: f"only {best} has a value.",
        Case.equal: "all rows have the same value.",
        Case.unranked: f"the images cannot rank the rows. {best} has the best value, but no row "
        "differs from it by more than chance explains.",
        Case.ahead: f"{best} has the best value, ahead of {behind}."
        + (f" The images cannot tell {level} from it." if level else ""),
    }
    return f"{judgement.quantity.metric}: {found[case_of(judgement)]}"


def meaning(seeds: int, over_runs: bool = False) -> list[str]:
    """Return the sentences that explain the numbers.

    Args:
        seeds: largest number of seeds of a row.
        over_runs: whether differences over seeds and folds are shown.
    """
    drawn = "test images" if seeds == 1 else "test images, and the seeds of each method"
    found = [
        f"In brackets: interval of {LEVEL:.0%} (bootstrap over {drawn}; BCa, expanded for few "
        "images). The test images are the unit: the value of an image is the mean over seeds.",
        "Rank: 1 is the best; in brackets, where the rank lies in 95% of the resamples.",
        "p: difference of the means, with the standard error of the resamples; Wilcoxon: signed "
        "rank test on the values of the images, which the AP has not. Both are corrected for all "
        "pairs of rows of the column (Holm).",
        NO_INTERVAL,
    ]
    if seeds == 1:
        found.append(ONCE)
    if over_runs:
        found.append(OVER_RUNS)
    return found


def _number(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
