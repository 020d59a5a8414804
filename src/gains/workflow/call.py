"""A call of Snakemake in a process of its own, with its events."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gains.workflow.events import PARENT, VARIABLE, Event, EventReader

RESERVED = (
    "--",
    "-n",
    "--dry-run",
    "--dryrun",
    "-c",
    "--cores",
    "-C",
    "--config",
    "--configfile",
    "--configfiles",
)
"""Options that `gains run` sets itself."""
PATIENCE = 60
"""Time in s that the jobs get to end after an interruption, before they are killed."""


def refuse_reserved(words: Sequence[str]) -> None:
    """Refuse options of Snakemake that `gains run` sets itself.

    Raises:
        ValueError: there is one.
    """
    for word in words:
        if word.partition("=")[0] in RESERVED:
            raise ValueError(
                f"{word}: `gains run` sets this option itself; use its own options and the study "
                "file, or call `snakemake` in the folder of the project"
            )


@dataclass
class Call:
    """A running Snakemake.

    Attributes:
        process: the process, which leads a group of its own with all jobs.
        events: its events.
    """

    process: subprocess.Popen[bytes]
    events: EventReader

    def wait(self, seconds: float) -> int | None:
        """Wait for the end, but not longer than some seconds; return the exit status or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.poll()

    def new_events(self) -> list[Event]:
        """Return the events since the last call."""
        return list(self.events.new())

    def end(self) -> None:
        """End Snakemake and all of its jobs, as Ctrl-C does on a terminal; kill what stays.

        A further Ctrl-C does not leave jobs behind: the next, stronger signal is sent at once.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, number)
                with contextlib.suppress(KeyboardInterrupt, SystemExit):
                    self.wait(PATIENCE)


@contextlib.contextmanager
def workflow_call(words: Sequence[str], log: Path) -> Iterator[Call]:
    """Start Snakemake in the present folder; what still runs at the end of the block is ended.

    The process does not get the Ctrl-C of the terminal, so that this program decides what happens.

    Args:
        words: command line after ``snakemake``.
        log: file to which its output is appended.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gains-run-") as folder, log.open("ab") as output:
        events = Path(folder) / "events"
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, VARIABLE: str(events), PARENT: str(os.getpid())},
            start_new_session=True,
        )
        call = Call(process, EventReader(events))
        try:
            yield call
        finally:
            call.end()
