"""Synthetic data set of crossing worms in a bright field, as in wells of C. elegans."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, SceneSet
from gains.datasets.catalogue.synthetic.shapes import (
    CountRange,
    Floats,
    Mask,
    SceneSettings,
    ShareRange,
    fade,
    make_scenes,
    overlap_ratio,
    smooth_noise,
    to_uint8,
)
from gains.datasets.findings import Findings
from gains.instances import Instances
from gains.masks.rle import encode_mask

WORM = 1
POINTS = 120
OUTSIDE = -6.0
"""Depth of pixels far outside, px."""
TOUCHING = 0.25
"""Share of the worms that are placed to touch others instead of crossing one."""


class WormSettings(SceneSettings):
    """Options of ``synthetic-worms``."""

    worms: CountRange = Field((2, 5), description="range of the number of worms per image")
    meeting: float = Field(
        0.75, ge=0, le=1, description="probability that a worm is placed across or beside another"
    )
    overlap: ShareRange = Field(
        (0.0, 0.25),
        description="range of the overlap of worms that meet: intersection over the smaller one",
    )
    rim: float = Field(
        0.3, ge=0, le=1, description="probability that the dark rim of the well is in the image"
    )


@dataclass(frozen=True)
class Worm:
    """A slender body along a smooth line, with a blunt head and a pointed tail.

    Attributes:
        line: float64 (POINTS, 2), y and x along the middle line from head to tail, px.
        widths: float64 (POINTS,), half widths along the line, px.
    """

    line: Floats
    widths: Floats

    def field(self, size: int) -> tuple[Floats, Floats, Floats]:
        """Return what each pixel of a square image of ``size`` px knows of the body.

        Returns:
            Depth inside the outline in px, at least ``OUTSIDE``; position along the line in
            [0, 1]; position across the body, which is 0 on the line and 1 on the outline. All
            float64 (size, size).
        """
        depth = np.full((size, size), OUTSIDE)
        along, across = np.zeros_like(depth), np.full_like(depth, 2.0)
        reach = self.widths.max() - OUTSIDE
        (top, left), (bottom, right) = (
            np.clip(f(ends), 0, size).astype(int)
            for f, ends in (
                (np.floor, self.line.min(axis=0) - reach),
                (np.ceil, self.line.max(axis=0) + reach),
            )
        )
        window = np.s_[top:bottom, left:right]
        places = np.moveaxis(np.mgrid[window], 0, -1) + 0.5
        distance, nearest = scipy.spatial.KDTree(self.line).query(places)
        depth[window] = np.maximum(self.widths[nearest] - distance, OUTSIDE)
        along[window] = nearest / (POINTS - 1)
        across[window] = np.minimum(distance / self.widths[nearest], 2)
        return depth, along, across

    def mask(self, size: int) -> Mask:
        """Return the pixels whose centre is inside, bool (size, size)."""
        return self.field(size)[0] > 0


def draw_worm(rng: Generator, scale: float) -> Worm:
    """Draw a worm whose middle is at the origin.

    Living worms swim in waves, dead ones are nearly straight.
    """
    length, width = rng.uniform(52, 76) * scale, rng.uniform(3.1, 4.1) * scale
    place = np.linspace(0, 1, POINTS)
    alive = rng.random() < 0.7
    bend, wave = rng.normal(0, 1.0 if alive else 0.25), rng.normal(0, 0.55 if alive else 0.08)
    heading = rng.uniform(0, 2 * np.pi) + np.clip(bend, -2.2, 2.2) * (place - 0.5)
    heading += wave * np.sin(2 * np.pi * (rng.uniform(0.8, 1.4) * place + rng.uniform(0, 1)))
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1) * length / (POINTS - 1)
    line = np.cumsum(steps, axis=0)
    # the head is rounded, the tail runs out in a thin tip
    head = np.sqrt(np.clip(1 - np.square(1 - np.minimum(place / 0.06, 1)), 0.2, 1))
    neck = 0.76 + 0.24 * np.minimum(place / 0.28, 1)
    tail = 1 - 0.92 * np.clip((place - 0.62) / 0.38, 0, 1) ** 1.7
    return Worm(line - line.mean(axis=0), width * np.minimum(head * neck, tail))


def _moved(worm: Worm, through: int, y: float, x: float) -> Worm:
    """Move a worm so that point ``through`` of its line comes to (y, x)."""
    return replace(worm, line=worm.line - worm.line[through] + (y, x))


def _across(rng: Generator, worm: Worm, other: Worm) -> Worm:
    """Move a worm across another; the places where they meet may be anywhere on both."""
    through, place = rng.integers(POINTS // 8, POINTS - POINTS // 8, 2)
    return _moved(worm, int(through), *other.line[place])


def _pushed_off(rng: Generator, worm: Worm, size: int, masks: list[Mask]) -> Worm:
    """Push a worm in a random direction by whole pixels until it shares no pixel with others."""
    direction, mask, taken = rng.uniform(0, 2 * np.pi), worm.mask(size), np.any(masks, axis=0)
    for distance in range(size // 4):
        offset = np.rint(distance * np.array([np.sin(direction), np.cos(direction)])).astype(int)
        if not (np.roll(mask, offset, (0, 1)) & taken).any():
            return replace(worm, line=worm.line + offset)
    return worm


def _near(mask: Mask) -> Mask:
    return np.asarray(scipy.ndimage.binary_dilation(mask, np.ones((3, 3))))


def _place(
    rng: Generator, settings: WormSettings, worms: list[Worm], masks: list[Mask]
) -> tuple[Worm, Mask] | None:
    """Place one more worm; None if it does not fit."""
    size = settings.size
    scale = size / 128
    worm = draw_worm(rng, scale)
    meets = bool(worms) and rng.random() < settings.meeting
    if meets:
        worm = _across(rng, worm, worms[rng.integers(len(worms))])
        if rng.random() < TOUCHING:
            worm = _pushed_off(rng, worm, size, masks)
    else:
        worm = _moved(worm, POINTS // 2, *rng.uniform(0, size, 2))
    margin = worm.widths.max() + scale
    if worm.line.min() < margin or worm.line.max() > size - margin:
        return None
    mask = worm.mask(size)
    near = _near(mask)
    if any((near & other).any() for other in masks) != meets:
        return None
    low, high = settings.overlap
    ratios = [overlap_ratio(mask, other) for other in masks]
    return (worm, mask) if all(r == 0 or low <= r <= high for r in ratios) else None


def place_worms(rng: Generator, settings: WormSettings) -> list[Worm]:
    """Place the worms of one image; every overlap is within the range of the options.

    Raises:
        ValueError: they do not fit.
    """
    count = int(rng.integers(settings.worms[0], settings.worms[1] + 1))
    for _ in range(10):
        worms: list[Worm] = []
        masks: list[Mask] = []
        misses = 0
        while misses < 150:
            placed = _place(rng, settings, worms, masks)
            if placed is None:
                misses += 1
                continue
            worms.append(placed[0])
            masks.append(placed[1])
            if len(worms) == count:
                return worms
            misses = 0
    raise ValueError(
        f"synthetic-worms: {count} worms with overlap {settings.overlap} do not fit an image; ask "
        "for fewer worms or a wider overlap range"
    )


def _body(rng: Generator, worm: Worm, size: int, scale: float) -> Floats:
    """Return the share of light that passes one worm, float64 (size, size).

    The edge of the body bends light away and is dark; a bright fringe runs around it. Granules of
    the gut darken the middle behind the pharynx, which is clear.
    """
    depth, along, across = worm.field(size)
    inside = fade(depth, 1.1 * scale)
    edge = np.exp(-np.square((depth - 0.7 * scale) / (0.75 * scale)))
    fringe = np.exp(-np.square((depth + 1.5 * scale) / (0.9 * scale)))
    granules = smooth_noise(rng, size, 0.75 * scale) + 0.7 * smooth_noise(rng, size, 1.8 * scale)
    gut = fade(along - 0.24, 0.12) * fade(0.9 - along, 0.15) * np.exp(-np.square(across / 0.62))
    dark = rng.uniform(0.1, 0.2) + 0.05 * smooth_noise(rng, size, 3 * scale)
    dark += gut * np.clip(rng.uniform(0.1, 0.24) + 0.13 * granules, -0.1, 0.5)
    # two bulbs of the pharynx
    for place in (0.11, 0.2):
        bulb = np.square((along - place) * 16) + np.square(across / 0.55)
        dark += 0.12 * np.exp(-bulb)
    dark = inside * np.clip(dark, 0, 0.8) + rng.uniform(0.3, 0.45) * edge
    return np.asarray((1 - np.clip(dark, 0, 0.9)) * (1 + rng.uniform(0.06, 0.13) * fringe))


def _light(rng: Generator, settings: WormSettings, scale: float) -> Floats:
    """Return the light of the well without worms, float64 (H, W)."""
    size = settings.size
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    direction = rng.uniform(0, 2 * np.pi)
    tilt = rng.uniform(0.04, 0.22) * (np.sin(direction) * y + np.cos(direction) * x)
    light = rng.uniform(0.56, 0.7) + tilt + 0.02 * smooth_noise(rng, size, 14 * scale)
    light += 0.008 * smooth_noise(rng, size, 1.6 * scale)  # the medium is not quite clear
    if rng.random() < settings.rim:
        away = rng.uniform(0, 2 * np.pi)
        # the wall of a round well of 1.6 image sides in diameter
        distance = np.hypot(y - 0.42 * np.sin(away), x - 0.42 * np.cos(away)) - 0.88
        light *= 1 - 0.75 * fade(distance, 0.1)
        light *= 1 + 0.12 * np.exp(-np.square((distance + 0.075) / 0.02))
    return np.asarray(light)


def _debris(rng: Generator, light: Floats, scale: float) -> Floats:
    """Return the light behind bubbles, eggs and crumbs, float64 (H, W)."""
    size = len(light)
    y, x = np.mgrid[0:size, 0:size] + 0.5
    for _ in range(int(rng.integers(2, 9))):
        centre, radius = rng.uniform(0, size, 2), rng.uniform(0.7, 2.0) * scale
        distance = np.hypot(y - centre[0], x - centre[1]) - radius
        ring = np.exp(-np.square(distance / (0.7 * scale)))
        light = light * (1 - rng.uniform(0.1, 0.4) * ring)
    return light


def draw_worms(rng: Generator, settings: WormSettings) -> tuple[NDArray[np.uint8], Instances]:
    """Draw one image, uint8 (H, W), and its worms, masks in full."""
    size = settings.size
    scale = size / 128
    image = _debris(rng, _light(rng, settings, scale), scale)
    masks = []
    for worm in place_worms(rng, settings):
        image = image * _body(rng, worm, size, scale)
        masks.append(encode_mask(worm.mask(size)))
    image = scipy.ndimage.gaussian_filter(image, rng.uniform(0.35, 0.6) * scale)
    image += rng.normal(0, rng.uniform(0.008, 0.018), image.shape)
    return to_uint8(image), Instances.from_rles(size, size, masks, [WORM] * len(masks))


def make(settings: WormSettings, _: Findings) -> SceneSet:
    """Make the data set."""
    draw = functools.partial(draw_worms, settings=settings)
    return SceneSet({WORM: "worm"}, make_scenes(settings, "worms", draw))


DATASETS.register(
    Dataset(
        name="synthetic-worms",
        title="Synthetic crossing worms",
        licence="Apache-2.0 (made by this program)",
        citation="in the spirit of the wells of C. elegans of BBBC010",
        homepage="",
        settings=WormSettings,
        make=make,
    )
)
