"""The images that figures show, from the archive of a COCO file or from files and folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive, archived_name
from gains.datasets.readers.images import STORED, Reading, as_rgb
from gains.datasets.split_file import read_split
from gains.prediction.own_images import OwnImage, found_images, require_places

LONGEST = 24
"""Letters of a name in a figure."""


def candidates(coco: CocoDataset, split: Path | None, part: str) -> list[ImageRecord]:
    """Return the images of one part of a split, or all images if there is no split.

    Raises:
        ValueError: the part is empty, or the split belongs to another data set.
    """
    if split is None:
        return list(coco.images.values())
    names = read_split(split).names(part)
    if not names:
        raise ValueError(f"{split}: part {part!r} is empty; there is no image to show")
    return coco.by_name(names)


class Pictures:
    """Images as RGB, from files and folders or from the archive beside a COCO file.

    Args:
        coco: path of the COCO json; None if files or folders are named.
        places: files and folders of the images, which come before the archive; none for the
            archive.
        reading: how the images of files are read.

    Raises:
        FileNotFoundError: a file or folder, or the archive, does not exist.
        ValueError: neither is named, or the archive is damaged.
    """

    def __init__(
        self, coco: Path | None, places: Sequence[Path], reading: Reading = STORED
    ) -> None:
        require_places(places)
        self._places = places
        self._reading = reading
        if not places:
            if coco is None:
                raise ValueError(
                    "the images to draw on are not known; name their folder with --images, or with "
                    "--coco the COCO file that has them in a .zip archive beside it"
                )
            self._archive = ImageArchive(coco.with_suffix(".zip"))

    def require(self, records: Sequence[ImageRecord]) -> None:
        """Check that there are these images.

        Raises:
            FileNotFoundError: the files and folders lack one.
            ValueError: the archive lacks one.
        """
        if self._places:
            self._found(records)
        else:
            self._archive.require(archived_name(record.file_name) for record in records)

    def read(self, record: ImageRecord) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3).

        Raises:
            FileNotFoundError: the files and folders lack the image.
            ValueError: the archive lacks the image, its kind is not allowed in a data set, or its
                size differs from the stated one.
        """
        if self._places:
            image = self._found([record])[record.file_name]
            place, pixels = image.path, as_rgb(image.read(self._reading).values)
        else:
            self.require([record])
            place, pixels = self._archive.path, self._archive.read(archived_name(record.file_name))
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{place}: image {record.file_name!r} has {pixels.shape[:2]} px (height, width), "
                f"but {(record.height, record.width)} are expected; the images belong to another "
                "data set or to other predictions"
            )
        return pixels

    def _found(self, records: Sequence[ImageRecord]) -> Mapping[str, OwnImage]:
        found = found_images([record.file_name for record in records], self._places)
        missing = [r.file_name for r in records if r.file_name not in found]
        if missing:
            raise FileNotFoundError(
                f"{', '.join(map(str, self._places))}: {len(missing)} of {len(records)} images are "
                f"not in this folder, first {missing[0]!r}; name the files and folders that were "
                "predicted with --images. A converted data set names its images .png: leave out "
                "--images to take them from the archive beside its JSON file, which --coco names"
            )
        return found


def short(file_name: str, longest: int = LONGEST) -> str:
    """Return the last part of an image's name, shortened in the middle if it is too long."""
    return _cut(file_name.rsplit("/", 1)[-1], longest)


def _cut(text: str, longest: int) -> str:
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


def told_apart(file_names: list[str]) -> list[str]:
    """Return the short names of images, below those of their folders if two would be equal."""
    labels = [short(name) for name in file_names]
    if len(set(labels)) == len(set(file_names)):
        return labels
    folders = [name.rpartition("/")[0] for name in file_names]
    return [
        f"{_cut(folder, LONGEST)}\n{label}" if folder else label
        for folder, label in zip(folders, labels, strict=True)
    ]
