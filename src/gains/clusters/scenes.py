"""The synthetic scenes of a training, each made from the seed and its number alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.anomaly.anomaly_map import AnomalyMap
from gains.anomaly.build import maps_of_image
from gains.clusters.cells import MOST_SHARED, Mask, SourceCell, turned, whole_cells
from gains.clusters.places import Placed, cluster_places
from gains.clusters.render import background_level, blend, look_of
from gains.config.clusters import ClusterSettings
from gains.config.maps import MapSettings
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive
from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.masks.overlaps import mask_areas
from gains.masks.rle import Rle, decode_mask, encode_mask
from gains.methods.run_settings import RunSettings

CLUSTERS = 5
"""A stream of random numbers; the modules of gains.training have the other streams."""
FEWEST_CELLS = 2
"""Number of cells without which all clusters would be copies of one cell."""


@dataclass(frozen=True)
class ClusterScene:
    """A scene with its ground truth.

    Attributes:
        canvas: the training image that the scene shows below the placed cells.
        pixels: uint8 (H, W, 3) RGB.
        objects: the objects of the canvas, then the placed cells, each followed by its parts.
        maps: their gradient anomaly maps, float32, or None if the method reads none.
        placed: the placed cells.
        present: number of objects of the canvas.
    """

    canvas: ImageRecord
    pixels: NDArray[np.uint8]
    objects: Instances
    maps: list[AnomalyMap] | None
    placed: list[Placed]
    present: int


class ClusterScenes:
    """The scenes that extend the training images.

    Args:
        coco: the data set.
        archive: its images.
        images: the training images.
        settings: number of scenes, and ranges.
        category: category of the cells.
        maps: settings of the anomaly maps, or None if the method reads none.
        seed: seed of the training.

    Raises:
        ValueError: the images have too few cells that can be placed.
    """

    def __init__(
        self,
        coco: CocoDataset,
        archive: ImageArchive,
        images: Iterable[ImageRecord],
        settings: ClusterSettings,
        category: int,
        maps: MapSettings | None,
        seed: int,
    ) -> None:
        self.coco, self.archive, self.settings = coco, archive, settings
        self.category, self.maps, self.seed = category, maps, seed
        usable = [image for image in images if self._free(image).any()]
        self.cells = [cell for image in usable for cell in whole_cells(coco, image, category)]
        canvases = [image for image in usable if self._starts(image) and self._fitting(image)]
        if len(self.cells) < FEWEST_CELLS or not canvases:
            raise ValueError(self._too_few(len(usable)))
        numbers = range(settings.scenes)
        self._canvases = [canvases[self._rng(k).integers(len(canvases))] for k in numbers]
        self.records = [
            replace(canvas, file_name=f"clusters-{k + 1:05d}")
            for k, canvas in enumerate(self._canvases)
        ]
        self._placed: dict[int, list[Placed]] = {}

    def content(self, number: int) -> tuple[NDArray[np.uint8], Instances, list[AnomalyMap] | None]:
        """Return pixels, objects and maps of a scene, see :class:`ClusterScene`."""
        scene = self.load(number)
        return scene.pixels, scene.objects, scene.maps

    def largest_content(self, number: int) -> tuple[int, int]:
        """Return limits of the number of objects of a scene and of the pixels of its maps' blocks.

        The scene is not made.
        """
        image = self._canvases[number]
        parts = max(len(cell.parts) for cell in self.cells)
        own = len(self.coco.annotations[image.id])
        objects = own + self.settings.objects[1] * (1 + parts)
        if self.maps is None:
            return objects, 0
        boxes = self.coco.instances(image.id).boxes
        sides = [*(boxes[:, 2:] - boxes[:, :2]).ravel(), *(max(c.mask.shape) for c in self.cells)]
        side = int(max(sides)) + 2 * self.maps.window_size
        return objects, objects * min(side, image.height) * min(side, image.width)

    def load(self, number: int) -> ClusterScene:
        """Return a scene, from 0 on; equal numbers give equal scenes."""
        canvas, placed = self._canvases[number], self.placed(number)
        pixels, free = self.archive.pixels(canvas), self._free(canvas)
        scene = pixels.astype(np.float64)
        for one in placed:
            own, image = self.archive.pixels(one.cell.image), one.cell.image
            own_level = background_level(own, self._free(image), one.cell.box)
            level = background_level(pixels, free, one.box)
            blend(scene, one, look_of(one.cell, own), own_level, level)
        annotations = self._annotations(canvas, placed)
        objects = replace(self.coco, annotations={canvas.id: annotations}).instances(canvas.id)
        values = np.rint(scene).clip(0, 255).astype(np.uint8)
        maps = self._maps(number, annotations)
        present = len(self.coco.annotations[canvas.id])
        return ClusterScene(canvas, values, objects, maps, placed, present)

    def placed(self, number: int) -> list[Placed]:
        """Return the cells that are placed in a scene, without their pixels."""
        if number not in self._placed:
            canvas, rng = self._canvases[number], self._rng(number)
            rng.integers(2)  # the canvas was drawn from this stream
            starts = self._starts(canvas)
            start = decode_mask(starts[rng.integers(len(starts))])
            self._placed[number] = cluster_places(
                self._fitting(canvas), _union(starts), start, self.settings, rng
            )
        return self._placed[number]

    def to_json(self) -> dict[str, Any]:
        """Return the record of all scenes: numbers, overlap ratios, opacities, background."""
        placed = [one for number in range(len(self.records)) for one in self.placed(number)]
        low, high = self.settings.overlap
        return {
            "scenes": len(self.records),
            "placed_cells": len(placed),
            "different_cells": len(self.cells),
            "overlap_drawn": _spread([one.drawn for one in placed]),
            "overlap_reached": _spread([one.reached for one in placed]),
            "overlap_outside_range": sum(not low <= one.reached <= high for one in placed),
            "opacity": _spread([one.opacity for one in placed]),
            "background": "training images with their own objects",
        }

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, CLUSTERS, number))

    def _free(self, image: ImageRecord) -> Mask:
        """Return the pixels of an image that belong to no object, bool (H, W)."""
        masks = self.coco.instances(image.id).masks
        return ~_union(masks) if masks else np.ones((image.height, image.width), bool)

    def _starts(self, image: ImageRecord) -> list[Rle]:
        """Return the cells of an image, from one of which a cluster grows."""
        objects = self.coco.instances(image.id)
        used = (objects.categories == self.category) & (mask_areas(objects.masks) > 0)
        return [objects.masks[i] for i in np.flatnonzero(used)]

    def _fitting(self, image: ImageRecord) -> list[SourceCell]:
        """Return the cells that fit into an image in every turn."""
        side = min(image.height, image.width)
        return [cell for cell in self.cells if max(cell.mask.shape) <= side]

    def _annotations(self, canvas: ImageRecord, placed: list[Placed]) -> list[CocoRecord]:
        found = list(self.coco.annotations[canvas.id])
        first = 1 + max(int(a["id"]) for a in found)
        for one in placed:
            for category, mask in ((self.category, one.cell.mask), *one.cell.parts):
                whole = np.zeros((canvas.height, canvas.width), dtype=bool)
                whole[one.box] = turned(mask, one.turn)
                rle = encode_mask(whole)
                found.append(
                    {
                        "id": first + len(found),
                        "image_id": canvas.id,
                        "category_id": category,
                        "segmentation": rle,
                        "bbox": [float(side) for side in coco_mask.toBbox(rle)],
                        "iscrowd": 0,
                    }
                )
        return found

    def _maps(self, number: int, annotations: list[CocoRecord]) -> list[AnomalyMap] | None:
        if self.maps is None:
            return None
        found = maps_of_image((self.records[number], annotations, self.maps))
        return [one._replace(block=one.block.astype(np.float32)) for _, _, one in found]

    def _too_few(self, images: int) -> str:
        name = self.coco.categories.get(self.category, self.category)
        return (
            f"{self.coco.path}: synthetic clusters need {FEWEST_CELLS} different cells "
            f"({name}) that are whole inside their image, at most {MOST_SHARED:.0%} covered by "
            f"other objects, and fit into a training image; found {len(self.cells)} in the "
            f"{images} training images with background. Annotate more cells, or leave out "
            "`clusters` of the recipe"
        )


def cluster_scenes(
    coco: CocoDataset,
    archive: ImageArchive,
    images: list[ImageRecord],
    settings: RunSettings,
    seed: int,
) -> ClusterScenes:
    """Return the scenes of a training.

    Args:
        coco: the data set.
        archive: its images.
        images: the training images with objects.
        settings: settings of the run, with clusters.
        seed: seed of the training.

    Raises:
        ValueError: the images have too few cells that can be placed, or the settings name no
            category of the cells.
    """
    clusters, category = settings.recipe.clusters, settings.cell_category
    if clusters is None or category is None:
        raise ValueError(
            "synthetic clusters need the settings recipe.clusters and cell_category, found "
            f"{clusters} and {category}; give both, or none"
        )
    return ClusterScenes(coco, archive, images, clusters, category, settings.maps, seed)


def _union(masks: list[Rle]) -> Mask:
    """Return the pixels of at least one mask, bool (H, W)."""
    return decode_mask(coco_mask.merge(masks))


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 4),
        "mean": round(sum(values) / len(values), 4),
        "max": round(max(values), 4),
    }
