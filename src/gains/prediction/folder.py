"""The images of a folder that are predicted, all of them read once before the work begins."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from gains.datasets.coco import ImageRecord
from gains.datasets.findings import Findings
from gains.datasets.image_archive import archived_name
from gains.datasets.readers.images import IMAGE_SUFFIXES, Reading, has_image_suffix, read_image
from gains.datasets.readers.mask_files import masks_beside_images
from gains.support.names import is_junk, normal
from gains.support.progress import progress

logger = logging.getLogger(__name__)

NAMED = 20
"""Largest number of files that a message names."""


class FolderImage(NamedTuple):
    """An image file and its entry in the list of predicted images."""

    path: Path
    record: ImageRecord


def images_of(folder: Path, reading: Reading, findings: Findings) -> list[FolderImage]:
    """Return the images in a folder and in its subfolders, numbered from 1 in order of name.

    The name of an image is its path below the folder, with slashes. Hidden files and those that
    file managers leave behind are ignored. A folder ``masks`` beside a folder ``images``, and files
    that are no images, are left out; the log says so, and names the changes that reading makes.
    Every image is decoded, so that a damaged one is found before the first prediction.

    Args:
        folder: the folder.
        reading: how the images are read.
        findings: record that what is left out, and what reading changes, is added to.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is no image, images cannot be read, or two names differ in their suffix
            alone, so a data set could not hold both. The message names all that cannot be read.
    """
    if not folder.is_dir():
        is_file = "; it is a file, so name the folder that holds it" if folder.is_file() else ""
        raise FileNotFoundError(f"{folder}: no such folder of images{is_file}")
    paths = _image_files(folder, findings)
    if not paths:
        raise ValueError(
            f"{folder}: there is no image in this folder; expected names ending in "
            f"{', '.join(IMAGE_SUFFIXES)}"
        )
    _refuse_twins(list(paths), folder)
    found, unreadable = [], []
    with progress("read", len(paths)) as advance:
        for number, (name, path) in enumerate(paths.items(), start=1):
            try:
                image = read_image(path, reading)
                record = ImageRecord(number, name, *image.values.shape[:2])
                found.append(FolderImage(path, record))
                for change in image.changes:
                    findings.add(change, name)
            except (ValueError, OSError) as error:
                unreadable.append(str(error))
            advance(number)
    for sentence in findings.sentences():
        logger.info("%s: %s", folder, sentence)
    if unreadable:
        raise ValueError(
            f"{folder}: {len(unreadable)} of {len(paths)} images cannot be read, and nothing was "
            f"predicted; repair or remove them:{_lines(unreadable)}"
        )
    return found


def _image_files(folder: Path, findings: Findings) -> dict[str, Path]:
    """Return the image files by name, and record what is left out."""
    every = {path.relative_to(folder): path for path in folder.rglob("*")}
    seen = {name for name in every if not is_junk(name)}
    # rglob does not enter links to folders
    links = {name for name in seen if every[name].is_symlink() and every[name].is_dir()}
    names = {name for name in seen if not every[name].is_dir()}
    masks = masks_beside_images(names)
    others = {name for name in names if not has_image_suffix(name)} - masks
    for what, left_out in (
        ("files of masks/ beside images/ were left out", masks),
        ("files that are no images were left out", others),
        ("links to folders were left out", links),
    ):
        for name in sorted(left_out):
            findings.add(what, name.as_posix())
    kept = {name.as_posix(): every[name] for name in names - masks - others}
    return {name: kept[name] for name in sorted(kept, key=normal)}


def _refuse_twins(names: list[str], folder: Path) -> None:
    taken: dict[str, str] = {}
    for name in names:
        other = taken.setdefault(archived_name(name), name)
        if other != name:
            raise ValueError(
                f"{folder}: {other!r} and {name!r} differ in their suffix or in their Unicode form "
                f"alone; a data set gives both the name {archived_name(name)!r}, so their "
                "predictions could not be scored. Keep one of them"
            )


def _lines(sentences: list[str]) -> str:
    more = len(sentences) - NAMED
    shown = sentences[:NAMED] + ([f"and {more} more"] if more > 0 else [])
    return "".join(f"\n  {sentence}" for sentence in shown)
