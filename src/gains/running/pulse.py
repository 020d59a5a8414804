"""Lines about the running jobs of a plain call of Snakemake, which else is silent meanwhile."""

from __future__ import annotations

import logging
import sys
import threading
import time

from gains.running.jobs import Jobs
from gains.running.screen import SILENCE, state_lines
from gains.workflow.events import event_of


class Pulse(logging.Handler):
    """A handler of Snakemake's logger that knows the running jobs.

    Args:
        total: number of jobs of the call.
    """

    def __init__(self, total: int) -> None:
        super().__init__()
        self._jobs = Jobs(total)

    def emit(self, record: logging.LogRecord) -> None:
        """Take account of the event of a record, if it is one of interest."""
        event = event_of(record)
        if event is not None:
            self._jobs.take(event)

    def beat(self) -> None:
        """Write the state of the jobs to stderr, if any runs."""
        if self._jobs.running:
            print("\n".join(state_lines(self._jobs, None)), file=sys.stderr, flush=True)


def attach_pulse(logger: logging.Logger, total: int, silence: float = SILENCE) -> None:
    """Write the state of the jobs every few seconds, until this process ends.

    Args:
        logger: Snakemake's logger.
        total: number of jobs of the call.
        silence: time in s between two reports.
    """
    pulse = Pulse(total)
    logger.addHandler(pulse)

    def go_on() -> None:
        while True:
            time.sleep(silence)
            pulse.beat()

    threading.Thread(target=go_on, daemon=True).start()
