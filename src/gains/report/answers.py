"""The answers of a report: which row is ahead on each data set, how sure that is, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gains.certainty.judge import Judgement, Standing
from gains.certainty.words import Section, verdict, warnings
from gains.metrics.contact import ALL, KINDS, REGIONS, term
from gains.tables.contact.sections import ContactSection
from gains.tables.specs import TableSpec

NAMED = 5
"""Rows that a sentence names; of more rows it gives the number."""

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
    sentences = [f"{section.counts}.", *_rank(first), *warnings([section])]
    return Answer(section.title, sentences, list(_by_contact(first.best, contact)))


def _rank(judgement: Judgement) -> Iterator[str]:
    """Yield which rows are ahead by a metric, and by how much."""
    best, behind, metric = judgement.best, judgement.behind, judgement.quantity.metric
    if best is None:
        yield verdict(judgement)
    elif not judgement.differences:
        yield f"Only {best.row} has a value of {metric}: {_value(best)}."
    elif all(standing.rank == 1 for standing in judgement.standings):
        yield f"All rows have the same {metric}, {_value(best)}."
    elif not behind:
        yield (
            f"The images cannot rank the rows by {metric}: {best.row} has the best value, "
            f"{_value(best)}, but no row differs from it by more than chance explains."
        )
    else:
        ahead = _rows(behind, len(judgement.standings) - 1)
        yield f"{best.row} has the best {metric}, {_value(best)}, ahead of {ahead}."
        level = [s.row for s in judgement.standings if s.row not in (*behind, best.row)]
        if level:
            others = _rows(level, len(judgement.standings) - 1)
            yield f"The images cannot tell {others} from it."


def _value(standing: Standing) -> str:
    """Return a value with its interval, e.g. ``52.5 [49.1, 57.9]``."""
    low, high = standing.interval
    interval = "" if math.isnan(low) else f" [{low:z.1f}, {high:z.1f}]"
    return f"{standing.score.mean:z.1f}{interval}"


def _rows(rows: Sequence[str], count: int) -> str:
    """Return rows in words, out of ``count``."""
    if len(rows) <= NAMED:
        return ", ".join(rows)
    return f"all {count} other rows" if len(rows) == count else f"{len(rows)} of {count} other rows"


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
        f"{what} ({j.best.row}: {_value(j.best)}, ahead of {_rows(j.behind, len(j.standings) - 1)})"
        for what, j in judged
        if j.best and j.behind
    ]
    if apart:
        yield f"Rows differ by more than chance explains in {'; '.join(apart)}."
    elif any(judgement.differences for _, judgement in judged):
        yield "No kind of contact tells a row from the best one."
