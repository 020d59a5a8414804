"""The times at which a training saves its checkpoint."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

SHARE = 0.02
"""Of the time since the last checkpoint, what the next may cost at most."""


class CheckpointTimer:
    """Says when a checkpoint is due: every few iterations, unless that would take too much time.

    On a fast GPU a few iterations pass in the time that writing takes. A checkpoint holds no state
    of chance, so it does not matter to the result when one is made.

    Args:
        every: iterations between two checkpoints, or a multiple of it. The first two are made
            whatever they cost; the cheaper of the last two says what the next will, so that a disk
            that was slow once does not put it off for long.
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
        """Measure what a checkpoint costs."""
        began = time.monotonic()
        yield
        self.since = time.monotonic()
        self.costs = (self.costs[1], self.since - began)
