"""How often intervals of 95 % hold the true value: means over images, pooled values and the AP.

Every trial draws new test images from a known distribution and asks whether the interval holds the
value of that distribution. Run it with ``python benchmarks/coverage.py``; it takes some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gains.certainty.intervals import bca_interval, tail
from gains.certainty.precision import Ranked, resampled_precision
from gains.certainty.resamples import Values

Floats = NDArray[np.float64]
OBJECTS = 6
"""Objects of every image in the simulation of the AP."""


def means(generator: np.random.Generator) -> dict[str, tuple[Callable[[int], Floats], float]]:
    """Return distributions of the values of images, each with its mean."""
    return {
        "AJI, beta(8, 2)": (lambda n: generator.beta(8, 2, n), 0.8),
        "AJI, skewed, beta(9, 0.9)": (lambda n: generator.beta(9, 0.9, n), 9 / 9.9),
        "exponential": (lambda n: generator.exponential(1, n), 1.0),
        "difference of two": (
            lambda n: generator.beta(8, 2, n) - generator.beta(8, 1.5, n),
            0.8 - 8 / 9.5,
        ),
        "one image in ten fails": (
            lambda n: np.where(generator.random(n) < 0.1, 0, generator.beta(20, 3, n)),
            0.9 * 20 / 23,
        ),
    }


def detections(generator: np.random.Generator, images: int) -> Ranked:
    """Return detections of images that differ in difficulty, as those of a detector do."""
    ease = np.repeat(generator.beta(6, 2, images), OBJECTS + 4)
    image = np.repeat(np.arange(images), OBJECTS + 4)
    real = np.tile(np.arange(OBJECTS + 4) < OBJECTS, images)
    quality = np.where(real, np.clip(generator.normal(ease, 0.12), 0, 0.99), 0)
    score = quality * 0.6 + generator.normal(0.3, 0.15, len(image)) - 0.2 * ~real
    order = np.argsort(-score, kind="stable")
    thresholds = np.linspace(0.5, 0.95, 10)[:, None]
    hits = quality[order] >= thresholds
    return Ranked(image[order], hits, np.zeros_like(hits), np.full(images, float(OBJECTS)))


def weights_of(generator: np.random.Generator, images: int, resamples: int) -> Floats:
    """Return the whole, the whole without each image, and resamples, float64 (N, 1 + N + R)."""
    drawn = generator.multinomial(images, np.full(images, 1 / images), resamples).T
    return np.concatenate([np.ones((images, 1)), 1 - np.eye(images), drawn], axis=1)


def holds(values: Floats, images: int, expected: float) -> bool:
    """Return whether the interval of values (1 + N + R,) holds the expected one."""
    found = Values(values[0], values[1 : images + 1], values[images + 1 :])
    low, high = bca_interval(found, tail(images))
    return bool(low <= expected <= high)


def rare(generator: np.random.Generator, trials: int, resamples: int) -> None:
    """Print the coverage of the recall of rare objects, by the number of images that have any."""
    for images in (12, 20, 45):
        weights = weights_of(generator, images, resamples)
        inside: dict[int, list[bool]] = {}
        for k in range(6 * trials):
            share = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)[k % 6]
            some = generator.random(images) < share
            objects = np.where(some, generator.integers(1, 6, images), 0)
            found = generator.binomial(objects, generator.beta(6, 2, images)) @ weights
            sums = objects @ weights
            values = np.divide(found, sums, out=np.full_like(sums, np.nan), where=sums > 0)
            known = values[images + 1 :][~np.isnan(values[images + 1 :])]
            # without spread there is no interval
            if len(known) and np.ptp(known) > 0:
                inside.setdefault(int(some.sum()), []).append(holds(values, images, 0.75))
        for count in (2, 3, 4, 5, 6, 8, 10):
            print(f"{images} images, {count} with objects, recall: {np.mean(inside[count]):.1%}")


def main() -> None:
    """Print the share of intervals that hold the true value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    rare(generator, options.trials, options.resamples)
    truth = resampled_precision(detections(generator, 20_000), np.ones((20_000, 1)))[:2, 0]
    for images in (12, 20, 45):
        weights = weights_of(generator, images, options.resamples)
        for name, (draw, mean) in means(generator).items():
            sums = weights.sum(axis=0)
            inside = [
                holds(draw(images) @ weights / sums, images, mean) for _ in range(options.trials)
            ]
            print(f"{images} images, {name}: {np.mean(inside):.1%}", flush=True)
        found = [
            resampled_precision(detections(generator, images), weights)
            for _ in range(options.trials)
        ]
        for k, name in enumerate(("mAP", "AP50")):
            inside = [holds(values[k], images, truth[k]) for values in found]
            print(f"{images} images, {name}: {np.mean(inside):.1%}", flush=True)


if __name__ == "__main__":
    main()
