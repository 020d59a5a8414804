"""The conditions under which published numbers were made, read from two data files.

``conditions.csv`` has a line for each row and data set of a published table: what was trained, and
how it was evaluated. ``definitions.csv`` says what each printed metric is; a line whose row is
``*`` holds for all rows of the table that have no line of their own. An empty value is unknown.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TypeVar

T = TypeVar("T")

SOURCES = ("paper", "config", "program", "inferred")
"""Where a condition is known from: text, released config, default of the program, conclusion."""


@dataclass(frozen=True)
class Conditions:
    """What was trained and evaluated; None where it is unknown.

    Attributes:
        backbone: short name of the backbone, e.g. ``R50``.
        configuration: method with the modules that are on, as our records name them.
        score_threshold: lowest score of a detection; 0 if all detections count.
        nms: threshold of the suppression of detections, where it is not the method's default.
        test_size: short and longest side of test images in px, e.g. ``800/1333``.
        max_detections: largest number of detections per image; infinite if there is no limit.
        recipe: optimiser, learning rate, batch and schedule in short words.
        picking: how the checkpoint was chosen.
        basis: names of the known conditions by their source, which is one of ``SOURCES``.
    """

    backbone: str | None
    configuration: str | None
    score_threshold: float | None
    nms: float | None
    test_size: str | None
    max_detections: float | None
    recipe: str | None
    picking: str | None
    basis: str

    @property
    def by_source(self) -> dict[str, list[str]]:
        """The names of the known conditions by their source."""
        parts = [part.partition(": ") for part in self.basis.split("; ") if part]
        return {source: names.split() for source, _, names in parts}


@dataclass(frozen=True)
class Definition:
    """What a printed metric is.

    Attributes:
        name: our metric of this meaning, or a name that no metric of ours has.
        definition: formula or program, None if it is unknown.
        basis: source of the definition, one of ``SOURCES``; empty if it is unknown.
    """

    name: str
    definition: str | None
    basis: str


def published_records(name: str) -> list[dict[str, str]]:
    """Return the lines of a CSV file of this package by the names of its columns."""
    text = resources.files("gains.published").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def conditions_of(paper: str, table: str, row: str, dataset: str) -> Conditions:
    """Return the conditions of a row of a published table on a data set.

    Raises:
        ValueError: ``conditions.csv`` has no such line.
    """
    return _look_up(_conditions(), (paper, table, row, dataset), "conditions.csv")


def definition_of(paper: str, table: str, row: str, metric: str) -> Definition:
    """Return what a printed metric is.

    Raises:
        ValueError: ``definitions.csv`` has no such line.
    """
    own = _definitions().get((paper, table, row, metric))
    return own or _look_up(_definitions(), (paper, table, "*", metric), "definitions.csv")


def _look_up(known: Mapping[tuple[str, ...], T], key: tuple[str, ...], file: str) -> T:
    if key not in known:
        raise ValueError(
            f"published.csv has a number of {', '.join(key)}, but {file} has no such line; add "
            "one, and leave empty what is unknown"
        )
    return known[key]


@functools.cache
def _conditions() -> dict[tuple[str, ...], Conditions]:
    return {
        (r["paper"], r["table"], r["row"], r["dataset"]): Conditions(
            backbone=r["backbone"] or None,
            configuration=r["configuration"] or None,
            score_threshold=_number(r["score_threshold"], none=0.0),
            nms=_number(r["nms"], none=1.0),
            test_size=r["test_size"] or None,
            max_detections=_number(r["max_detections"], none=math.inf),
            recipe=r["recipe"] or None,
            picking=r["picking"] or None,
            basis=r["basis"],
        )
        for r in published_records("conditions.csv")
    }


@functools.cache
def _definitions() -> dict[tuple[str, ...], Definition]:
    return {
        (r["paper"], r["table"], r["row"], r["metric"]): Definition(
            r["name"], r["definition"] or None, r["basis"]
        )
        for r in published_records("definitions.csv")
    }


def _number(text: str, none: float) -> float | None:
    """Return a number; ``none`` stands for no limit, and an empty text for an unknown one."""
    if not text:
        return None
    return none if text == "none" else float(text)
