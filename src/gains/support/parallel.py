"""Work that is spread over processes, results in the order of the work."""

from __future__ import annotations

import contextlib
import multiprocessing
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
    """Yield the results of ``function`` on each piece of work, in their order.

    Processes are forked where that is safe (Linux): a new interpreter would import for half a
    second what this one has. They begin when the context is entered, so enter it before whatever
    starts threads, such as a progress bar.

    Args:
        function: of a module, and free of torch, whose threads do not survive a fork; numpy's do.
        work: its arguments.
        jobs: processes; with one, all is done in this process when the results are read.

    Raises:
        ValueError: ``jobs`` is below 1. What ``function`` raises is raised when its result is read.
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
