"""The numbers that papers print, read from ``published.csv``.

Papers print different numbers for the same cell. This module keeps all of them, each with its
source.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from gains.published.classes import is_of
from gains.published.conditions import (
    Conditions,
    conditions_of,
    definition_of,
    published_records,
)
from gains.published.papers import PAPERS
from gains.support.registry import nearest

FRACTIONS = (("Layering", "1"), ("Layering", "2"), ("DoNet", "2"))
"""(paper, table) that print fractions; all others print percent."""


@dataclass(frozen=True)
class Published:
    """One printed number.

    Attributes:
        paper: short name of the paper, e.g. ``GAInS``.
        table: number of the table in the paper, e.g. ``III``.
        row: name of the row in that table.
        dataset: published data set.
        metric: our metric of this meaning, e.g. ``mAP``, or a name that no metric of ours has.
        definition: formula or program of the metric, None if it is unknown.
        definition_basis: where the definition is known from; empty if it is unknown.
        subset: classes as the paper prints them: ``cell``, ``nucleus``, ``average``, ...; the only
            class that its program reads if it prints none, or ``all``.
        value: percent.
        spread: printed spread in percent, or None.
        conditions: what was trained, and how it was evaluated.
    """

    paper: str
    table: str
    row: str
    dataset: str
    metric: str
    definition: str | None
    definition_basis: str
    subset: str
    value: float
    spread: float | None
    conditions: Conditions

    @functools.cached_property
    def name(self) -> str:
        """Name of the row without its backbone, e.g. ``GAInS`` for ``GAInS (R101)``."""
        return re.sub(r"\s*\(R\d+\)$", "", self.row)

    def is_of(self, subset: str) -> bool:
        """Return whether the number belongs to a subset of a table, see :func:`is_of`."""
        return is_of(self.subset, subset)


@functools.cache
def numbers() -> tuple[Published, ...]:
    """Return every printed number, in the order of the file, in percent.

    Raises:
        ValueError: a paper is unknown, or the conditions of a row or the definition of a metric
            are missing.
    """
    records = published_records("published.csv")
    for paper in dict.fromkeys(record["paper"] for record in records):
        PAPERS.get(paper)  # this call refuses an unknown paper and names the nearest
    return tuple(_number(record) for record in records)


def _number(record: dict[str, str]) -> Published:
    paper, table, row, dataset = (record[key] for key in ("paper", "table", "row", "dataset"))
    factor = 100.0 if (paper, table) in FRACTIONS else 1.0
    value, spread = record["value"], record["spread"]
    metric = definition_of(paper, table, row, record["metric"])
    return Published(
        paper=paper,
        table=table,
        row=row,
        dataset=dataset,
        metric=metric.name,
        definition=metric.definition,
        definition_basis=metric.basis,
        subset=record["subset"],
        # Papers print two or three decimals; rounding removes the error of the multiplication.
        value=round(float(value) * factor, 4),
        spread=round(float(spread) * factor, 4) if spread else None,
        conditions=conditions_of(paper, table, row, dataset),
    )


def row_names(paper: str, table: str) -> list[str]:
    """Return the rows of a published table in its own order (thirteen in GAInS, Table III).

    Raises:
        ValueError: there is no such paper or table; the message lists the known ones.
    """
    rows = list(dict.fromkeys(n.row for n in numbers() if (n.paper, n.table) == (paper, table)))
    if not rows:
        known = list(dict.fromkeys(f"{n.paper} {n.table}" for n in numbers()))
        raise ValueError(
            f"no published table {paper} {table}; {nearest(f'{paper} {table}', known)}"
            f"known: {', '.join(known)}"
        )
    return rows


def of_row(paper: str, table: str, row: str, dataset: str) -> list[Published]:
    """Return the numbers of a row of a published table on a data set, as printed there."""
    place = (paper, table, row, dataset)
    return [n for n in numbers() if (n.paper, n.table, n.row, n.dataset) == place]


def sources(paper: str, table: str, row: str, dataset: str, configuration: str) -> list[Published]:
    """Return the numbers that belong beside a row of ours which names a published row.

    These are the numbers of the named row, first; those of the rows of this name in other tables;
    and those of the rows with our configuration, whatever their names are. The rows of other
    tables have the backbone of the named row.

    Args:
        paper: paper of the named row.
        table: table of the named row.
        row: the named row.
        dataset: published data set.
        configuration: our configuration; ablation tables repeat it under other names.
    """
    here = [n for n in numbers() if n.dataset == dataset]
    own = [n for n in here if (n.paper, n.table, n.row) == (paper, table, row)]
    names = {n.name for n in own}
    backbones = {n.conditions.backbone for n in own} - {None}
    others = [
        n
        for n in here
        if n.conditions.backbone in backbones
        and (n.name in names or n.conditions.configuration == configuration)
        and n not in own
    ]
    return own + others
