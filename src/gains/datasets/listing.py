"""The registered data sets as text for people: on a terminal, and for the documentation."""

from __future__ import annotations

from gains.datasets.base import Dataset
from gains.datasets.catalogue import DATASETS


def as_text(record: Dataset, state: str) -> str:
    """Return a paragraph on one data set.

    Args:
        record: the data set.
        state: what of it is on this disk.
    """
    facts = {
        "licence": record.licence,
        "cite": record.citation,
        "page": record.homepage,
        "split": ", ".join(record.splits),
        "state": state,
    }
    lines = [f"{record.name}  {record.title}"]
    lines += [f"  {label:8} {text}" for label, text in facts.items() if text]
    return "\n".join(lines)


def as_markdown() -> str:
    """Return a table of the published data sets: name, title, licence, citation, page."""
    lines = ["| name | data set | licence | cite |", "|---|---|---|---|"]
    for record in DATASETS:
        if record.raw:
            title = f"[{record.title}]({record.homepage})"
            lines.append(f"| `{record.name}` | {title} | {record.licence} | {record.citation} |")
    return "\n".join(lines)
