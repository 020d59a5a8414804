"""Lock files, which the system releases when the process that holds them ends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# filelock is imported in the functions, because it takes longer to import than most verbs to run

logger = logging.getLogger(__name__)


@contextmanager
def waiting_lock(path: str | Path, message: str) -> Iterator[None]:
    """Hold a lock file while the block runs; wait for another process that holds it.

    Args:
        path: the lock file; its folder must exist.
        message: message to log before waiting.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info(message)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_free(path: str | Path) -> bool:
    """Return whether no process holds a lock file; its folder must exist."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path).acquire(timeout=0):
            return True
    except Timeout:
        return False
