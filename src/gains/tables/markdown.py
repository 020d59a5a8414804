"""A table in Markdown."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from gains.tables.printed import PrintedTable


def to_markdown(table: PrintedTable) -> str:
    """Return the table with its caption above and its notes below."""
    text = table.text.mask(table.best, "**" + table.text + "**")
    text.columns = text.columns.map(" ".join)
    text.insert(0, "", text.index)
    notes = "\n".join(f"- {escape_markdown(note)}" for note in table.notes)
    return f"## {escape_markdown(table.title)}\n\n{grid(text)}\n\n{notes}\n"


def grid(text: pd.DataFrame, words: Collection[int] = (0,)) -> str:
    """Return a Markdown grid, padded so that it reads as plain text too.

    Args:
        text: strings; ``**`` stays markup, other special characters are escaped.
        words: indices of the columns that are aligned left; the others hold numbers and are
            aligned right.
    """
    return text.map(escape_markdown).to_markdown(
        index=False,
        headers=[escape_markdown(name) for name in text.columns],
        colalign=["left" if i in words else "right" for i in range(len(text.columns))],
        disable_numparse=True,
    )


def escape_markdown(text: str) -> str:
    """Escape the characters that Markdown takes for markup, except ``*``."""
    for character in ("\\", "|", "_", "<", "`"):
        text = text.replace(character, "\\" + character)
    return text
