"""The fields between the masks of an image and its gradient anomaly map."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from gains.anomaly.build import maps_of_image
from gains.anomaly.fields import Float, centre_of, directions, gradient, radial_distance
from gains.anomaly.patch import Patch, pair_deviation
from gains.anomaly.raster import rasterize
from gains.anomaly.region import Region
from gains.config.maps import MapSettings
from gains.datasets.coco import ImageRecord
from gains.datasets.records import CocoRecord


@dataclass(frozen=True)
class Steps:
    """Fields of all target instances together, float64 (H, W) each, NaN outside all masks.

    Attributes:
        distance: distance to the centre of the instance, px; in overlaps to the nearest centre.
        direction: direction of the distance's gradient, rad in [-pi, pi]; in overlaps that of the
            nearest centre.
        deviation: largest standard deviation of directions in a window between two instances,
            rad; 0 where a window does not hold two instances.
        anomaly: largest value of the instances' maps; 1 outside all masks.
    """

    distance: Float
    direction: Float
    deviation: Float
    anomaly: Float


def steps(image: ImageRecord, annotations: list[CocoRecord], settings: MapSettings) -> Steps:
    """Compute the fields of one image.

    Raises:
        ValueError: no instance of the target category has a pixel, or the masks are broken.
    """
    size = (image.height, image.width)
    chosen = [a for a in annotations if a["category_id"] == settings.target_category]
    masks = [rasterize(a, *size, settings) for a in chosen]
    masks = [mask for mask in masks if mask.any()]
    if not masks:
        raise ValueError(
            f"image {image.file_name!r} has no instance of the target category "
            f"{settings.target_category}; its objects have the categories "
            f"{sorted({a['category_id'] for a in annotations})}. Choose another image with "
            "--image, or another target_category with --settings"
        )
    distance, direction = np.full(size, np.nan), np.full(size, np.nan)
    whole = Region(0, 0, *size)
    for mask in masks:
        centre = centre_of(mask)
        far = np.sqrt(radial_distance(whole, centre))  # Eq. (2)
        angle = directions(*gradient(whole, centre, size))[0]  # Eq. (3)
        nearest = mask & ~(distance <= far)
        distance[nearest], direction[nearest] = far[nearest], angle[nearest]
    maps = [found.full(size) for _, _, found in maps_of_image((image, annotations, settings))]
    return Steps(
        distance, direction, _deviation(masks, settings), np.max(maps, axis=0).astype(np.float64)
    )


def _deviation(masks: list[Any], settings: MapSettings) -> Float:
    """Return Eq. (4) between every two instances that share a window; the mean of both signs."""
    result = np.zeros(masks[0].shape)
    patches = [
        patch for m in masks if (patch := Patch.from_mask(m, settings.window_size)) is not None
    ]
    for first, second in combinations(patches, 2):
        origins = first.origins.meet(second.origins)
        if origins.empty:
            continue
        both = pair_deviation(first, second, with_joint=settings.program != "nuclei").mean(axis=0)
        ours = first.sums.cut(origins.within(first.origins)).count > 0
        theirs = second.sums.cut(origins.within(second.origins)).count > 0
        part = result[origins.y0 : origins.y1, origins.x0 : origins.x1]
        np.maximum(part, np.where(ours & theirs, both, 0.0), out=part)
    return result
