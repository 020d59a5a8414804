"""The answers of a report: which row is ahead on each data set, how sure that is, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gains.certainty.judgement import Judgement, Standing
from gains.certainty.words import Case, Section, case_of, rows_in_words, verdict, warnings
from gains.metrics.contact import ALL, KINDS, REGIONS, term
from gains.tables.contact.sections import ContactSection
from gains.tables.specs import TableSpec

ADJECTIVES = {
    "light overlap": "lightly overlapping",
    "medium overlap": "moderately overlapping",
    "heavy overlap": "heavily overlapping",
}
"""Kinds of contact that are no adjectives, as adjectives."""
REGION = dict(zip(REGIONS, ("pixels in overlaps", "pixels outside overlaps"), strict=True))
"""Regions of objects in words."""


@dataclass(frozen=True)
class Answer:
    """What the test images of a data set say.

    Attributes:
        title: data set, and subset of classes if there are several, in words.
        sentences: by the first metric of the table that has values to compare.
        by_contact: for which objects.
    """

    title: str
    sentences: Sequence[str]
    by_contact: Sequence[str] = ()


def answers(
    table: TableSpec, judged: Sequence[Section], contacts: Sequence[ContactSection]
) -> list[Answer]:
    """Return the answers of a table, one for each data set and subset of classes.

    Args:
        table: the table.
        judged: what the test images say about its columns.
        contacts: its scores by contact, for the same data sets and subsets.
    """
    found = [_answer(*pair) for pair in zip(judged, contacts, strict=True)]
    absent = [dataset for dataset in table.datasets if dataset.absent]
    return [*found, *(Answer(d.title, [f"no answer, {d.absent} is absent."]) for d in absent)]


def _answer(section: Section, contact: ContactSection) -> Answer:
    # detections without scores have no AP that can be compared
    first = next((j for j in section.judgements if j.best), section.judgements[0])
    sentences = [*_rank(first), f"Measured on {section.counts}.", *warnings([section])]
    return Answer(section.title, sentences, list(_by_contact(first.best, contact)))


def _rank(judgement: Judgement) -> Iterator[str]:
    """Yield which rows are ahead by a metric, and by how much."""
    best, metric = judgement.best, judgement.quantity.metric
    if best is None:
        yield verdict(judgement)
        return
    row, value = best.row, _value(best)
    behind, level = (rows_in_words(rows, judgement) for rows in (judgement.behind, judgement.level))
    case = case_of(judgement)
    yield {
        Case.alone: f"Only {row} was measured, so nothing is compared. Its {metric} is {value}.",
        Case.single: f"Only {row} has a value of {metric}: {value}.",
        Case.equal: f"All rows have the same {metric}, {value}.",
        Case.unranked: f"The images cannot rank the rows by {metric}: {row} has the best value, "
        f"{value}, but no row differs from it by more than chance explains.",
        Case.ahead: f"{row} has the best {metric}, {value}, ahead of {behind}.",
    }[case]
    if case is Case.ahead and level:
        yield f"The images cannot tell {level} from it."


def _value(standing: Standing) -> str:
    """Return a value with its interval, e.g. ``52.5 [49.1, 57.9]``."""
    low, high = standing.interval
    interval = "" if math.isnan(low) else f" [{low:z.1f}, {high:z.1f}]"
    return f"{standing.score.mean:z.1f}{interval}"


def _by_contact(best: Standing | None, contact: ContactSection) -> Iterator[str]:
    """Yield how many objects of each kind the best row finds, and which kinds tell rows apart."""
    kinds = [kind for kind in KINDS if kind != ALL and contact.objects[kind]]
    if best is None or not kinds:
        return
    shares = [
        f"{contact.cell(best.row, 'R50', kind).score.mean:.0f}% for {ADJECTIVES.get(kind, kind)} "
        f"(n = {contact.objects[kind]})"
        for kind in kinds
    ]
    # a rare class counts as much as a frequent one, so that 75% of 53 objects would be wrong
    mean = ", mean over classes," if contact.subset == "average" else ""
    yield f"Recall of {best.row}{mean} by contact of the objects: {', '.join(shares)}."
    words = {term("R50", kind): f"{ADJECTIVES.get(kind, kind)} objects" for kind in kinds} | REGION
    judged = [(words[name], j) for name, j in contact.judgements.items() if name in words]
    apart = [
        f"{what} ({j.best.row}: {_value(j.best)}, ahead of {rows_in_words(j.behind, j)})"
        for what, j in judged
        if j.best and j.behind
    ]
    if apart:
        yield f"Rows differ by more than chance explains in {'; '.join(apart)}."
    elif any(judgement.differences for _, judgement in judged):
        yield "No kind of contact tells a row from the best one."
