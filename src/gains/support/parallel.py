"""A map over several processes, with results in the order of the inputs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


@contextlib.contextmanager
def parallel_map(
    function: Callable[[Work], Result], work: Sequence[Work], jobs: int
) -> Iterator[Iterable[Result]]:
    """Yield the results of ``function`` for each piece of work, in the order of the work.

    Processes are forked where that is safe (Linux), because a new interpreter needs half a second
    for its imports. They start when the context is entered, so enter it before anything that
    starts threads, such as a progress bar.

    Args:
        function: function of a module; it must not use torch, whose threads do not survive a fork.
        work: the arguments, one for each call.
        jobs: number of processes; with one, this process computes each result when it is read.

    Raises:
        ValueError: ``jobs`` is below 1. An error of ``function`` is raised when its result is read.
    """
    if jobs < 1:
        raise ValueError(f"jobs: expected at least 1 process, found {jobs}")
    if jobs == 1 or len(work) < 2:
        yield map(function, work)
        return
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(min(jobs, len(work)), context) as pool:
        try:
            yield pool.map(function, work)
        finally:
            pool.shutdown(cancel_futures=True)


def available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    if sys.platform == "linux":  # a batch system may give it only some of the machine's
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
