"""The times at which a training saves its checkpoint."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

SHARE = 0.02
"""Maximum share of the time since the last checkpoint that writing the next one may take."""


class CheckpointTimer:
    """A timer that asks for a checkpoint every few iterations, unless this takes too much time.

    On a fast GPU, writing a checkpoint takes as long as several iterations. A checkpoint holds no
    state of random generators, so the result does not depend on when it is written.

    Args:
        every: number of iterations between two checkpoints; if writing takes long, a multiple of
            it. The first two checkpoints are always written. The expected cost is the smaller of
            the last two, so that a single slow write does not delay checkpoints for long.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self.costs = (0.0, 0.0)
        self.since = time.monotonic()

    def due(self, done: int) -> bool:
        """Return whether to save after ``done`` iterations."""
        return done % self.every == 0 and (time.monotonic() - self.since) * SHARE >= min(self.costs)

    @contextlib.contextmanager
    def saving(self) -> Iterator[None]:
        """Measure the time that writing a checkpoint takes."""
        began = time.monotonic()
        yield
        self.since = time.monotonic()
        self.costs = (self.costs[1], self.since - began)
