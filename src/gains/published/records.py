"""The numbers that papers print, read from ``published.csv``.

Papers print different numbers for the same cell. This module keeps all of them, each with its
source.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from importlib import resources

from gains.support.registry import nearest

FRACTIONS = (("Layering", "1"), ("Layering", "2"), ("DoNet", "2"))
"""(paper, table) that print fractions; all others print percent."""

# Backbone of the rows whose name does not state it, from the text of the paper.
_DEFAULT_BACKBONE = {"GAInS": "R50", "DoNet": "R50"}
_SUBSETS = {"cell": "target", "cytoplasm": "target", "average": "average", "all": "average"}


# Rows of ablation tables that repeat rows of the comparison tables under another name.
_ABLATION_NAMES = {
    ("GAInS", "I", "ws=5"): "GAInS",
    ("GAInS", "I", "f_GA=0.5"): "GAInS",
    ("GAInS", "II", "Baseline"): "Mask R-CNN",
    ("GAInS", "II", "Baseline+GAL+ALRM"): "GAInS",
    ("DoNet", "3", "Base"): "Mask R-CNN",
    ("DoNet", "3", "Base+DRM+CRM+MRP"): "DoNet",
    ("DoNet", "4", "Hi"): "Mask R-CNN",
}
_METRICS = {"mAP50": "AP50"}


@dataclass(frozen=True)
class Published:
    """One printed number.

    Attributes:
        paper: short name of the paper, e.g. ``GAInS``.
        table: number of the table in the paper, e.g. ``III``.
        row: name of the row in that table.
        dataset: published data set.
        metric: e.g. ``mAP``; another name that a paper uses for it is replaced.
        subset: classes as the paper prints them: ``cell``, ``nucleus``, ``average``, ...
        value: percent.
        spread: printed spread in percent, or None.
    """

    paper: str
    table: str
    row: str
    dataset: str
    metric: str
    subset: str
    value: float
    spread: float | None

    @property
    def backbone(self) -> str | None:
        """Short name of the backbone, e.g. ``R50``; None if it is no plain ResNet."""
        named = re.search(r"\((R\d+)\)", self.row)
        return named.group(1) if named else _DEFAULT_BACKBONE.get(self.paper)

    @property
    def configuration(self) -> str:
        """Name of the configuration without its backbone, equal in all papers and tables."""
        ablation = _ABLATION_NAMES.get((self.paper, self.table, self.row))
        return ablation or re.sub(r"\s*\(R\d+\)$", "", self.row)

    @property
    def our_subset(self) -> str | None:
        """Subset of classes, ``target`` or ``average``; None if no subset of ours equals it."""
        return _SUBSETS.get(self.subset)


@functools.cache
def numbers() -> tuple[Published, ...]:
    """Return every printed number, in the order of the file, in percent."""
    text = resources.files("gains.published").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(_number(record) for record in csv.DictReader(text.splitlines()))


def _number(record: dict[str, str]) -> Published:
    factor = 100.0 if (record["paper"], record["table"]) in FRACTIONS else 1.0
    value, spread, metric = (record.pop(key) for key in ("value", "spread", "metric"))
    return Published(
        **record,
        metric=_METRICS.get(metric, metric),
        # Papers print two or three decimals; rounding removes the error of the multiplication.
        value=round(float(value) * factor, 4),
        spread=round(float(spread) * factor, 4) if spread else None,
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


def sources(paper: str, table: str, row: str) -> list[Published]:
    """Return the numbers of a published row, and those of other tables for the same training.

    Two rows are of the same training if method and backbone are equal. Ablation tables repeat
    rows of a comparison table under other names; such names are resolved.
    """
    own = [n for n in numbers() if (n.paper, n.table, n.row) == (paper, table, row)]
    kinds = {(n.configuration, n.backbone) for n in own}
    others = [
        n
        for n in numbers()
        if (n.configuration, n.backbone) in kinds
        and (n.paper, n.table, n.row) != (paper, table, row)
    ]
    return own + others
