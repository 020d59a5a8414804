"""The images of an export, from a folder or from the archive beside a COCO file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.config.base import validated
from gains.datasets.coco import ImageRecord
from gains.datasets.image_archive import ImageArchive, archived_name
from gains.datasets.readers.images import Reading, as_rgb, read_image
from gains.datasets.records import CocoRecord
from gains.export.base import Results, Source
from gains.support.names import slashed


def source_of(results: Results, folder: Path | None, coco: Path | None) -> Source | None:
    """Return where the images of predictions come from, or None if no place is named.

    Args:
        results: the predictions; they say how a folder was read.
        folder: folder of the images; it comes before an archive.
        coco: COCO file with an archive beside it.

    Raises:
        FileNotFoundError: the folder, one of its images or the archive is missing.
        ValueError: the archive is damaged or lacks an image.
    """
    records = [image.record for image in results.images]
    if folder is not None:
        return _of_folder(folder, records, results.info)
    return None if coco is None else _of_archive(coco.with_suffix(".zip"), records)


def _of_folder(folder: Path, records: list[ImageRecord], info: CocoRecord) -> Source:
    missing = [r.file_name for r in records if not (folder / slashed(r.file_name)).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}: {len(missing)} of {len(records)} predicted images are not in this folder, "
            f"first {missing[0]!r}; name the folder that was predicted with --images, or, for a "
            "part of a data set, its COCO file with --coco"
        )
    reading = validated(Reading, info.get("reading") or {}, "the list of predicted images")

    def read(record: ImageRecord) -> NDArray[np.uint8]:
        path = folder / slashed(record.file_name)
        return _checked(as_rgb(read_image(path, reading).values), record, folder)

    return read


def _of_archive(path: Path, records: list[ImageRecord]) -> Source:
    archive = ImageArchive(path)
    archive.require(archived_name(record.file_name) for record in records)
    return lambda record: _checked(archive.read(archived_name(record.file_name)), record, path)


def _checked(pixels: NDArray[np.uint8], record: ImageRecord, place: Path) -> NDArray[np.uint8]:
    if pixels.shape[:2] != (record.height, record.width):
        raise ValueError(
            f"{place}: image {record.file_name!r} has {pixels.shape[:2]} px (height, width), but "
            f"{(record.height, record.width)} were predicted; they belong to other predictions"
        )
    return pixels
