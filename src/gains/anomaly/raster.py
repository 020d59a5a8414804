"""Rasterisation of an annotation's segmentation to a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.config.maps import MapSettings
from gains.datasets.records import CocoRecord
from gains.masks.rle import decode_mask
from gains.masks.segmentation import check_polygons, to_rle


def rasterize(
    annotation: CocoRecord, height: int, width: int, settings: MapSettings
) -> NDArray[np.bool_]:
    """Return the (H, W) bool mask of a COCO annotation by the rule ``settings.rasterize``.

    `coco` is pycocotools' rule. `points` is the published programs': a pixel belongs to a polygon
    if its integer point lies inside the polygon. Several polygons are united. In mode
    `as_published`, isbi and chrom take the vertices of all polygons as one polygon, as the
    published programs do.

    Raises:
        ValueError: the rule is `points` and the annotation has no polygon, or the segmentation is
            malformed; the message names the annotation.
    """
    segmentation = annotation.get("segmentation")
    try:
        if settings.rasterize == "coco":
            return decode_mask(to_rle(segmentation, height, width))
        flatten = settings.mode == "as_published" and settings.program != "nuclei"
        return _points_inside(segmentation, height, width, flatten)
    except ValueError as error:
        raise ValueError(f"annotation {annotation.get('id')}: {error}") from error


def _points_inside(segmentation: Any, height: int, width: int, flatten: bool) -> NDArray[np.bool_]:
    if not isinstance(segmentation, list):
        raise ValueError(
            "rasterize 'points' needs polygons, found "
            f"{'RLE' if isinstance(segmentation, dict) else type(segmentation).__name__}; "
            "use rasterize 'coco'"
        )
    check_polygons(segmentation, height, width)
    polygons = [np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in segmentation]
    if flatten and polygons:
        polygons = [np.concatenate(polygons)]
    mask = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        if len(polygon) >= 3:
            _add(mask, polygon)
    return mask


def _add(mask: NDArray[np.bool_], polygon: NDArray[np.float64]) -> None:
    from matplotlib.path import Path  # slow, and `coco` does not need it

    low = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, mask.shape[::-1])
    high = np.maximum(high, low)
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    # without codes, matplotlib closes the path from the last vertex to the first
    inside = Path(polygon).contains_points(np.column_stack([x.ravel(), y.ravel()]), radius=0.0)
    mask[low[1] : high[1], low[0] : high[0]] |= inside.reshape(x.shape)
