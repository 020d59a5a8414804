"""Synthetic clusters of the tiny data set, and of a scene of two discs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.clusters.scenes import ClusterScenes
from gains.config.clusters import ClusterSettings
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.instances import Instances
from gains.masks.rle import encode_mask
from helpers.coco_files import write_coco
from helpers.tiny import Tiny

BLOCK: dict[str, Any] = {"scenes": 5, "objects": [1, 3], "overlap": [0.1, 0.4]}
MAPS = MapSettings(window_size=3)


def scenes_of(
    tiny: Tiny, maps: MapSettings | None = MAPS, seed: int = 3, **block: Any
) -> ClusterScenes:
    """Return the scenes of the training images of the tiny data set."""
    coco = read_coco(tiny.coco)
    images = coco.by_name(read_split(tiny.split).names("train"))
    settings = ClusterSettings.model_validate({**BLOCK, **block})
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    return ClusterScenes(coco, archive, images, settings, 1, maps, seed)


def disc(size: tuple[int, int], y: int, x: int, radius: int) -> NDArray[np.bool_]:
    rows, columns = np.indices(size)
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def write_images(
    path: Path, images: list[tuple[NDArray[np.uint8], list[tuple[int, NDArray[np.bool_]]]]]
) -> None:
    """Write a data set of images with (category, mask) pairs; category 2 is a nucleus."""
    write_coco(
        path,
        (
            (
                f"{number}.png",
                pixels,
                Instances.from_rles(
                    pixels.shape[0],
                    pixels.shape[1],
                    [encode_mask(mask) for _, mask in objects],
                    [category for category, _ in objects],
                ),
            )
            for number, (pixels, objects) in enumerate(images)
        ),
        {1: "cell", 2: "nucleus"},
        {},
    )


def scenes_of_images(path: Path, **block: Any) -> ClusterScenes:
    """Return scenes without maps, made from all images of a data set."""
    coco = read_coco(path)
    settings = ClusterSettings.model_validate({**BLOCK, **block})
    archive = ImageArchive(path.with_suffix(".zip"))
    return ClusterScenes(coco, archive, list(coco.images.values()), settings, 1, None, 0)
