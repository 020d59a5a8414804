"""Shared parts of the synthetic data sets: options, outlines without a pixel grid, noise.

Lengths are given for an image of 128 px and grow with the image. A scene depends only on the seed
and its number, so a longer data set begins with the images of a shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import scipy
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from gains.config.base import Settings
from gains.datasets.base import Scene
from gains.instances import Instances

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"a range must run from low to high, found {list(pair)}")
    return pair


Share = Annotated[float, Field(ge=0, le=1)]
ShareRange = Annotated[tuple[Share, Share], AfterValidator(_ordered)]
"""A range (low, high) within [0, 1]."""

Count = Annotated[int, Field(ge=1)]
CountRange = Annotated[tuple[Count, Count], AfterValidator(_ordered)]
"""A range (low, high) of numbers of objects, both included."""


class SceneSettings(Settings):
    """Options of every synthetic data set."""

    RENAMED: ClassVar[dict[str, str]] = {"images": "count"}

    count: int = Field(60, ge=1, description="number of images")
    size: int = Field(128, ge=64, description="side length of the square images in px")
    seed: int = Field(0, ge=0, description="seed of the random images")


@dataclass(frozen=True)
class Blob:
    """A smooth closed outline: an ellipse whose radius is changed by a few harmonics.

    Attributes:
        y: y of the centre, px; pixel borders are at integers.
        x: x of the centre, px.
        radii: half axes, px.
        angle: angle of the first axis, radians.
        amplitudes: relative amplitudes of the harmonics 2, 3, ...
        phases: phases of the same harmonics, radians.
    """

    y: float
    x: float
    radii: tuple[float, float]
    angle: float
    amplitudes: Floats
    phases: Floats

    @property
    def reach(self) -> float:
        """Largest distance of the outline from the centre, px."""
        return max(self.radii) * (1 + float(np.abs(self.amplitudes).sum()))

    def at(self, y: float, x: float) -> Blob:
        """Return the same outline around another centre."""
        return replace(self, y=y, x=x)

    def depth(self, size: int, margin: float = 3.0) -> Floats:
        """Return the depth of each pixel centre inside the outline, px, float64 (size, size).

        The depth is negative outside, and ``-margin`` farther than about ``margin`` outside.
        """
        depth = np.full((size, size), -margin)
        reach = self.reach + margin
        top, left = (int(np.clip(np.floor(c - reach), 0, size)) for c in (self.y, self.x))
        bottom, right = (int(np.clip(np.ceil(c + reach), 0, size)) for c in (self.y, self.x))
        y, x = np.mgrid[top:bottom, left:right] + 0.5
        dy, dx = y - self.y, x - self.x
        u = (np.cos(self.angle) * dx + np.sin(self.angle) * dy) / self.radii[0]
        v = (np.cos(self.angle) * dy - np.sin(self.angle) * dx) / self.radii[1]
        theta, radius = np.arctan2(v, u), np.hypot(u, v)
        outline = np.ones_like(theta)
        for k, (amplitude, phase) in enumerate(zip(self.amplitudes, self.phases, strict=True)):
            outline += amplitude * np.cos((k + 2) * theta + phase)
        inside = (outline - radius) * np.sqrt(self.radii[0] * self.radii[1])
        depth[top:bottom, left:right] = np.maximum(inside, -margin)
        return depth

    def mask(self, size: int) -> Mask:
        """Return the pixels whose centre is inside, bool (size, size)."""
        return self.depth(size) > 0


def draw_blob(
    rng: Generator, radius: float, eccentricity: float, roughness: float, harmonics: int
) -> Blob:
    """Draw a blob around the origin.

    Args:
        rng: generator of random numbers.
        radius: geometric mean of the half axes, px.
        eccentricity: the half axes differ by a factor of at most 1 + eccentricity.
        roughness: relative amplitude of harmonic 2; harmonic k has 2 / k of it.
        harmonics: number of harmonics.
    """
    stretch = float(np.sqrt(1 + rng.uniform(0, eccentricity)))
    scale = roughness * 2 / np.arange(2, harmonics + 2)
    return Blob(
        y=0.0,
        x=0.0,
        radii=(radius * stretch, radius / stretch),
        angle=float(rng.uniform(0, 2 * np.pi)),
        amplitudes=scale * rng.uniform(-1, 1, harmonics),
        phases=rng.uniform(0, 2 * np.pi, harmonics),
    )


def overlap_ratio(a: Mask, b: Mask) -> float:
    """Return the intersection over the smaller area, in [0, 1]."""
    smaller = min(int(a.sum()), int(b.sum()))
    return float(np.logical_and(a, b).sum()) / smaller if smaller else 0.0


def push_together(blob: Blob, other: Blob, direction: float, ratio: float, size: int) -> Blob:
    """Move ``blob`` to where it overlaps ``other`` by ``ratio`` along a direction.

    The overlap falls with distance, so twelve bisections find the position to well below a pixel.

    Args:
        blob: outline to move.
        other: outline that stays.
        direction: direction from the centre of ``other``, radians.
        ratio: expected :func:`overlap_ratio`.
        size: side of the image, px.
    """
    near, far = 0.0, blob.reach + other.reach
    fixed = other.mask(size)
    for _ in range(12):
        distance = (near + far) / 2
        moved = blob.at(
            other.y + distance * np.sin(direction), other.x + distance * np.cos(direction)
        )
        if overlap_ratio(moved.mask(size), fixed) > ratio:
            near = distance
        else:
            far = distance
    return blob.at(other.y + far * np.sin(direction), other.x + far * np.cos(direction))


def fade(depth: Floats, width: float) -> Floats:
    """Return 0 outside to 1 inside, rising smoothly over ``width`` px around depth 0."""
    t = np.clip(depth / width + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def smooth_noise(rng: Generator, size: int, sigma: float | tuple[float, float]) -> Floats:
    """Return noise of zero mean and unit standard deviation, float64 (size, size).

    Args:
        rng: generator of random numbers.
        size: side of the image, px.
        sigma: standard deviation of the smoothing Gaussian, px; one, or one per axis.
    """
    noise = scipy.ndimage.gaussian_filter(rng.standard_normal((size, size)), sigma, mode="wrap")
    return np.asarray((noise - noise.mean()) / noise.std())


def make_scenes(
    settings: SceneSettings,
    stem: str,
    draw: Callable[[Generator], tuple[NDArray[np.uint8], Instances]],
) -> Iterator[Scene]:
    """Yield the scenes of a data set, each from a generator of its own."""
    for number in range(1, settings.count + 1):
        pixels, instances = draw(np.random.default_rng([settings.seed, number]))
        yield Scene(f"{stem}-{number:04d}.png", pixels, instances)


def to_uint8(values: Floats) -> NDArray[np.uint8]:
    """Return grey or colour values of 0..1 as rounded uint8."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
