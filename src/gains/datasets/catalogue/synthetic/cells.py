"""Synthetic data set of overlapping translucent cells with nuclei, as in a cervical smear."""

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

CYTOPLASM, NUCLEUS = 1, 2


class CellSettings(SceneSettings):
    """Options of ``synthetic-cells``."""

    cells: CountRange = Field((2, 6), description="range of the number of cells per image")
    overlap: ShareRange = Field(
        (0.1, 0.5),
        description="range of the overlap of neighbours: intersection over the smaller cytoplasm",
    )
    alone: float = Field(
        0.15, ge=0, le=1, description="probability that a cell overlaps no other cell"
    )
    transparency: ShareRange = Field(
        (0.66, 0.84), description="range of the share of light that passes through a cytoplasm"
    )


def _place(
    rng: Generator, settings: CellSettings, cells: list[Blob], masks: list[Mask]
) -> Blob | None:
    size = settings.size
    scale = size / 128
    cell = draw_blob(rng, rng.uniform(15, 22) * scale, 0.5, 0.12, 5)
    if cells and rng.random() >= settings.alone:
        low, high = settings.overlap
        other = cells[rng.integers(len(cells))]
        ratio = rng.uniform(low, high)
        cell = push_together(cell, other, rng.uniform(0, 2 * np.pi), ratio, size)
    else:
        low, high = 0.0, 0.0
        cell = cell.at(*rng.uniform(cell.reach, max(size - cell.reach, cell.reach + 1), 2))
    if min(cell.y, cell.x) < cell.reach or max(cell.y, cell.x) > size - cell.reach:
        return None
    mask = cell.mask(size)
    ratios = [overlap_ratio(mask, other) for other in masks]
    # every overlap must be within the range, not only that of the pair that was pushed together
    fits = all(r == 0 or low <= r <= high for r in ratios)
    return cell if fits and (high == 0 or not cells or max(ratios) > 0) else None


def place_cells(rng: Generator, settings: CellSettings) -> list[Blob]:
    """Place the cells of one image; every overlap is within the range of the options.

    Raises:
        ValueError: they do not fit.
    """
    count = int(rng.integers(settings.cells[0], settings.cells[1] + 1))
    for _ in range(10):
        cells: list[Blob] = []
        masks: list[Mask] = []
        misses = 0
        while misses < 60:
            cell = _place(rng, settings, cells, masks)
            if cell is None:
                misses += 1
                continue
            cells.append(cell)
            masks.append(cell.mask(settings.size))
            if len(cells) == count:
                return cells
            misses = 0
    raise ValueError(
        f"synthetic-cells: {count} cells with overlap {settings.overlap} do not fit an image; "
        "ask for fewer cells or a wider overlap range"
    )


def _nucleus(rng: Generator, cell: Blob, scale: float) -> Blob:
    nucleus = draw_blob(rng, rng.uniform(4.6, 6.4) * scale, 0.5, 0.06, 3)
    away = rng.uniform(0, 0.3) * min(cell.radii)
    direction = rng.uniform(0, 2 * np.pi)
    return nucleus.at(cell.y + away * np.sin(direction), cell.x + away * np.cos(direction))


def _cytoplasm(rng: Generator, depth: Floats, light: float, scale: float) -> Floats:
    """Return the share of light that passes one cytoplasm, float64 (H, W)."""
    size = len(depth)
    absorbed = 1 + 0.18 * smooth_noise(rng, size, 5 * scale) + 0.1 * smooth_noise(rng, size, scale)
    absorbed += 0.5 * np.exp(-np.square(depth / (1.6 * scale)))  # the rim is rolled up
    crease, where = smooth_noise(rng, size, 8 * scale), smooth_noise(rng, size, 8 * scale)
    absorbed += 0.8 * np.exp(-np.square(crease / 0.16)) * np.clip(where, 0, 1)
    return 1 - np.clip((1 - light) * absorbed, 0, 0.95) * fade(depth, 2.0 * scale)


def _light(rng: Generator, size: int, scale: float) -> Floats:
    """Return the empty slide, float64 (H, W) around 0.92."""
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    direction = rng.uniform(0, 2 * np.pi)
    tilt = rng.uniform(0, 0.06) * (np.sin(direction) * y + np.cos(direction) * x)
    vignette = rng.uniform(0, 0.12) * (y * y + x * x)
    specks = smooth_noise(rng, size, 0.6 * scale)
    return np.asarray(
        0.92 + tilt - vignette + 0.01 * smooth_noise(rng, size, 12 * scale)
    ) - 0.12 * np.clip(specks - 3.0, 0, 1)


def draw_cells(rng: Generator, settings: CellSettings) -> tuple[NDArray[np.uint8], Instances]:
    """Draw one image, uint8 (H, W), and its cytoplasms and nuclei, masks in full."""
    size = settings.size
    scale = size / 128
    cells = place_cells(rng, settings)
    image = _light(rng, size, scale)
    cytoplasms: list[Mask] = []
    nuclei: list[Mask] = []
    for cell in cells:
        depth, core = cell.depth(size), _nucleus(rng, cell, scale).depth(size)
        # light passes through one layer after the other, so overlaps are darker
        image *= _cytoplasm(rng, depth, rng.uniform(*settings.transparency), scale)
        chromatin = 1 + 0.12 * smooth_noise(rng, size, 1.2 * scale)
        image *= 1 - np.clip(rng.uniform(0.5, 0.68) * chromatin, 0, 0.95) * fade(core, 1.4 * scale)
        cytoplasms.append(depth > 0)
        nuclei.append(core > 0)
    image = scipy.ndimage.gaussian_filter(image, rng.uniform(0.4, 0.7) * scale)
    image += rng.normal(0, rng.uniform(0.012, 0.022), image.shape)
    masks = [encode_mask(mask) for mask in cytoplasms + nuclei]
    categories = [CYTOPLASM] * len(cells) + [NUCLEUS] * len(cells)
    return to_uint8(image), Instances.from_rles(size, size, masks, categories)


def make(settings: CellSettings, _: Findings) -> SceneSet:
    """Make the data set."""
    draw = functools.partial(draw_cells, settings=settings)
    categories = {CYTOPLASM: "cytoplasm", NUCLEUS: "nucleus"}
    return SceneSet(categories, make_scenes(settings, "cells", draw))


DATASETS.register(
    Dataset(
        name="synthetic-cells",
        title="Synthetic overlapping cells",
        licence="Apache-2.0 (made by this program)",
        citation="in the spirit of Lu et al., ISBI 2014 overlapping cervical cytology challenge",
        homepage="",
        settings=CellSettings,
        make=make,
    )
)
