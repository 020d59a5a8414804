"""Synthetic data set of dense touching nuclei in stained tissue."""

from __future__ import annotations

import functools

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
    push_together,
    smooth_noise,
    to_uint8,
)
from gains.datasets.findings import Findings
from gains.instances import Instances
from gains.masks.rle import encode_mask

NUCLEUS = 1
HEMATOXYLIN = np.array([0.72, 0.80, 0.34])
EOSIN = np.array([0.16, 0.42, 0.16])
"""Optical density of red, green and blue per unit of stain."""


class NucleusSettings(SceneSettings):
    """Options of ``synthetic-nuclei``."""

    nuclei: CountRange = Field((10, 24), description="range of the number of nuclei per image")
    touching: float = Field(
        0.65, ge=0, le=1, description="probability that a nucleus is placed beside another one"
    )
    overlap: ShareRange = Field(
        (0.0, 0.08),
        description="range of the overlap with that neighbour: intersection over the smaller "
        "nucleus",
    )


def _place(
    rng: Generator, settings: NucleusSettings, nuclei: list[Blob], masks: list[Mask]
) -> Blob | None:
    size = settings.size
    scale = size / 128
    nucleus = draw_blob(rng, rng.uniform(6.2, 9.6) * scale, 0.7, 0.07, 4)
    limit = 0.0
    if nuclei and rng.random() < settings.touching:
        other = nuclei[rng.integers(len(nuclei))]
        ratio = rng.uniform(*settings.overlap)
        nucleus = push_together(nucleus, other, rng.uniform(0, 2 * np.pi), ratio, size)
        limit = settings.overlap[1]
    else:
        nucleus = nucleus.at(*rng.uniform(0, size, 2))
    # the border cuts at most half of a nucleus, as in a field of view
    if min(nucleus.y, nucleus.x) < 3 * scale or max(nucleus.y, nucleus.x) > size - 3 * scale:
        return None
    mask = nucleus.mask(size)
    fits = all(overlap_ratio(mask, other) <= limit for other in masks)
    return nucleus if fits else None


def place_nuclei(rng: Generator, settings: NucleusSettings) -> list[Blob]:
    """Place the nuclei of one image, many of them touching.

    Raises:
        ValueError: they do not fit.
    """
    count = int(rng.integers(settings.nuclei[0], settings.nuclei[1] + 1))
    nuclei: list[Blob] = []
    masks: list[Mask] = []
    misses = 0
    while misses < 100:
        nucleus = _place(rng, settings, nuclei, masks)
        if nucleus is None:
            misses += 1
            continue
        nuclei.append(nucleus)
        masks.append(nucleus.mask(settings.size))
        if len(nuclei) == count:
            return nuclei
        misses = 0
    raise ValueError(f"synthetic-nuclei: {count} nuclei do not fit an image; ask for fewer")


def _tissue(rng: Generator, size: int, scale: float) -> Floats:
    """Return the eosin of the tissue between the nuclei, float64 (H, W)."""
    y, x = np.mgrid[0:size, 0:size]
    direction, spacing = rng.uniform(0, np.pi), 5 * scale
    # wavy fibres: stretched noise, read along a bent direction
    bent = direction + 0.5 * smooth_noise(rng, size, 24 * scale)
    across = (np.cos(bent) * y - np.sin(bent) * x) / spacing
    along = (np.sin(bent) * y + np.cos(bent) * x) / (6 * spacing)
    fibres = scipy.ndimage.map_coordinates(
        smooth_noise(rng, 64, 0.7), [across, along], order=3, mode="grid-wrap"
    )
    cloud, grain = smooth_noise(rng, size, 11 * scale), smooth_noise(rng, size, 1.1 * scale)
    return np.asarray(np.clip(0.62 + 0.13 * cloud + 0.06 * fibres + 0.06 * grain, 0.1, 2))


def _chromatin(rng: Generator, depth: Floats, scale: float) -> Floats:
    """Return the hematoxylin of one nucleus, float64 (H, W)."""
    size = len(depth)
    clumps = 1 + 0.13 * smooth_noise(rng, size, 2.2 * scale)
    clumps += rng.uniform(0.08, 0.25) * smooth_noise(rng, size, 0.9 * scale)
    # the membrane is darker than the inside
    clumps += rng.uniform(0.15, 0.45) * np.exp(-np.square((depth - 0.8 * scale) / (1.1 * scale)))
    stain = rng.uniform(0.55, 1.25) * np.clip(clumps, 0.15, None)
    return np.asarray(
        scipy.ndimage.gaussian_filter(
            stain * fade(depth, 1.4 * scale), rng.uniform(0.3, 0.9) * scale
        )
    )


def draw_nuclei(rng: Generator, settings: NucleusSettings) -> tuple[NDArray[np.uint8], Instances]:
    """Draw one image, uint8 (H, W, 3), and its nuclei, masks in full."""
    size = settings.size
    scale = size / 128
    eosin, hematoxylin = _tissue(rng, size, scale), np.zeros((size, size))
    masks = []
    for nucleus in place_nuclei(rng, settings):
        depth = nucleus.depth(size)
        hematoxylin += _chromatin(rng, depth, scale)
        masks.append(encode_mask(depth > 0))
    # a little hematoxylin in the tissue, and a tint for each image
    hematoxylin += np.clip(0.10 + 0.05 * smooth_noise(rng, size, 6 * scale), 0, None)
    tints = rng.normal(1, 0.06, (2, 3))
    density = hematoxylin[..., None] * (HEMATOXYLIN * tints[0])
    density += eosin[..., None] * (EOSIN * tints[1])
    image = 0.96 * np.exp(-density)  # Beer-Lambert: stains add as optical density
    image = scipy.ndimage.gaussian_filter(image, (0.4 * scale, 0.4 * scale, 0))
    image += rng.normal(0, 0.012, image.shape)
    return to_uint8(image), Instances.from_rles(size, size, masks, [NUCLEUS] * len(masks))


def make(settings: NucleusSettings, _: Findings) -> SceneSet:
    """Make the data set."""
    draw = functools.partial(draw_nuclei, settings=settings)
    return SceneSet({NUCLEUS: "nucleus"}, make_scenes(settings, "nuclei", draw))


DATASETS.register(
    Dataset(
        name="synthetic-nuclei",
        title="Synthetic touching nuclei",
        licence="Apache-2.0 (made by this program)",
        citation="in the spirit of the stained tissue of the 2018 Data Science Bowl",
        homepage="",
        settings=NucleusSettings,
        make=make,
    )
)
