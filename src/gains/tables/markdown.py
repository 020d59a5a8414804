"""A table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from gains.tables.pivot import Pivot


def render(table: Pivot) -> str:
    """Return the table, its caption above and its notes below."""
    header = ["", *(f"{g} {m}" for g in table.groups for m in table.metrics)]
    body = [
        [label, *(f"**{e.text}**" if e.bold else e.text for e in entries)]
        for label, entries in table.rows
    ]
    notes = "\n".join(f"- {escape(note)}" for note in table.notes)
    return f"## {escape(table.title)}\n\n{grid(header, body)}\n\n{notes}\n"


def grid(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown grid, padded so that it reads as plain text too.

    Args:
        header: of the columns; the first is set left, the others right.
        body: rows of as many strings; ``**`` stays markup, other special characters are escaped.
    """
    rows = [[escape(text) for text in row] for row in (header, *body)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(header))]
    lines = [
        "| "
        + " | ".join(_pad(t, w, i) for i, (t, w) in enumerate(zip(row, widths, strict=True)))
        + " |"
        for row in rows
    ]
    rule = ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join(lines)


def escape(text: str) -> str:
    """Escape what Markdown would take for markup; ``**`` is left alone."""
    for character in ("\\", "|", "_", "<", "`"):
        text = text.replace(character, "\\" + character)
    return text


def _pad(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)
