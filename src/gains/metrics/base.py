"""What a metric is, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gains.metrics.pairs import Pairs
from gains.support.registry import Registry

Compute = Callable[[Sequence[Pairs]], float]
"""From the images of one class (those with a detection or a ground truth) to a fraction.

Called with a single image it is that image's value. Without images it returns 0.
"""


@dataclass(frozen=True)
class Metric:
    """A metric of a class; it appears in the score file under its name.

    Args:
        name: its name in both modes.
        clean: the careful formula, or None where there is none.
        as_published: the published program's formula, or None where it has none.
    """

    name: str
    clean: Compute | None = None
    as_published: Compute | None = None


METRICS: Registry[Metric] = Registry("metric")


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0
