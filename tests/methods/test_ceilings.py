"""How good objects can be that are read off perfect outputs of the per-pixel methods.

The scenes are synthetic cells of 128 px; neighbours share 10 to 50 % of the smaller one.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gains.datasets.catalogue.synthetic.cells import CYTOPLASM, CellSettings, draw_cells
from gains.masks.overlaps import intersections, mask_areas
from gains.masks.rle import encode_mask
from gains.methods.unet3.contour import midline_contours
from gains.metrics.layering import mean_precision
from gains.metrics.pairs import Pairs
from gains.pixelwise.components import Component, components_by_layer, contour_components

Masks = NDArray[np.bool_]
SIZE, MIN_AREA, LAYERS = 128, 60, 8


@functools.cache
def scenes() -> list[Masks]:
    settings = CellSettings(count=30, size=SIZE, seed=1)
    drawn = [draw_cells(np.random.default_rng([1, k]), settings)[1] for k in range(1, 31)]
    return [d.select(d.categories == CYTOPLASM).stack() for d in drawn]


def layers_of(masks: Masks) -> list[int]:
    """A layer for each object, the first that no object has with which it shares a pixel."""
    chosen: list[int] = []
    for i, mask in enumerate(masks):
        taken = {chosen[j] for j in range(i) if touching(mask, masks[j])}
        chosen.append(min(set(range(LAYERS)) - taken))
    return chosen


def touching(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """Whether the components of two masks would be one, so that they need different layers."""
    rows, columns = np.nonzero(one)
    near = np.zeros_like(other)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            y, x = np.clip(rows + dy, 0, SIZE - 1), np.clip(columns + dx, 0, SIZE - 1)
            near[y, x] = True
    return bool((near & other).any())


def read_off_layers(masks: Masks, shared: str) -> list[Component]:
    """The objects of perfect layers, whose shared pixels have all layers, the first or none."""
    outputs = np.zeros((LAYERS, SIZE, SIZE), dtype=np.float32)
    several = masks.sum(axis=0) > 1
    for mask, layer in zip(masks, layers_of(masks), strict=True):
        free = {"all": True, "first": outputs.max(axis=0) == 0, "none": ~several}[shared]
        outputs[layer][mask & free] = 1
    foreground = masks.any(axis=0) & ((shared != "none") | ~several)
    parts = components_by_layer(foreground.astype(np.float32), outputs, 0.5, 0.5, MIN_AREA)
    return [component for part in parts for component in part]


def read_off_contours(masks: Masks) -> list[Component]:
    contour = midline_contours(torch.from_numpy(masks), radius=1).numpy().astype(np.float32)
    foreground = np.asarray(masks.any(axis=0), dtype=np.float32)
    return contour_components(foreground, contour, 0.5, 0.5, MIN_AREA)


def precision(found: list[list[Component]]) -> float:
    """The mean AP of the layering paper."""
    return mean_precision([pairs(*both) for both in zip(scenes(), found, strict=True)])


def pairs(masks: Masks, components: list[Component]) -> Pairs:
    whole = np.zeros((len(components), SIZE, SIZE), dtype=bool)
    for mask, one in zip(whole, components, strict=True):
        mask[:] = one.whole(SIZE, SIZE)
    truths, detections = ([encode_mask(m) for m in stack] for stack in (masks, whole))
    areas, own = mask_areas(truths), mask_areas(detections)
    scores, count = np.ones(len(detections)), len(truths)
    return Pairs(
        1,
        intersections(detections, truths, own, areas),
        scores,
        scores,
        own,
        areas,
        areas.astype(float),
        np.arange(1, count + 1),
        np.zeros(count, dtype=bool),
    )


def test_completed_layers_give_every_object() -> None:
    assert precision([read_off_layers(masks, "all") for masks in scenes()]) == 1.0


def test_layers_without_completion_give_at_most_half() -> None:
    first, none = (
        precision([read_off_layers(masks, shared) for masks in scenes()])
        for shared in ("first", "none")
    )
    # half of a pair keeps its shared pixels with `first`, and no object with `none`
    assert 0.2 < none < 0.3
    assert 0.45 < first < 0.55


def test_contours_give_about_half() -> None:
    # an independent program found 0.55 on such scenes
    found = precision([read_off_contours(masks) for masks in scenes()])
    assert found == pytest.approx(0.55, abs=0.02)
