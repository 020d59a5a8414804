"""Training samples: image, objects and maps, augmented together.

A sample depends only on the seed and its position in the stream. A resumed training therefore sees
the samples of an uninterrupted one, whatever the number of loading processes.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from gains.anomaly.anomaly_map import AnomalyMap
from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive
from gains.instances import Instances
from gains.models.contract import Target
from gains.models.device import free_bytes
from gains.models.resize import resize_image, scaled_size
from gains.models.scale import TrainingScale, longer_sides, training_scale
from gains.training.augment import augment
from gains.training.extra_scenes import Content, ExtraScenes
from gains.training.targets import make_target

logger = logging.getLogger(__name__)

CACHE_BYTES = {"cpu": 512 * 2**20, "cuda": 8 * 2**30}
"""Largest size of the samples that stay in the memory of each type of device.

All sizes that the model sees must fit. On a GPU they take at most a quarter of the free memory.
"""
CPU = torch.device("cpu")
ORDER, AUGMENTATION = 1, 2
"""Independent streams of random numbers; those of :mod:`gains.training.augment` are others."""


@dataclass
class Sample:
    """One training image as the model sees it.

    Attributes:
        name: file name.
        image: uint8 (3, H, W) RGB.
        target: its ground truth.
        moved_out: number of objects that an augmentation moved out of the image.
        vanished: number of objects that became empty when the image was resized.
    """

    name: str
    image: Tensor
    target: Target
    moved_out: int = 0
    vanished: int = 0

    def to(self, device: torch.device) -> Sample:
        """Return the sample on a device; tensors already on it are not copied."""
        image = self.image.to(device, non_blocking=True)
        return replace(self, image=image, target=self.target.to(device))


class Samples(Dataset[Sample]):
    """An endless shuffled stream of augmented samples.

    Args:
        coco: ground truth.
        archive: its images.
        records: images of the training split; images without objects are left out.
        recipe: sizes, flips and augmentations.
        maps: gradient anomaly maps, or None if the method reads no maps.
        seed: seed of order and augmentation.
        length: number of samples in the stream.
        scenes: synthetic scenes that extend the images, or None.
        device: device that holds the samples if all fit; ``cached`` tells whether they do, and
            ``bytes`` how much memory they take at all sizes.

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
        device: torch.device = CPU,
        scenes: ExtraScenes | None = None,
    ) -> None:
        self.coco, self.archive, self.recipe, self.maps = coco, archive, recipe, maps
        self.seed, self.length = seed, length
        self.records = with_objects(coco, records)
        if not self.records:
            raise ValueError(f"{coco.path}: none of the {len(records)} training images has objects")
        if len(self.records) < len(records):
            left_out = len(records) - len(self.records)
            logger.info("%d training images without objects are left out", left_out)
        self.scenes = scenes
        self.shown = [*self.records, *([] if scenes is None else scenes.records)]
        self.class_index = {category: i for i, category in enumerate(sorted(coco.categories))}
        self.device = device
        self.bytes = self._bytes()
        self.cached = fits_cache(self.bytes, device)
        self._cache: dict[tuple[int, int], Sample] = {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Sample:
        index, short, flips = self._draw(position)
        sample = flip_sample(self._at_size(index, short), flips)
        chosen = self.recipe.augmentations
        if not chosen:
            return sample
        image, target = augment(sample.image, sample.target, chosen, self.seed, position)
        moved_out = len(sample.target.boxes) - len(target.boxes)
        return replace(sample, image=image, target=target, moved_out=moved_out)

    def unaugmented(self, position: int) -> Sample:
        """Return a sample at its size, without flips and other augmentations."""
        index, short, _ = self._draw(position)
        return self._at_size(index, short)

    def targets(self) -> Iterator[Target]:
        """Yield the ground truth of each image at its own size, without maps; no image is read."""
        for record in self.records:
            instances = self.coco.instances(record.id)
            yield make_target(
                instances, self._labels(instances), None, (record.height, record.width)
            )

    def positions(self, file_name: str) -> Iterator[int]:
        """Yield the positions of an image in the stream, of which each epoch has one."""
        names = np.asarray([record.file_name for record in self.shown])
        for epoch in range(math.ceil(self.length / len(names))):
            (place,) = np.flatnonzero(names[self._order(epoch)] == file_name)
            if epoch * len(names) + place < self.length:
                yield int(epoch * len(names) + place)

    def scale(self) -> TrainingScale:
        """Return the sizes of the images and of the objects of the training."""
        return training_scale(
            (
                ((record.height, record.width), longer_sides(self.coco.instances(record.id).boxes))
                for record in self.records
            ),
            self.recipe,
        )

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Return the index of the image at each place of an epoch."""
        return np.random.default_rng((self.seed, ORDER, epoch)).permutation(len(self.shown))

    def _draw(self, position: int) -> tuple[int, int, list[int]]:
        """Return the index of the image, its short side and the axes along which it is flipped."""
        epoch, place = divmod(position, len(self.shown))
        rng = np.random.default_rng((self.seed, AUGMENTATION, position))
        short = int(rng.choice(np.asarray(self.recipe.train_sizes)))
        flips = [
            axis
            for axis, share in ((2, self.recipe.horizontal_flip), (1, self.recipe.vertical_flip))
            if rng.random() < share
        ]
        return int(self._order(epoch)[place]), short, flips

    def _bytes(self) -> int:
        """Return the bytes of all samples at every size: image and masks, and the maps' blocks."""
        contents = [
            (
                len(self.coco.annotations[record.id]),
                0 if self.maps is None else self._block_pixels(self.maps, record),
            )
            for record in self.records
        ]
        if self.scenes is not None:
            contents += [self.scenes.largest_content(k) for k in range(len(self.scenes.records))]
        total = 0
        for record, (objects, block) in zip(self.shown, contents, strict=True):
            for short in self.recipe.train_sizes:
                pixels = math.prod(
                    scaled_size((record.height, record.width), short, self.recipe.max_size)
                )
                total += pixels * (3 + objects)
                total += 4 * block * pixels // (record.height * record.width)
        return total

    def _block_pixels(self, store: MapStore, record: ImageRecord) -> int:
        """Return the pixels of an image's blocks, which all have the size of the largest block."""
        shapes = [store.shape(int(a["id"])) for a in self.coco.annotations[record.id]]
        used = [shape for shape in shapes if math.prod(shape)]
        return (
            len(used) * max((h for h, _ in used), default=0) * max((w for _, w in used), default=0)
        )

    def _at_size(self, index: int, short: int) -> Sample:
        """Return a sample at the size that the model sees, on the device if samples are cached."""
        if (index, short) in self._cache:
            return self._cache[index, short]
        pixels, instances, maps = self._content(index)
        record = self.shown[index]
        size = scaled_size((record.height, record.width), short, self.recipe.max_size)
        labels = self._labels(instances)
        target = make_target(instances, labels, maps, size)
        image = resize_image(torch.from_numpy(pixels.copy()).permute(2, 0, 1), size)
        vanished = len(instances) - len(target.boxes)
        sample = Sample(record.file_name, image, target, vanished=vanished)
        if self.cached:
            sample = sample.to(self.device)
            self._cache[index, short] = sample
        return sample

    def _labels(self, instances: Instances) -> NDArray[np.int64]:
        return np.asarray([self.class_index[int(c)] for c in instances.categories])

    def _content(self, index: int) -> Content:
        """Return pixels, objects and maps of an image or scene at its own size."""
        if index >= len(self.records):
            assert self.scenes is not None
            return self.scenes.content(index - len(self.records))
        record = self.records[index]
        instances = self.coco.instances(record.id)
        maps = None if self.maps is None else self._maps(self.maps, record, instances.ids.tolist())
        return self.archive.pixels(record), instances, maps

    def _maps(self, store: MapStore, record: ImageRecord, ids: list[int]) -> list[AnomalyMap]:
        for annotation in ids:
            if store.size(annotation) != (record.height, record.width):
                raise ValueError(
                    f"{store.path}: the map of annotation {annotation} is "
                    f"{store.size(annotation)}, {record.file_name} is "
                    f"{(record.height, record.width)}; make the maps of this data set"
                )
        return [store.block(annotation) for annotation in ids]


def with_objects(coco: CocoDataset, records: list[ImageRecord]) -> list[ImageRecord]:
    """Return the images that have objects."""
    return [record for record in records if coco.annotations[record.id]]


def fits_cache(size: int, device: torch.device) -> bool:
    """Return whether samples of so many bytes stay in the memory of a device."""
    return size <= min(CACHE_BYTES[device.type], free_bytes(device) // 4)


def flip_sample(sample: Sample, axes: list[int]) -> Sample:
    """Return a sample flipped along axes of (channel, height, width)."""
    if not axes:
        return sample
    target = sample.target
    boxes = target.boxes.clone()
    for axis in axes:
        length, low, high = sample.image.shape[axis], 2 - axis, 4 - axis
        boxes[:, low], boxes[:, high] = (
            length - target.boxes[:, high],
            length - target.boxes[:, low],
        )
    maps = None if target.maps is None else target.maps.flip(axes)
    turned = Target(boxes, target.labels, target.masks.flip(axes), maps)
    return replace(sample, image=sample.image.flip(axes), target=turned)
