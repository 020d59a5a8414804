"""The images that figures show, from the archive of a COCO file or from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import ImageArchive
from gains.datasets.readers.images import STORED, Reading, as_rgb, read_image
from gains.datasets.split_file import read_split

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
    """Images as RGB, from the archive beside a COCO file or from a folder.

    Args:
        coco: path of the COCO json.
        folder: folder of the images, or None for the archive.
        reading: how the images of the folder are read.

    Raises:
        FileNotFoundError: the folder or the archive does not exist.
    """

    def __init__(self, coco: Path, folder: Path | None, reading: Reading = STORED) -> None:
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder of images")
        self._folder = folder
        self._reading = reading
        if folder is None:
            self._archive = ImageArchive(coco.with_suffix(".zip"))

    def read(self, record: ImageRecord) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3).

        Raises:
            FileNotFoundError: the folder lacks the image.
            ValueError: the archive lacks the image, its kind is not allowed in a data set, or its
                size differs from that in the COCO file.
        """
        if self._folder is None:
            pixels = self._archive.read(record.file_name)
        else:
            pixels = self._read_own(self._folder / record.file_name)
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{record.file_name}: {pixels.shape[:2]} px (height, width), but the COCO file "
                f"says {(record.height, record.width)}; one of them belongs to another data set"
            )
        return pixels

    def _read_own(self, path: Path) -> NDArray[np.uint8]:
        try:
            return as_rgb(read_image(path, self._reading).values)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error}. A converted data set names its images .png; leave out --images to take "
                "them from the archive beside its JSON file"
            ) from error


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
