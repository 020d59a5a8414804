"""COCO JSON files with their archives, written in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco_writer import open_writer
from gains.instances import Instances


def write_coco(
    path: str | Path,
    images: Iterable[tuple[str, NDArray[np.uint8], Instances]],
    categories: dict[int, str],
    info: Mapping[str, object],
) -> None:
    """Write images as a COCO JSON file and an image archive in one call.

    Raises:
        ValueError: no image, or none with an instance.
    """
    with open_writer(path) as writer:
        for name, pixels, instances in images:
            writer.add(name, pixels, instances)
        writer.finish(categories, info)


def numbered(n: int) -> list[str]:
    """Return the names of n images."""
    return [f"image-{k:04d}.png" for k in range(n)]


def numbers(names: list[str]) -> list[int]:
    """Return the numbers in names of images."""
    return [int(name[6:10]) for name in names]
