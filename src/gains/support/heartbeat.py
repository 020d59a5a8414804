"""A line in the log whenever a verb has said nothing for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

SILENCE = 45.0
"""Time in s without any line after which one is written."""


class _Last(logging.Handler):
    """A handler that remembers when the last line was written."""

    def __init__(self) -> None:
        super().__init__()
        self.time = time.monotonic()

    def emit(self, _: logging.LogRecord) -> None:
        """Remember the time."""
        self.time = time.monotonic()


def _bar_is_shown() -> bool:
    # each live bar of rich has a thread that draws it again
    return any(type(thread).__module__.startswith("rich.") for thread in threading.enumerate())


@contextmanager
def heartbeat(what: str, silence: float = SILENCE) -> Iterator[None]:
    """Say that the block is still at work, whenever it says nothing for ``silence`` seconds.

    Args:
        what: name of the work.
        silence: time in s.
    """
    last, ended, began = _Last(), threading.Event(), time.monotonic()
    logging.getLogger().addHandler(last)

    def beat() -> None:
        while not ended.wait(max(last.time + silence - time.monotonic(), 0.01)):
            if _bar_is_shown():
                last.time = time.monotonic()
            elif time.monotonic() - last.time >= silence:
                logger.info("%s: at work for %.0f s", what, time.monotonic() - began)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        logging.getLogger().removeHandler(last)
