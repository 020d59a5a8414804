"""Training samples: image, objects and maps, augmented together.

A sample is a pure function of (seed, position in the stream), so a resumed training sees what
an uninterrupted one would have seen, whatever the number of loading processes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gains.anomaly.store import MapStore
from gains.config import RecipeSettings
from gains.datasets.coco import CocoDataset, ImageArchive, ImageRecord
from gains.detection.resize import resize_image, resize_maps, resize_masks, scaled_size
from gains.detection.types import Target

logger = logging.getLogger(__name__)

CACHE_BYTES = 512 * 2**20
ORDER, AUGMENTATION = 1, 2
"""Streams of chance, kept apart."""


@dataclass
class Sample:
    """One training image as the model sees it: uint8 (3, H, W) RGB and its ground truth."""

    name: str
    image: Tensor
    target: Target


class Samples(Dataset[Sample]):
    """An endless shuffled stream of augmented samples.

    Args:
        coco: ground truth.
        archive: its images.
        records: images of the training split; those without objects are left out.
        recipe: sizes and flips.
        maps: gradient anomaly maps, or None if the method reads none.
        seed: of order and augmentation.
        length: samples in the stream.

    Raises:
        ValueError: no image has an object.
    """

    def __init__(
        self,
        coco: CocoDataset,
        archive: ImageArchive,
        records: list[ImageRecord],
        recipe: RecipeSettings,
        maps: MapStore | None,
        seed: int,
        length: int,
    ) -> None:
        self.coco, self.archive, self.recipe, self.maps = coco, archive, recipe, maps
        self.seed, self.length = seed, length
        self.records = [r for r in records if coco.annotations[r.id]]
        if not self.records:
            raise ValueError(f"{coco.path}: none of the {len(records)} training images has objects")
        if len(self.records) < len(records):
            left_out = len(records) - len(self.records)
            logger.info("%d training images without objects are left out", left_out)
        self.class_index = {category: i for i, category in enumerate(sorted(coco.categories))}
        size = sum(r.height * r.width * (3 + 5 * len(coco.annotations[r.id])) for r in self.records)
        self._cache: dict[int, Sample] | None = {} if size <= CACHE_BYTES else None

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Sample:
        epoch, place = divmod(position, len(self.records))
        order = np.random.default_rng((self.seed, ORDER, epoch)).permutation(len(self.records))
        sample = self._load(int(order[place]))
        return self._augment(sample, np.random.default_rng((self.seed, AUGMENTATION, position)))

    def _load(self, index: int) -> Sample:
        if self._cache is not None and index in self._cache:
            return self._cache[index]
        record = self.records[index]
        pixels = self.archive.read(record.file_name)
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{self.archive.path}: {record.file_name} is {pixels.shape[:2]}, the json says "
                f"{(record.height, record.width)}; make the data set again"
            )
        instances = self.coco.instances(record.id)
        stack = instances.stack()
        filled = stack.any(axis=(1, 2))
        labels = [self.class_index[int(c)] for c in instances.categories[filled]]
        maps = None
        if self.maps is not None:
            ids = [int(i) for i in instances.ids[filled]]
            planes = np.ones((len(ids), record.height, record.width), dtype=np.float32)
            for plane, annotation in zip(planes, ids, strict=True):
                full = self.maps.full(annotation)
                if full.shape != plane.shape:
                    raise ValueError(
                        f"{self.maps.path}: the map of annotation {annotation} is {full.shape}, "
                        f"{record.file_name} is {plane.shape}; make the maps of this data set"
                    )
                plane[:] = full
            maps = torch.from_numpy(planes)
        masks = torch.from_numpy(stack[filled].astype(np.uint8))
        target = Target(boxes_of(masks), torch.tensor(labels, dtype=torch.int64), masks, maps)
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        sample = Sample(record.file_name, image, target)
        if self._cache is not None:
            self._cache[index] = sample
        return sample

    def _augment(self, sample: Sample, rng: np.random.Generator) -> Sample:
        short = int(rng.choice(np.asarray(self.recipe.train_sizes)))
        flips = [
            axis
            for axis, share in ((2, self.recipe.horizontal_flip), (1, self.recipe.vertical_flip))
            if rng.random() < share
        ]
        height, width = scaled_size(sample.image.shape[1:], short, self.recipe.max_size)
        image = resize_image(sample.image, (height, width)).flip(flips)
        masks = resize_masks(sample.target.masks, (height, width)).flip(flips)
        maps = sample.target.maps
        if maps is not None:
            maps = resize_maps(maps, (height, width)).flip(flips)
        kept = masks.flatten(1).any(dim=1).bool()
        target = Target(
            boxes_of(masks[kept]),
            sample.target.labels[kept],
            masks[kept],
            None if maps is None else maps[kept],
        )
        return Sample(sample.name, image, target)


def boxes_of(masks: Tensor) -> Tensor:
    """Return the tight boxes float32 (N, 4) of non-empty masks (N, H, W)."""
    boxes = torch.zeros((len(masks), 4))
    for axis, (low, high) in ((1, (0, 2)), (2, (1, 3))):
        line = (masks > 0).any(dim=axis).int()
        boxes[:, low] = line.argmax(dim=1)
        boxes[:, high] = line.shape[1] - line.flip(1).argmax(dim=1)
    return boxes
