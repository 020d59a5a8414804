"""What a person sees while a study runs: bars on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from gains.running.jobs import TRAIN, JobInProgress, Jobs
from gains.support.durations import duration

if TYPE_CHECKING:
    from rich.live import Live

SILENCE = 30
"""Time in s after which a log gets further lines."""


class Screen(Protocol):
    """A display of the jobs that run."""

    def show(self, jobs: Jobs, left: float | None) -> None:
        """Show the state of all jobs.

        Args:
            jobs: the jobs.
            left: estimated time in s until the last training ends, or None if it is unknown.
        """


@contextmanager
def screen() -> Iterator[Screen]:
    """Return bars if stderr is a terminal that can move its cursor, and lines otherwise."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        yield Lines()
        return
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        yield Bars(live)


class Lines:
    """Lines in a log: at once, every 30 s, and after each training or failure."""

    def __init__(self) -> None:
        self._last = -float(SILENCE)
        self._ended = 0
        self._began = time.monotonic()

    def show(self, jobs: Jobs, left: float | None) -> None:
        """Write lines if it is time."""
        ended = sum(job.rule == TRAIN for job in jobs.finished) + len(jobs.failed)
        now = time.monotonic() - self._began
        if now - self._last < SILENCE and ended == self._ended:
            return
        self._last, self._ended = now, ended
        print("\n".join(state_lines(jobs, left)), file=sys.stderr, flush=True)


def state_lines(jobs: Jobs, left: float | None) -> list[str]:
    """Return the state of all jobs and of each that runs, with the time of day."""
    clock = time.strftime("%H:%M:%S")
    running = [f"  {job_line(job)}" for job in list(jobs.running.values())]
    return [f"{clock} {text}" for text in [jobs_line(jobs, left), *running]]


def jobs_line(jobs: Jobs, left: float | None) -> str:
    """Return the state of all jobs in words."""
    trained = sum(job.rule == TRAIN for job in jobs.finished)
    failed = f", {len(jobs.failed)} failed" if jobs.failed else ""
    failed = f"{f', {trained} trained' if trained else ''}{failed}"
    time_left = "" if left is None else f", trainings end in about {duration(left)}"
    return f"{jobs.done} of {jobs.total} jobs done{failed}{time_left}"


def job_line(job: JobInProgress) -> str:
    """Return the state of a job in words."""
    step = job.step()
    if step is None:
        return f"{job.name}, since {duration(job.seconds)}"
    left = f"since {duration(job.seconds)}"
    if step.left is not None:
        left = f"{duration(step.left)} to go"
    note = f", {step.note}" if step.note else ""
    return f"{job.name} {step.done}/{step.total}{note}, {left}"


class Bars:
    """A bar for each job that runs, and one for all jobs."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, jobs: Jobs, left: float | None) -> None:
        """Draw the bars again."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(jobs.total, jobs.done, width=20), Text(jobs_line(jobs, left)))
        for job in jobs.running.values():
            step = job.step()
            bar = ProgressBar(step.total, step.done, width=20) if step else ""
            grid.add_row(bar, Text(job_line(job)))
        self._live.update(grid)
