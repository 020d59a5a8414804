"""The images that figures show: from a COCO file with its archive or any folder of images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.coco import CocoDataset, ImageArchive, ImageRecord
from gains.datasets.split_file import read_split
from gains.support.registry import nearest


def named(coco: CocoDataset, names: Iterable[str]) -> list[ImageRecord]:
    """Return the images that a person names.

    Raises:
        ValueError: one is not in the file; the nearest name is given.
    """
    known = {image.file_name: image for image in coco.images.values()}
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"unknown image {name!r}; {nearest(name, list(known))}{coco.path} has "
                f"{len(known)} images, the first is {next(iter(known))!r}"
            )
    return [known[name] for name in wanted]


def candidates(coco: CocoDataset, split: Path | None, part: str) -> list[ImageRecord]:
    """Return the images of one part of a split, or all images where there is no split.

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

    Raises:
        FileNotFoundError: neither the folder nor the archive is there.
    """

    def __init__(self, coco: Path, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder of images")
        self._folder = folder
        self._archive = ImageArchive(coco.with_suffix(".zip")) if folder is None else None

    def read(self, record: ImageRecord) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3).

        Raises:
            FileNotFoundError: the folder lacks it.
            ValueError: the archive lacks it, or its size is not the one of the COCO file.
        """
        if self._archive is not None:
            pixels = self._archive.read(record.file_name)
        else:
            pixels = _read(Path(str(self._folder)) / record.file_name)
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{record.file_name}: {pixels.shape[:2]} px (height, width), but the COCO file "
                f"says {(record.height, record.width)}; one of them belongs to another data set"
            )
        return pixels


def _read(path: Path) -> NDArray[np.uint8]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such image; is --images the folder of the json?")
    with Image.open(path) as image:
        if not image.mode.startswith(("I", "F")):
            return np.asarray(image.convert("RGB"))
        grey = np.asarray(image, dtype=np.float64)
    # deeper than 8 bit: the range that the image uses, since a screen shows no more than 256 steps
    low, high = float(grey.min()), float(grey.max())
    scaled = (grey - low) * (255 / max(high - low, 1e-12))
    return np.repeat(scaled.round().astype(np.uint8)[..., None], 3, axis=2)


def short(file_name: str, longest: int = 24) -> str:
    """Return the last part of an image's name, its middle left out where it is too long."""
    name = file_name.rsplit("/", 1)[-1]
    if len(name) <= longest:
        return name
    half = (longest - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
