"""The record of a metric, and the registry of all metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gains.metrics.pairs import Pairs
from gains.support.registry import Registry

Compute = Callable[[Sequence[Pairs]], float]
"""Function from the images of one class (those with a detection or a ground truth) to a fraction.

For a single image it returns the value of that image, and for no image 0.
"""


@dataclass(frozen=True)
class Metric:
    """A metric of a class; it appears in the score file under its name.

    Attributes:
        name: name in both modes.
        clean: the corrected formula, or None if there is none.
        as_published: the formula of the published program, or None if the program has none.
        smaller_is_better: whether a smaller value is better, as that of a rate of errors.
    """

    name: str
    clean: Compute | None = None
    as_published: Compute | None = None
    smaller_is_better: bool = False


METRICS: Registry[Metric] = Registry("metric", "gains.metrics")


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, or 0 if there are no values."""
    return sum(values) / len(values) if values else 0.0
