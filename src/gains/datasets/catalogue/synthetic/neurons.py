"""Synthetic data set of touching neuron-like cells that glow, as cultures of neuroblastoma."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import scipy
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, SceneSet
from gains.datasets.catalogue.synthetic.shapes import (
    Blob,
    CountRange,
    Floats,
    Mask,
    SceneSettings,
    ShareRange,
    draw_blob,
    fade,
    make_scenes,
    overlap_ratio,
    smooth_noise,
    to_uint8,
)
from gains.datasets.findings import Findings
from gains.instances import Instances
from gains.masks.rle import encode_mask

NEURON = 1
FAR = 40.0
"""Depth of a pixel far outside a cell is minus this, px at 128 px."""


class NeuronSettings(SceneSettings):
    """Options of ``synthetic-neurons``."""

    neurons: CountRange = Field((6, 12), description="range of the number of cells per image")
    touching: float = Field(
        0.75, ge=0, le=1, description="probability that a cell is placed beside another one"
    )
    overlap: ShareRange = Field(
        (0.0, 0.12),
        description="range of the overlap of a cell that lies on its neighbour: intersection over "
        "the smaller cell",
    )
    lying: float = Field(
        0.15,
        ge=0,
        le=1,
        description="probability that a cell beside another one lies on it; the others press "
        "against each other",
    )


@dataclass(frozen=True)
class Neuron:
    """A cell body with lobes.

    Attributes:
        y: y of the middle, px.
        x: x of the middle, px.
        radius: radius of the body, px.
        depth: depth inside the outline, px, float64 (H, W); negative outside.
    """

    y: float
    x: float
    radius: float
    depth: Floats

    @functools.cached_property
    def mask(self) -> Mask:
        """Pixels inside, bool (H, W)."""
        return self.depth > 0


def _offsets(size: int, y: float, x: float) -> Floats:
    """Return y and x of the pixel centres from a place, px, float64 (2, size, size)."""
    return np.asarray(np.mgrid[0:size, 0:size] + 0.5 - np.reshape((y, x), (2, 1, 1)))


def _lobe(offsets: Floats, direction: float, length: float, widths: tuple[float, float]) -> Floats:
    """Return the depth inside a process that grows from the middle of a cell, px (H, W).

    Args:
        offsets: y and x from the middle of the cell, px, (2, H, W).
        direction: radians.
        length: px.
        widths: half widths at its root and at its tip, px.
    """
    step = np.array([np.sin(direction), np.cos(direction)])
    along = np.clip(np.tensordot(step, offsets, 1) / length, 0, 1)
    away = np.hypot(*(offsets - along * length * step[:, None, None]))
    return np.asarray(widths[0] + (widths[1] - widths[0]) * np.sqrt(along) - away)


def _grown(rng: Generator, blob: Blob, size: int, scale: float) -> Neuron:
    """Give a body its lobes; most are short and blunt, some are long and thin."""
    depth = blob.depth(size, FAR * scale)
    radius = float(np.sqrt(blob.radii[0] * blob.radii[1]))
    offsets = _offsets(size, blob.y, blob.x)
    for _ in range(int(rng.integers(1, 5))):
        if rng.random() < 0.3:
            length, tip = radius * rng.uniform(1.8, 2.7), rng.uniform(0.7, 1.2) * scale
        else:
            length, tip = radius * rng.uniform(0.8, 1.3), radius * rng.uniform(0.2, 0.4)
        root = radius * rng.uniform(0.55, 0.8)
        lobe = _lobe(offsets, rng.uniform(0, 2 * np.pi), length, (root, tip))
        depth = np.maximum(depth, lobe)
    # membranes round off the corners between body and lobes
    depth = scipy.ndimage.gaussian_filter(depth, 1.6 * scale, mode="nearest") + 0.3 * scale
    return Neuron(blob.y, blob.x, radius, depth)


def pressed(a: Neuron, b: Neuron) -> tuple[Neuron, Neuron]:
    """Divide the pixels that two cells share: each goes to the cell in which it is deeper."""
    between = (a.depth - b.depth) / 2
    return (
        replace(a, depth=np.minimum(a.depth, between)),
        replace(b, depth=np.minimum(b.depth, -between)),
    )


def _is_whole(neuron: Neuron, before: Neuron) -> bool:
    """Return whether a pressed cell is one piece and kept most of its area."""
    if neuron is before:
        return True
    kept = neuron.mask.sum() >= 0.6 * before.mask.sum()
    return bool(kept) and scipy.ndimage.label(neuron.mask, np.ones((3, 3)))[1] == 1


def _near(mask: Mask) -> Mask:
    return np.asarray(scipy.ndimage.binary_dilation(mask, np.ones((3, 3))))


def _place(rng: Generator, settings: NeuronSettings, neurons: list[Neuron]) -> list[Neuron] | None:
    """Return the cells with one more; None if it does not fit."""
    size = settings.size
    scale = size / 128
    radius = rng.uniform(8, 13) * scale
    blob = draw_blob(rng, radius, 1.0, 0.1, 4)
    touches = bool(neurons) and rng.random() < settings.touching
    lies = touches and rng.random() < settings.lying
    if touches:
        other, direction = neurons[rng.integers(len(neurons))], rng.uniform(0, 2 * np.pi)
        distance = rng.uniform(0.8, 1.1) * (radius + other.radius)
        y, x = other.y + distance * np.sin(direction), other.x + distance * np.cos(direction)
    else:
        y, x = rng.uniform(0, size, 2)
    # the border cuts a cell at most through its middle, as in a field of view
    if min(y, x) < 4 * scale or max(y, x) > size - 4 * scale:
        return None
    new = _grown(rng, blob.at(y, x), size, scale)
    near = _near(new.mask)
    if any((near & old.mask).any() for old in neurons) != touches:
        return None
    cells, added = list(neurons), new
    for k, old in enumerate(neurons):
        if not lies and (added.mask & old.mask).any():
            added, cells[k] = pressed(added, old)
    cells.append(added)
    whole = all(_is_whole(*pair) for pair in zip(cells, [*neurons, new], strict=True))
    return cells if whole and _fits(settings.overlap, cells) else None


def _fits(allowed: tuple[float, float], cells: list[Neuron]) -> bool:
    """Return whether every overlap is within the range."""
    low, high = allowed
    ratios = (overlap_ratio(a.mask, b.mask) for a, b in combinations(cells, 2))
    return all(ratio == 0 or low <= ratio <= high for ratio in ratios)


def place_neurons(rng: Generator, settings: NeuronSettings) -> list[Neuron]:
    """Place the cells of one image, many of them pressed against each other.

    Raises:
        ValueError: they do not fit.
    """
    count = int(rng.integers(settings.neurons[0], settings.neurons[1] + 1))
    for _ in range(3):
        neurons: list[Neuron] = []
        misses = 0
        while misses < 60:
            placed = _place(rng, settings, neurons)
            if placed is None:
                misses += 1
                continue
            neurons, misses = placed, 0
            if len(neurons) == count:
                return neurons
    raise ValueError(f"synthetic-neurons: {count} cells do not fit an image; ask for fewer")


def _fibres(rng: Generator, neuron: Neuron, scale: float) -> Floats:
    """Return noise that runs from the middle of a cell to its lobes, float64 (H, W)."""
    size = len(neuron.depth)
    dy, dx = _offsets(size, neuron.y, neuron.x)
    turn = np.arctan2(dy, dx) / (2 * np.pi) * 64
    radius = np.hypot(dy, dx) / (3.5 * scale)
    sheet = smooth_noise(rng, 64, 0.8)
    values = scipy.ndimage.map_coordinates(sheet, [turn, radius], order=1, mode="grid-wrap")
    return np.asarray(values)


@dataclass(frozen=True)
class _Dye:
    """How the dye is spread over the cells of an image; all float64 (H, W).

    Attributes:
        clouds: share of the usual amount of dye.
        grain: fine noise.
        specks: small bright places, 0 to 1.
    """

    clouds: Floats
    grain: Floats
    specks: Floats


def _dye(rng: Generator, size: int, scale: float) -> _Dye:
    return _Dye(
        clouds=1 + 0.22 * smooth_noise(rng, size, 4 * scale),
        grain=0.1 * smooth_noise(rng, size, 0.9 * scale),
        specks=np.clip(smooth_noise(rng, size, 0.8 * scale) - 2.1, 0, 1),
    )


def _glow(rng: Generator, neuron: Neuron, dye: _Dye, scale: float) -> Floats:
    """Return the light of one cell, float64 (H, W)."""
    depth = neuron.depth
    # the body is thick in the middle and thin in its lobes
    thick = np.sqrt(np.clip(depth / (0.9 * neuron.radius), 0, 1))
    cortex = np.exp(-np.square((depth - 1.1 * scale) / scale))
    body = (0.35 + 0.65 * thick) * dye.clouds + dye.grain + 0.16 * _fibres(rng, neuron, scale)
    body += rng.uniform(0.2, 0.7) * cortex
    # the nucleus holds little of the dye
    middle = (neuron.y, neuron.x) + rng.normal(0, 0.12, 2) * neuron.radius
    reach = rng.uniform(0.38, 0.5) * neuron.radius
    hole = reach - np.hypot(*_offsets(len(depth), *middle))
    body *= 1 - rng.uniform(0.35, 0.65) * fade(hole, 2.2 * scale)
    light = np.clip(body + 0.6 * dye.specks, 0.08, 2.2) * fade(depth, 1.6 * scale)
    return np.asarray(rng.uniform(0.3, 0.75) * light)


def _uneven(rng: Generator, size: int) -> Floats:
    """Return the strength of the lamp, float64 (H, W), 1 at its strongest place."""
    y, x = np.mgrid[0:size, 0:size] / size
    centre = rng.uniform(0.25, 0.75, 2)
    away = np.square(y - centre[0]) + np.square(x - centre[1])
    return np.asarray(1 - rng.uniform(0.2, 0.6) * away)


def draw_neurons(rng: Generator, settings: NeuronSettings) -> tuple[NDArray[np.uint8], Instances]:
    """Draw one image, uint8 (H, W), and its cells, masks in full."""
    size = settings.size
    scale = size / 128
    image, masks = np.zeros((size, size)), []
    dye = _dye(rng, size, scale)
    for neuron in place_neurons(rng, settings):
        image += _glow(rng, neuron, dye, scale)
        masks.append(encode_mask(neuron.mask))
    image = scipy.ndimage.gaussian_filter(image, rng.uniform(0.5, 0.8) * scale)
    # light from above and below the focus
    image += rng.uniform(0.1, 0.25) * scipy.ndimage.gaussian_filter(image, 7 * scale)
    image = 0.03 + (image + 0.006 * smooth_noise(rng, size, 10 * scale)) * _uneven(rng, size)
    # few photons: the noise grows with the light
    image += rng.normal(0, 1, image.shape) * (0.006 + 0.025 * np.sqrt(np.clip(image, 0, None)))
    return to_uint8(image), Instances.from_rles(size, size, masks, [NEURON] * len(masks))


def make(settings: NeuronSettings, _: Findings) -> SceneSet:
    """Make the data set."""
    draw = functools.partial(draw_neurons, settings=settings)
    return SceneSet({NEURON: "neuron"}, make_scenes(settings, "neurons", draw))


DATASETS.register(
    Dataset(
        name="synthetic-neurons",
        title="Synthetic touching neurons",
        licence="Apache-2.0 (made by this program)",
        citation="in the spirit of the neuroblastoma cells of CCDB:6843",
        homepage="",
        settings=NeuronSettings,
        make=make,
    )
)
