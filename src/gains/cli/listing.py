"""The registered data sets as rows of a table: for a terminal, a pipe and the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from gains.datasets.base import Dataset
from gains.datasets.catalogue import DATASETS
from gains.fetch.status import state


def lines() -> Iterator[tuple[str, ...]]:
    """Yield name, title, licence, citation, page, split files and state of each data set."""
    for record in DATASETS:
        splits = ", ".join(record.splits)
        page, citation = record.homepage, record.citation
        yield record.name, record.title, record.licence, citation, page, splits, _state(record)


def blocks() -> Iterator[tuple[str, str]]:
    """Yield name and facts of each data set; the facts are lines, which fit a narrow terminal."""
    labels = ("licence", "cite", "page", "split", "state")
    for name, title, *facts in lines():
        known = [f"{label}: {text}" for label, text in zip(labels, facts, strict=True) if text]
        yield name, "\n".join([title, *known])


def _state(record: Dataset) -> str:
    return state(record.raw).text if record.raw else ""


def as_markdown() -> str:
    """Return a table of the published data sets: name, title, licence, citation, page."""
    rows = ["| name | data set | licence | cite |", "|---|---|---|---|"]
    for record in DATASETS:
        if record.raw:
            title = f"[{record.title}]({record.homepage})"
            rows.append(f"| `{record.name}` | {title} | {record.licence} | {record.citation} |")
    return "\n".join(rows)
