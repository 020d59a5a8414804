"""Discs whose maps are compared with the literal loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gains.anomaly.maps import anomaly_maps
from gains.config.maps import MapSettings
from helpers.anomaly_loop import loop_maps
from helpers.shapes import disc

PROGRAMS = ["isbi", "chrom", "nuclei"]
MODES = ["as_published", "clean"]


def boxes_of(masks: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.float64]:
    result = []
    for mask in masks:
        rows, columns = np.nonzero(mask)
        if rows.size == 0:
            result.append((1.3, 2.6, 0.5, 0.5))
            continue
        corner = columns.min() - 0.4, rows.min() - 0.3
        result.append((*corner, np.ptp(columns) + 0.9, np.ptp(rows) + 0.8))
    return np.array(result)


SCENES = {
    "overlap": [(12, 10, 8), (14, 21, 9)],
    "at the border": [(2, 3, 7), (27, 33, 8), (25, 24, 6), (0, 14, 6)],
    "nested": [(15, 15, 13), (14, 16, 6), (15, 27, 5)],
    "same twice": [(12, 12, 7), (12, 12, 7), (20, 18, 6)],
    "far apart": [(5, 5, 4), (7, 11, 4), (24, 30, 4)],
    "one pixel": [(9, 9, 0), (9, 11, 5)],
    "with an empty mask": [(9, 9, 6), (9, 9, -1), (15, 15, 6)],
    "all isolated": [(5, 5, 3), (24, 30, 3)],
    "a single one": [(5, 5, 3)],
}


def discs_of(
    circles: Sequence[tuple[int, int, int]], shape: tuple[int, int] = (30, 36)
) -> list[npt.NDArray[np.bool_]]:
    return [disc(shape, y, x, r) if r >= 0 else np.zeros(shape, bool) for y, x, r in circles]


def compare(
    masks: list[npt.NDArray[np.bool_]], categories: list[int], settings: MapSettings
) -> None:
    boxes = boxes_of(masks)
    found = anomaly_maps(masks, categories, settings, boxes)
    for ours, loop in zip(found, loop_maps(masks, categories, settings, boxes), strict=True):
        full = ours.full(masks[0].shape)
        np.testing.assert_allclose(full, loop, rtol=0, atol=1e-7)
        if loop.any():
            assert full.min() >= 1.0
            assert full.max() <= 1.0 + settings.f_ga
