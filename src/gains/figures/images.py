"""The images that figures show, from the archive of a COCO file or from a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive, archived_name
from gains.datasets.readers.images import STORED, Reading, as_rgb, read_image
from gains.datasets.split_file import read_split
from gains.support.names import slashed

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
    """Images as RGB, from a folder or from the archive beside a COCO file.

    Args:
        coco: path of the COCO json; None if a folder is named.
        folder: folder of the images, which comes before the archive; None for the archive.
        reading: how the images of the folder are read.

    Raises:
        FileNotFoundError: the folder or the archive does not exist.
        ValueError: neither is named, or the archive is damaged.
    """

    def __init__(self, coco: Path | None, folder: Path | None, reading: Reading = STORED) -> None:
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder of images")
        self._folder = folder
        self._reading = reading
        if folder is None:
            if coco is None:
                raise ValueError(
                    "the images to draw on are not known; name their folder with --images, or with "
                    "--coco the COCO file that has them in a .zip archive beside it"
                )
            self._archive = ImageArchive(coco.with_suffix(".zip"))

    def require(self, records: Sequence[ImageRecord]) -> None:
        """Check that there are these images.

        Raises:
            FileNotFoundError: the folder lacks one.
            ValueError: the archive lacks one.
        """
        if self._folder is None:
            self._archive.require(archived_name(record.file_name) for record in records)
            return
        missing = [r.file_name for r in records if not self._place(self._folder, r).is_file()]
        if missing:
            raise FileNotFoundError(
                f"{self._folder}: {len(missing)} of {len(records)} images are not in this folder, "
                f"first {missing[0]!r}; name the folder that was predicted with --images. A "
                "converted data set names its images .png: leave out --images to take them from "
                "the archive beside its JSON file, which --coco names"
            )

    def read(self, record: ImageRecord) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3).

        Raises:
            FileNotFoundError: the folder lacks the image.
            ValueError: the archive lacks the image, its kind is not allowed in a data set, or its
                size differs from the stated one.
        """
        self.require([record])
        if self._folder is None:
            place, pixels = self._archive.path, self._archive.read(archived_name(record.file_name))
        else:
            place = self._folder
            pixels = as_rgb(read_image(self._place(place, record), self._reading).values)
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{place}: image {record.file_name!r} has {pixels.shape[:2]} px (height, width), "
                f"but {(record.height, record.width)} are expected; the images belong to another "
                "data set or to other predictions"
            )
        return pixels

    @staticmethod
    def _place(folder: Path, record: ImageRecord) -> Path:
        return folder / slashed(record.file_name)


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
