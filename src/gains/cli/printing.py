"""Output for people and programs: a table on a terminal, lines with tabs in a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console


def terminal() -> Console | None:
    """Return the terminal that stdout writes to, or None for a file or a pipe."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console()


def show_table(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0
) -> None:
    """Print a table to a terminal. A long cell is wrapped, so that nothing of it is lost.

    Args:
        console: the terminal.
        columns: titles of the columns.
        rows: cells of each row, as many as ``columns``.
        numbers: how many of the last columns hold numbers, which are aligned to the right.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=not numbers)
    for index, title in enumerate(columns):
        right = index >= len(columns) - numbers
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_lines(rows: Iterable[Sequence[str]]) -> None:
    """Print one line for each row, with a tab between two cells.

    Tabs and line breaks within a cell become spaces.
    """
    for row in rows:
        typer.echo("\t".join(re.sub(r"\s", " ", cell) for cell in row))
