"""Progress of long work: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

LINES = 20
"""Largest number of lines in a log for the whole work."""


class Advance(Protocol):
    """Function that reports how much of the work is done."""

    def __call__(self, done: int, note: str = "") -> None:
        """Report that ``done`` pieces are finished; ``note`` is shown beside the number."""


@contextmanager
def progress(what: str, total: int, start: int = 0) -> Iterator[Advance]:
    """Show the progress of ``total`` pieces of work, of which ``start`` are already done."""
    if sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(what, total=total, completed=start, note="")
            yield lambda done, note="": bar.update(task, completed=done, note=note)
        return
    began, step = time.monotonic(), max(1, total // LINES)

    def log(done: int, note: str = "") -> None:
        if done % step and done != total:
            return
        elapsed = time.monotonic() - began
        left = elapsed / max(done - start, 1) * (total - done)
        logger.info("%s %d/%d, %.0f s, %.0f s to go %s", what, done, total, elapsed, left, note)

    yield log
