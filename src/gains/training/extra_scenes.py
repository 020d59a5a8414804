"""What a training needs of synthetic scenes that extend its images.

The caller of a training hands them to it, so that a training without them depends neither on their
code nor on that of anomaly maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.anomaly_map import AnomalyMap
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive
from gains.instances import Instances
from gains.methods.run_settings import RunSettings

Content = tuple[NDArray[np.uint8], Instances, list[AnomalyMap] | None]
"""Pixels, uint8 (H, W, 3) RGB, objects, and their maps if the method reads maps."""


class ExtraScenes(Protocol):
    """Synthetic scenes, which the caller of a training hands to it (:mod:`gains.clusters`).

    Attributes:
        records: name and size of each scene.
    """

    records: list[ImageRecord]

    def content(self, number: int) -> Content:
        """Return a scene; equal numbers give equal scenes."""

    def largest_content(self, number: int) -> tuple[int, int]:
        """Return limits of the objects of a scene and of the pixels of its maps' blocks."""

    def to_json(self) -> dict[str, Any]:
        """Return what run.json says of the scenes."""


MakeScenes = Callable[[CocoDataset, ImageArchive, list[ImageRecord], RunSettings, int], ExtraScenes]
"""Function that makes the scenes of a training from the data, its images with objects, the settings
and the seed."""
