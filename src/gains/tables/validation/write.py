"""A table of validations as files: CSV for machines, Markdown and LaTeX for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from gains.support.files import require_suffix, write_text, written_last
from gains.support.markdown import escape_markdown, grid, listed
from gains.tables.latex import to_latex
from gains.tables.numerals import BLANK, printed_p
from gains.tables.printed import PrintedTable
from gains.tables.validation.curves import BEST, QUANTITIES, SHARES, SLOPE
from gains.tables.validation.sections import (
    ValidatedComparison,
    ValidatedRow,
    ValidatedSection,
    validated_sections,
)
from gains.tables.validation.specs import ValidationSpec
from gains.tables.validation.words import TITLES, notes_on_validations, verdicts

HEADINGS = {BEST: "best", **TITLES, SLOPE: "slope"}
"""Titles of the columns."""
DIFFERENCE = "difference of best"
DIGITS = {SLOPE: 3}
"""Decimals of a quantity, if they are not two."""


def write_validation_table(spec: ValidationSpec, out_csv: str | Path) -> None:
    """Write a table of validations as CSV, and as Markdown and LaTeX beside it (``.md``, ``.tex``).

    The CSV has a line for each data set, row and quantity: the best value, the values at a third,
    two thirds and the end of the schedule, and the slope there.

    Args:
        spec: the table, see :func:`gains.tables.validation.of_study.validation_spec`.
        out_csv: path ending in ``.csv``.

    Raises:
        FileNotFoundError: a training is not done.
        ValueError: a training has no validations or those of another metric, or ``out_csv`` does
            not end in ``.csv``.
    """
    out_csv = require_suffix(out_csv, ".csv")
    sections = validated_sections(spec)
    notes = notes_on_validations(spec, sections)
    lines = [line for section in sections for line in _lines(spec, section)]
    text = pd.DataFrame(lines).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    with written_last(out_csv, text.encode()):
        write_text(out_csv.with_suffix(".md"), _markdown(spec, sections, notes))
        write_text(out_csv.with_suffix(".tex"), to_latex(_printed(spec, sections, notes)))


def _lines(spec: ValidationSpec, section: ValidatedSection) -> Iterator[dict[str, object]]:
    for row in section.rows:
        for name in QUANTITIES:
            yield {
                "study": spec.study,
                "table": spec.name,
                "dataset": section.dataset.name,
                "row": row.spec.label,
                "method": row.spec.method,
                "variant": row.spec.variant,
                "metric": section.dataset.metric,
                "quantity": name,
                "n": len(row.curves),
                "iteration": _iteration(row.iterations[name]),
                "value": row.mean(name),
                "sd": row.sd(name),
                "rank": row.ranks.get(name, ""),
                "minus": row.spec.against,
                **_difference_columns(row.comparisons.get(name)),
            }


def _difference_columns(found: ValidatedComparison | None) -> dict[str, object]:
    if found is None:
        return {}
    difference = found.difference
    return {
        "pairs": str(difference.pairs),
        "ahead": str(difference.ahead),
        "difference": difference.mean,
        "difference_sd": difference.sd,
        "low": difference.interval.low,
        "high": difference.interval.high,
        "p": difference.p,
        "p_holm": found.p_holm,
    }


def _markdown(
    spec: ValidationSpec, sections: Sequence[ValidatedSection], notes: Sequence[str]
) -> str:
    parts = [f"## {escape_markdown(spec.title)}"]
    for section in sections:
        parts.append(f"### {escape_markdown(section.dataset.title)}")
        parts.append(listed(verdicts(section)))
        parts.append(grid(value_grid(section)))
        if any(row.comparisons for row in section.rows):
            parts += ["Differences to the row named:", grid(difference_grid(section), words=(0, 1))]
        if len(section.rows) > 1:
            parts += ["Order, the largest value first:", grid(_order(section), words=range(4))]
    return "\n\n".join([*filter(None, parts), listed(notes)]) + "\n"


def value_grid(section: ValidatedSection) -> pd.DataFrame:
    """Return the values of the rows as text."""
    return pd.DataFrame(
        [
            {
                "": row.spec.label,
                **{HEADINGS[name]: _value(row, name) for name in QUANTITIES},
                "best after": _iteration(row.iterations[BEST]),
                "runs": str(len(row.curves)),
            }
            for row in section.rows
        ]
    )


def difference_grid(section: ValidatedSection) -> pd.DataFrame:
    """Return the differences of the compared rows as text; ``**`` marks those told apart."""
    return pd.DataFrame(
        [
            {
                "": row.spec.label,
                "minus": str(row.spec.against),
                **{HEADINGS[name]: _compared(row, name) for name in (BEST, *SHARES)},
                "ahead": _ahead(row.comparisons[BEST]),
                "p of best": printed_p(row.comparisons[BEST].p_holm),
            }
            for row in section.rows
            if row.comparisons
        ]
    )


def _order(section: ValidatedSection) -> pd.DataFrame:
    orders = {HEADINGS[name]: section.order(name) for name in (*SHARES, BEST)}
    count = max(map(len, orders.values()))
    return pd.DataFrame(
        {name: [*order, *[BLANK] * (count - len(order))] for name, order in orders.items()}
    )


def _printed(
    spec: ValidationSpec, sections: Sequence[ValidatedSection], notes: list[str]
) -> PrintedTable:
    """Return the table for LaTeX: the values, and the difference of the best one."""
    text, best = {}, {}
    for section in sections:
        for name in (*QUANTITIES, DIFFERENCE):
            key = section.dataset.title, HEADINGS.get(name, name)
            is_difference = name == DIFFERENCE
            text[key] = [
                _plain(row) if is_difference else _value(row, name) for row in section.rows
            ]
            best[key] = [is_difference and _apart(row, BEST) for row in section.rows]
    labels = [row.label for row in spec.rows]
    return PrintedTable(
        spec.name, spec.title, pd.DataFrame(text, labels), pd.DataFrame(best, labels), notes
    )


def _value(row: ValidatedRow, name: str) -> str:
    """Return ``12.34 ± 0.40``, or the mean alone for few runs."""
    mean, sd, digits = row.mean(name), row.sd(name), DIGITS.get(name, 2)
    if math.isnan(mean):
        return BLANK
    return f"{mean:z.{digits}f}" + ("" if math.isnan(sd) else f" ± {sd:.{digits}f}")


def _compared(row: ValidatedRow, name: str) -> str:
    """Return a difference with its interval, bold if the pairs tell the two rows apart."""
    low, high = row.comparisons[name].difference.interval
    interval = "" if math.isnan(low) else f" [{low:z.2f}, {high:z.2f}]"
    mean = f"{_plain(row, name)}"
    return (f"**{mean}**" if _apart(row, name) else mean) + interval


def _plain(row: ValidatedRow, name: str = BEST) -> str:
    if name not in row.comparisons:
        return BLANK
    difference = row.comparisons[name].difference
    if math.isnan(difference.mean):
        return BLANK
    sd = "" if math.isnan(difference.sd) else f" ± {difference.sd:.2f}"
    return f"{difference.mean:+z.2f}{sd}"


def _apart(row: ValidatedRow, name: str) -> bool:
    return name in row.comparisons and row.comparisons[name].told_apart


def _ahead(found: ValidatedComparison) -> str:
    return f"{found.difference.ahead} of {found.difference.pairs}"


def _iteration(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}".removesuffix(".0")
