"""Synthetic data set of two crossing chromosomes whose light adds up, as in fluorescence."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, SceneSet
from gains.datasets.catalogue.synthetic.shapes import (
    Floats,
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

CHROMOSOME = 1
POINTS = 160


class ChromosomeSettings(SceneSettings):
    """Options of ``synthetic-chromosomes``."""

    overlap: ShareRange = Field(
        (0.05, 0.5),
        description="range of the overlap of two chromosomes: intersection over the smaller one",
    )


@dataclass(frozen=True)
class Rod:
    """A bent rod with a waist.

    Attributes:
        line: float64 (POINTS, 2), y and x along the middle line, px.
        width: half width, px.
        waist: position of the centromere along the line, in [0, 1].
        length: length, px.
    """

    line: Floats
    width: float
    waist: float
    length: float

    def field(self, size: int) -> tuple[Floats, Floats]:
        """Return depth inside the outline, px, and position along the line, both (size, size)."""
        y, x = np.mgrid[0:size, 0:size] + 0.5
        best = np.full((size, size), np.inf)
        nearest = np.zeros((size, size), dtype=np.intp)
        for k, (line_y, line_x) in enumerate(self.line):
            distance = np.square(y - line_y) + np.square(x - line_x)
            closer = distance < best
            best[closer], nearest[closer] = distance[closer], k
        along = nearest / (POINTS - 1)
        narrow = 0.25 * np.exp(-np.square((along - self.waist) * self.length / self.width))
        return self.width * (1 - narrow) - np.sqrt(best), along


def _rod(rng: Generator, scale: float) -> Rod:
    """Draw a rod whose middle runs through the origin; its line is an arc."""
    length, width = rng.uniform(38, 62) * scale, rng.uniform(7.6, 9.8) * scale
    bend = rng.normal(0, 0.5)  # angle between the two ends, radians
    place = np.linspace(-0.5, 0.5, POINTS)
    heading = bend * place
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1) * length / (POINTS - 1)
    line = np.cumsum(steps, axis=0)
    return Rod(line - line.mean(axis=0), width, float(rng.uniform(0.3, 0.7)), length + 2 * width)


def _turn(rod: Rod, angle: float, through: int, y: float, x: float) -> Rod:
    """Turn a rod and move it so that point ``through`` of its line comes to (y, x)."""
    cos, sin = np.cos(angle), np.sin(angle)
    line = (rod.line - rod.line[through]) @ np.array([[cos, -sin], [sin, cos]])
    return Rod(line + (y, x), rod.width, rod.waist, rod.length)


def place_rods(rng: Generator, settings: ChromosomeSettings) -> tuple[Rod, Rod]:
    """Place two rods inside the image that overlap within the range of the options.

    Raises:
        ValueError: no such pair was found.
    """
    size = settings.size
    scale = size / 128
    low, high = settings.overlap
    for _ in range(300):
        angle = rng.uniform(0, np.pi)
        # the second may pass beside the point it aims at, so that some pairs barely overlap
        aims = size / 2 + np.cumsum(rng.normal(0, [[9 * scale], [7 * scale]], (2, 2)), axis=0)
        turns = (angle, angle + np.radians(rng.uniform(25, 155)))
        # anywhere along the first, and near a tip of the second: crossings, and tips on a neighbour
        places = rng.uniform(0, 1), rng.beta(0.6, 1.6)
        first, second = (
            _turn(_rod(rng, scale), turn, int(place * (POINTS - 1)), *aim)
            for turn, place, aim in zip(turns, places, aims, strict=True)
        )
        margin = max(first.width, second.width) + 2 * scale
        lines = np.concatenate([first.line, second.line])
        if lines.min() < margin or lines.max() > size - margin:
            continue
        ratio = overlap_ratio(first.field(size)[0] > 0, second.field(size)[0] > 0)
        if ratio > 0 and low <= ratio <= high:
            return first, second
    raise ValueError(
        f"synthetic-chromosomes: no pair overlaps by {settings.overlap}; give a wider range of "
        "overlap"
    )


def _glow(rng: Generator, depth: Floats, along: Floats, rod: Rod, scale: float) -> Floats:
    """Return the light of one chromosome, float64 (H, W)."""
    bands = scipy.ndimage.gaussian_filter1d(rng.uniform(-1, 1, 256), 256 * 2.6 * scale / rod.length)
    bands = 0.17 * bands / bands.std()
    # bands are slightly oblique, so the position along the line gets some noise
    wobble = along + 0.6 * scale / rod.length * smooth_noise(rng, len(depth), 2 * scale)
    band = np.interp(wobble, np.linspace(0, 1, 256), bands)
    # two chromatids: a faint groove along the middle
    groove = 0.16 * np.exp(-np.square((depth - rod.width) / (0.28 * rod.width)))
    body = np.clip(1 + band - groove, 0.25, 1.6) + 0.06 * smooth_noise(rng, len(depth), scale)
    return np.asarray(rng.uniform(0.3, 0.44) * body * fade(depth - 0.3 * scale, 3.4 * scale))


def draw_chromosomes(
    rng: Generator, settings: ChromosomeSettings
) -> tuple[NDArray[np.uint8], Instances]:
    """Draw one image, uint8 (H, W), and its two chromosomes, masks in full."""
    size = settings.size
    scale = size / 128
    image = 0.03 + 0.008 * smooth_noise(rng, size, 14 * scale)
    masks = []
    for rod in place_rods(rng, settings):
        depth, along = rod.field(size)
        image += _glow(rng, depth, along, rod, scale)
        masks.append(encode_mask(depth > 0))
    image = scipy.ndimage.gaussian_filter(image, rng.uniform(0.5, 0.9) * scale)
    # few photons: the noise grows with the light
    image += rng.normal(0, 1, image.shape) * (0.006 + 0.022 * np.sqrt(np.clip(image, 0, None)))
    return to_uint8(image), Instances.from_rles(size, size, masks, [CHROMOSOME] * 2)


def make(settings: ChromosomeSettings, _: Findings) -> SceneSet:
    """Make the data set."""
    draw = functools.partial(draw_chromosomes, settings=settings)
    return SceneSet({CHROMOSOME: "chromosome"}, make_scenes(settings, "chromosomes", draw))


DATASETS.register(
    Dataset(
        name="synthetic-chromosomes",
        title="Synthetic crossing chromosomes",
        licence="Apache-2.0 (made by this program)",
        citation="in the spirit of the UCOC data set of overlapping chromosomes",
        homepage="",
        settings=ChromosomeSettings,
        make=make,
    )
)
