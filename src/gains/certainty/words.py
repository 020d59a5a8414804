"""What the test images say about a table, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gains.certainty.intervals import LEVEL
from gains.certainty.judge import FEW, SIGNIFICANT, Judgement

RULE = (
    "Bold: the best value of a column and all that the test images cannot tell from it (p of the "
    f"difference, corrected for all pairs of rows, of at least {SIGNIFICANT}). Nothing is bold "
    f"where the images tell no row from the best one, or where there are fewer than {FEW} of them."
)
"""The rule for bold values."""

ONCE = (
    "Each method was trained with one seed. The intervals say what these models would do on other "
    "images of the same kind, and not how another training of the method would differ."
)
"""What one seed cannot say."""


@dataclass(frozen=True)
class Section:
    """The columns of a table on one data set and subset of classes.

    Attributes:
        dataset: name of the data set.
        title: data set, and subset if there are several, in words.
        subset: classes.
        judgements: what the images say, by metric; at least one.
    """

    dataset: str
    title: str
    subset: str
    judgements: Sequence[Judgement]

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
    best, behind = judgement.best, judgement.behind
    name = judgement.quantity.metric
    if best is None:
        return f"{name}: no row has a value."
    if not judgement.differences:
        return f"{name}: only {best.row} has a value."
    if all(standing.rank == 1 for standing in judgement.standings):
        return f"{name}: all rows have the same value."
    if not behind:
        return (
            f"{name}: the images cannot rank the rows. {best.row} has the best value, but no row "
            "differs from it by more than chance explains."
        )
    level = [s.row for s in judgement.standings if s.row not in (*behind, best.row)]
    equal = f" The images cannot tell {', '.join(level)} from it." if level else ""
    return f"{name}: {best.row} has the best value, ahead of {', '.join(behind)}.{equal}"


def meaning(seeds: int) -> list[str]:
    """Return the sentences that explain the numbers.

    Args:
        seeds: largest number of seeds of a row.
    """
    drawn = "test images" if seeds == 1 else "test images, and the seeds of each method"
    found = [
        f"In brackets: interval of {LEVEL:.0%} (bootstrap over {drawn}; BCa, expanded for few "
        "images). The test images are the unit: the value of an image is the mean over seeds.",
        "Rank: 1 is the best; in brackets, where the rank lies in 95% of the resamples.",
        "p: difference of the means, with the standard error of the resamples; Wilcoxon: signed "
        "rank test on the values of the images, which the AP has not. Both are corrected for all "
        "pairs of rows of the column (Holm).",
    ]
    if seeds == 1:
        found.append(ONCE)
    return found


def _number(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
