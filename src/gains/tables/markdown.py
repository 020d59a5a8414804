"""A table in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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


def grid(
    header: Sequence[str], body: Sequence[Sequence[str]], words: Collection[int] = (0,)
) -> str:
    """Return a Markdown grid, padded so that it reads as plain text too.

    Args:
        header: of the columns.
        body: rows of as many strings; ``**`` stays markup, other special characters are escaped.
        words: the columns set left; all others hold numbers and are set right.
    """
    rows = [[escape(text) for text in row] for row in (header, *body)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(header))]
    lines = [
        "| " + " | ".join(t.ljust(w) if i in words else t.rjust(w) for i, t, w in cells) + " |"
        for cells in (list(zip(range(len(widths)), row, widths, strict=True)) for row in rows)
    ]
    rule = ["-" * w if i in words else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join(lines)


def escape(text: str) -> str:
    """Escape what Markdown would take for markup; ``**`` is left alone."""
    for character in ("\\", "|", "_", "<", "`"):
        text = text.replace(character, "\\" + character)
    return text
