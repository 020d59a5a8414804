"""The scores of a report, with intervals, ranks and published numbers in the same cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gains.certainty.judgement import Judgement, Standing
from gains.certainty.words import ONCE, Section, meaning, verdict
from gains.report.answers import Answer, answers
from gains.report.contacts import contact_table
from gains.report.content import Cell, HtmlTable
from gains.report.spec import ReportSpec
from gains.support.csv_file import read_csv
from gains.tables.cells import read_cells
from gains.tables.certainty.sections import judge_table
from gains.tables.contact.sections import contact_sections
from gains.tables.numerals import BLANK
from gains.tables.printed import PrintedTable, print_table
from gains.tables.specs import TableSpec

Published = dict[tuple[str, ...], list[dict[str, str]]]
"""Lines of the comparison by table, row, data set, subset and metric."""

KEY = ("table", "row", "dataset", "subset", "metric")


@dataclass(frozen=True)
class ScoreTable:
    """A table of the study.

    Attributes:
        name: name of the table.
        title: caption.
        answers: which row is ahead on each data set, how sure that is, and for which objects.
        parts: a table for each data set and subset of classes.
        contacts: scores by contact, in the same way.
        notes: notes that belong to all parts.
    """

    name: str
    title: str
    answers: Sequence[Answer]
    parts: Sequence[HtmlTable]
    contacts: Sequence[HtmlTable]
    notes: Sequence[str]


def score_tables(spec: ReportSpec) -> list[ScoreTable]:
    """Return the tables of a study.

    Raises:
        FileNotFoundError: a score file or the comparison is missing.
        ValueError: a file is not what it should be.
    """
    published: Published = {}
    for _, line in read_csv(spec.compare).rows:
        published.setdefault(tuple(line[name] for name in KEY), []).append(line)
    return [_score_table(table, published) for table in spec.tables]


def reading_help(spec: ReportSpec) -> list[str]:
    """Return sentences that explain the cells of all tables."""
    return [
        "Values are percent. A published value stands below ours with its paper and the numbers of "
        "its tables; ≠ says that the two cannot be compared. The reasons are below the table, and "
        "compare.csv has those of each value.",
        *meaning(_seeds(spec)),
    ]


def cautions(spec: ReportSpec) -> list[str]:
    """Return sentences on what the answers cannot say."""
    return [ONCE] if spec.trainings and _seeds(spec) == 1 else []


def _seeds(spec: ReportSpec) -> int:
    return max((table.seeds for table in spec.tables), default=1)


def _score_table(table: TableSpec, published: Published) -> ScoreTable:
    judged = judge_table(table)
    printed = print_table(table, read_cells(table, judged), judged)
    groups = [(d, subset) for d in table.datasets for subset in table.subsets]
    width = len(printed.text.columns) // len(groups)
    places = {(d.name, str(subset)): k * width for k, (d, subset) in enumerate(groups)}
    parts = []
    for section in judged:
        first = places[section.dataset, section.subset]
        columns = range(first, first + width)
        parts.append(_part(table, section, printed, columns, published))
    contacts = contact_sections(table)
    return ScoreTable(
        table.name,
        table.title,
        answers(table, judged, contacts),
        parts,
        [contact_table(section) for section in contacts],
        printed.notes,
    )


def _part(
    table: TableSpec,
    section: Section,
    printed: PrintedTable,
    columns: Sequence[int],
    published: Published,
) -> HtmlTable:
    headings = [str(printed.text.columns[k][1]) for k in columns]
    texts, best = printed.text.to_numpy().tolist(), printed.best.to_numpy().tolist()
    judgements = [*section.judgements, *[None] * (len(headings) - len(section.judgements))]
    rows, reasons = [], []
    for row, words, bold in zip(map(str, printed.text.index), texts, best, strict=True):
        if all(words[k] == BLANK for k in columns):
            continue
        cells = [Cell(row)]
        for k, heading, judgement in zip(columns, headings, judgements, strict=True):
            key = (table.name, row, section.dataset, section.subset, heading)
            found = published.get(key, [])
            lines = [*_sure(judgement, row), *_printed(found)]
            reasons += [reason for line in found for reason in _reasons(line)]
            cells.append(Cell(words[k], tuple(lines), _number(words[k]), bold[k]))
        rows.append(cells)
    caption, unique = f"{section.title}: {section.counts}", list(dict.fromkeys(reasons))
    return HtmlTable(caption, ["row", *headings], rows, _verdicts(section), unique)


def _verdicts(section: Section) -> list[str]:
    """Return what the images say about each metric; what is equal for several is said once."""
    metrics: dict[str, list[str]] = {}
    for judgement in section.judgements:
        name = judgement.quantity.metric
        metrics.setdefault(verdict(judgement).removeprefix(f"{name}: "), []).append(name)
    return [f"{', '.join(names)}: {sentence}" for sentence, names in metrics.items()]


def _sure(judgement: Judgement | None, row: str) -> Iterator[str]:
    """Yield the interval and the rank of a row."""
    if judgement is None:
        return
    standing = next((s for s in judgement.standings if s.row == row), None)
    if standing is None:
        return
    if not math.isnan(standing.interval.low):
        yield f"[{standing.interval.low:z.1f}, {standing.interval.high:z.1f}]"
    yield _rank(standing)


def _rank(standing: Standing) -> str:
    low, high = standing.ranks.low, standing.ranks.high
    if math.isnan(low) or low == high == standing.rank:
        return f"rank {standing.rank}"
    return f"rank {standing.rank} ({low:.0f}–{high:.0f})"


def _printed(lines: Sequence[dict[str, str]]) -> Iterator[str]:
    """Yield each published value of a cell with its paper and its tables."""
    tables: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        value = f"{float(line['published']):.2f}{' ≠' if _reasons(line) else ''}"
        tables.setdefault((line["published_paper"], value), set()).add(line["published_table"])
    for (paper, value), names in tables.items():
        yield f"{paper} {', '.join(sorted(names))}: {value}"


def _reasons(line: dict[str, str]) -> list[str]:
    """Return why a published value cannot be compared; none if it can."""
    return [] if line["comparable"] == "yes" else line["reason"].split("; ")


def _number(text: str) -> float | None:
    """Return the number that a cell begins with, or None."""
    try:
        return float(text.split()[0])
    except ValueError:
        return None
