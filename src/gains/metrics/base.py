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

Terms = Callable[[Pairs], tuple[float, float]]
"""Function from one image of a class to the two terms of a quotient.

The metric of several images is the sum of the first terms over the sum of the second ones, or 0 if
the latter is 0. So the images can be resampled without their pairs.
"""


@dataclass(frozen=True)
class Metric:
    """A metric of a class; it appears in the score file under its name.

    Attributes:
        name: name in both modes.
        clean: the corrected formula, or None if there is none.
        as_published: the formula of the published program, or None if the program has none.
        clean_terms: the terms of an image in clean mode. Without them the value gets no interval.
        as_published_terms: the same of the formula of the published program.
        smaller_is_better: whether a smaller value is better, as that of a rate of errors.
        mean_of: names of the metrics whose mean this one is. It has no terms then, and gets its
            intervals from theirs.
        published_definition: what ``as_published`` is, in the words of ``definitions.csv``.
    """

    name: str
    clean: Compute | None = None
    as_published: Compute | None = None
    clean_terms: Terms | None = None
    as_published_terms: Terms | None = None
    smaller_is_better: bool = False
    mean_of: tuple[str, ...] = ()
    published_definition: str = "DoNet's evaluator"


METRICS: Registry[Metric] = Registry("metric", "gains.metrics")


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, or 0 if there are no values."""
    return sum(values) / len(values) if values else 0.0


def of_image(value: Callable[[Pairs], float]) -> Terms:
    """Return the terms of a mean over images: the value of the image, and 1."""
    return lambda pairs: (value(pairs), 1.0)
