"""Resamples of the test images and seeds, and what the values of a method are in them.

All methods of a data set get the same resamples of images, so that differences are paired.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gains.certainty.evidence import Evidence, Quantity, mean_of_known
from gains.certainty.precision import Floats

RESAMPLES = 10_000
"""Number of resamples behind each interval."""


@dataclass(frozen=True)
class Values:
    """A number in resamples; a difference of two methods is the difference of their values.

    Attributes:
        whole: the value with every image once.
        without: float64 (N,), the value without each image.
        resampled: float64 (R,), the value in each resample.
    """

    whole: float
    without: Floats
    resampled: Floats

    def __sub__(self, other: Values) -> Values:
        return Values(
            self.whole - other.whole,
            self.without - other.without,
            self.resampled - other.resampled,
        )

    def __neg__(self) -> Values:
        return Values(-self.whole, -self.without, -self.resampled)


class Resamples:
    """Draws with replacement from the images of a data set.

    The draws depend on the names of the images alone: a method has equal intervals in all tables.

    Args:
        images: names of the test images of all folds.
    """

    def __init__(self, images: Sequence[str]) -> None:
        self.images = tuple(images)
        count = len(self.images)
        drawn = generator("images", *self.images).multinomial(
            count, np.full(count, 1 / count), RESAMPLES
        )
        # the whole, the whole without each image, and the resamples
        self.weights: Floats = np.concatenate(
            [np.ones((count, 1)), 1 - np.eye(count), drawn.T], axis=1
        )


def generator(*texts: str) -> np.random.Generator:
    """Return a generator whose numbers depend on the texts alone."""
    digest = hashlib.sha256("\n".join(texts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


class ResampledMethod:
    """The score files of one method on one data set: a file for each seed and fold.

    Files of the same images belong to the seeds of one fold. In a resample every fold has as many
    seeds as before, drawn with replacement, and the value is the mean over files, as in the tables.
    A file of whose images a resample has no object is left out of it.

    Args:
        evidence: the files.
        resamples: draws from the images of all of them.
    """

    def __init__(self, evidence: Sequence[Evidence], resamples: Resamples) -> None:
        self.evidence = list(evidence)
        self.resamples = resamples

    def values(self, quantity: Quantity) -> Values:
        """Return a metric, in percent."""
        found = 100 * np.array(
            [item.values(quantity, self._weights(item)) for item in self.evidence]
        )
        mean = mean_of_known(found, self._times)
        images = len(self.resamples.images)
        return Values(float(mean[0]), mean[1 : images + 1], mean[images + 1 :])

    def per_image(self, quantity: Quantity) -> Floats:
        """Return the mean over seeds of every image in percent, float64 (N,), NaN without one."""
        found = np.full((len(self.evidence), len(self.resamples.images)), np.nan)
        for row, item in zip(found, self.evidence, strict=True):
            row[self._places(item)] = 100 * item.per_image(quantity)
        return mean_of_known(found)

    def support(self, quantity: Quantity) -> int:
        """Return the number of images that have what a value is computed from.

        Images of all seeds and folds count, and of several classes the one with the fewest: a
        resample without its images would be about fewer classes.
        """
        found: dict[str, set[str]] = {}
        for item in self.evidence:
            for key, some in item.present(quantity).items():
                names = itertools.compress(item.images, some)
                found.setdefault(key, set()).update(names)
        return min((len(names) for names in found.values() if names), default=0)

    def _places(self, item: Evidence) -> list[int]:
        position = {name: k for k, name in enumerate(self.resamples.images)}
        return [position[name] for name in item.images]

    def _weights(self, item: Evidence) -> Floats:
        if item.images == self.resamples.images:
            return self.resamples.weights
        return self._kept_weights[item.images]

    @functools.cached_property
    def _kept_weights(self) -> dict[tuple[str, ...], Floats]:
        first = {item.images: item for item in self.evidence}
        return {
            images: self.resamples.weights[self._places(item)] for images, item in first.items()
        }

    @functools.cached_property
    def _times(self) -> Floats:
        """How often each file counts, float64 (files, 1 + N + R)."""
        times = np.ones((len(self.evidence), self.resamples.weights.shape[1]))
        for images, seeds in Counter(item.images for item in self.evidence).items():
            rows = [k for k, item in enumerate(self.evidence) if item.images == images]
            if seeds > 1:
                digests = [self.evidence[k].digest for k in rows]
                drawn = generator("seeds", *digests).multinomial(
                    seeds, np.full(seeds, 1 / seeds), RESAMPLES
                )
                times[rows, -RESAMPLES:] = drawn.T
        return times
