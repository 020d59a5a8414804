"""Progress of long work: a bar on a terminal, lines in a log, and the reader of these lines."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

LINES = 20
"""Number of lines in a log for the whole work, if it is quick."""
SILENCE = 30
"""Time in s after which a log gets a further line."""
PACE = 1
"""Time in s before which a log gets none, except for the last piece."""


class Advance(Protocol):
    """Function that reports how much of the work is done."""

    def __call__(self, done: int, note: str = "") -> None:
        """Report that ``done`` pieces are finished; ``note`` is shown beside the number."""


@dataclass(frozen=True)
class Step:
    """A line of a log.

    Attributes:
        what: name of the work.
        done: number of finished pieces.
        total: number of all pieces.
        elapsed: time in s since the work began or was continued.
        left: estimated time in s until its end; None before the first piece is finished.
        note: further words, such as the loss.
    """

    what: str
    done: int
    total: int
    elapsed: float
    left: float | None
    note: str = ""

    def __str__(self) -> str:
        """Return the line, without the time of day."""
        left = "?" if self.left is None else f"{self.left:.0f}"
        text = f"{self.what} {self.done}/{self.total}, {self.elapsed:.0f} s, {left} s to go"
        return f"{text} {self.note}".rstrip()


LINE = re.compile(
    r"(?:\d\d:\d\d:\d\d )?(?P<what>.+) (?P<done>\d+)/(?P<total>\d+), (?P<elapsed>\d+) s, "
    r"(?P<left>\d+|\?) s to go ?(?P<note>.*)"
)
"""What a :class:`Step` looks like in a log."""


def read_step(line: str) -> Step | None:
    """Return the step that a line of a log reports, or None if it is another line."""
    found = LINE.fullmatch(line.rstrip())
    if found is None:
        return None
    left = None if found["left"] == "?" else float(found["left"])
    numbers = int(found["done"]), int(found["total"]), float(found["elapsed"])
    return Step(found["what"], *numbers, left, found["note"])


@contextmanager
def progress(what: str, total: int, start: int = 0) -> Iterator[Advance]:
    """Show the progress of ``total`` pieces of work, of which ``start`` are already done.

    A log gets a line at once, then 20 lines for all pieces, but not more than one a second, and
    further ones if 30 s pass without any.
    """
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
    last = began
    logger.info("%s", Step(what, start, total, 0, None))

    def log(done: int, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if done != total and now - last < (SILENCE if done % step else PACE):
            return
        last, elapsed = now, now - began
        left = elapsed / max(done - start, 1) * (total - done)
        logger.info("%s", Step(what, done, total, elapsed, left, note))

    yield log
