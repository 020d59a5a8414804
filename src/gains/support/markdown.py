"""Markdown that reads as plain text too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


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


def listed(sentences: Iterable[str]) -> str:
    """Return sentences as the items of a list, without a line break at the end."""
    return "\n".join(f"- {escape_markdown(sentence)}" for sentence in sentences)


def escape_markdown(text: str) -> str:
    """Escape the characters that Markdown takes for markup, except ``*``.

    A line break becomes a space, because it would end a row of a table.
    """
    text = " ".join(text.splitlines())
    for character in ("\\", "|", "_", "<", "`"):
        text = text.replace(character, "\\" + character)
    return text
