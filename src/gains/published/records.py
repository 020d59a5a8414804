"""The papers' printed numbers, as data: ``published.csv``, typed.

Papers disagree about the same cell, so nothing here picks one: every number carries its source.
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

# what a row is trained with where its name does not say: the paper's text
_DEFAULT_BACKBONE = {"GAInS": "R50", "DoNet": "R50"}
_SUBSETS = {"cell": "target", "cytoplasm": "target", "average": "average", "all": "average"}


# rows of ablation tables that are rows of the comparison tables under another name
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

    Args:
        paper: short name of the paper, e.g. ``GAInS``.
        table: its table, as numbered there, e.g. ``III``.
        row: the row's name there.
        dataset: published data set.
        metric: e.g. ``mAP``; a paper's other name for the same is replaced.
        subset: classes as printed there: ``cell``, ``nucleus``, ``average``, ...
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
        """Short name of the backbone, e.g. ``R50``; None where the paper's is no plain ResNet."""
        named = re.search(r"\((R\d+)\)", self.row)
        return named.group(1) if named else _DEFAULT_BACKBONE.get(self.paper)

    @property
    def configuration(self) -> str:
        """What was trained, but for the backbone, under one name across papers and tables."""
        ablation = _ABLATION_NAMES.get((self.paper, self.table, self.row))
        return ablation or re.sub(r"\s*\(R\d+\)$", "", self.row)

    @property
    def our_subset(self) -> str | None:
        """``target`` or ``average``; None for classes that no table of ours singles out."""
        return _SUBSETS.get(self.subset)

    @property
    def source(self) -> str:
        """Where it is printed, for people."""
        return f"{self.paper}, Table {self.table}, {self.row}"


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
        # two or three printed decimals: rounding removes what the factor adds
        value=round(float(value) * factor, 4),
        spread=round(float(spread) * factor, 4) if spread else None,
    )


def row_names(paper: str, table: str) -> list[str]:
    """Return the rows of a published table in its own order (thirteen in GAInS, Table III).

    Raises:
        ValueError: no such paper or table; the message lists those known.
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
    """Return the numbers of a published row, and those that other tables print for the same.

    The same means: an equal method under the same name, with the same backbone; a paper's
    ablation tables repeat rows of its comparison table under other names, which are resolved.
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
