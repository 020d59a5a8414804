"""The own images that are predicted, all of them read once before the work begins."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gains.datasets.coco import ImageRecord
from gains.datasets.findings import Findings
from gains.datasets.image_archive import archived_name
from gains.datasets.readers.images import IMAGE_SUFFIXES, Reading, has_image_suffix
from gains.datasets.readers.mask_files import masks_beside_images
from gains.prediction.own_images import OwnImage, frames_in, prefix_of, require_places
from gains.support.names import is_junk, normal
from gains.support.progress import progress

logger = logging.getLogger(__name__)

NAMED = 20
"""Largest number of files that a message names."""


class Listed(NamedTuple):
    """An own image and its entry in the list of predicted images."""

    image: OwnImage
    record: ImageRecord


def images_of(places: Sequence[Path], reading: Reading, findings: Findings) -> list[Listed]:
    """Return the images in files and folders, numbered from 1 in order of name.

    :mod:`gains.prediction.own_images` says how they are named; each frame of a file is an image of
    its own. The images of subfolders are included. Hidden files and those that file managers leave
    behind are ignored. A folder ``masks`` beside a folder ``images``, and files in a folder that
    are no images, are left out; the log says so, and names the changes that reading makes. Every
    image is decoded, so that a damaged one is found before the first prediction.

    Args:
        places: files and folders.
        reading: how the images are read.
        findings: record that what is left out, and what reading changes, is added to.

    Raises:
        FileNotFoundError: a file or folder does not exist.
        ValueError: there is no image, images cannot be read, one is named twice, or two names
            differ in their suffix alone, so a data set could not hold both. The message names all
            that cannot be read.
    """
    require_places(places)
    where = ", ".join(map(str, places))
    paths = _files(places, findings)
    if not paths:
        raise ValueError(
            f"{where}: there is no image in this folder; expected names ending in "
            f"{', '.join(IMAGE_SUFFIXES)}"
        )
    found, unreadable = _read(paths, reading, findings)
    for sentence in findings.sentences():
        logger.info("%s: %s", where, sentence)
    if unreadable:
        raise ValueError(
            f"{where}: {len(unreadable)} of {len(paths)} images cannot be read, and nothing was "
            f"predicted; repair or remove them:{_lines(unreadable)}"
        )
    _refuse_twins([listed.record.file_name for listed in found], where)
    return found


def _read(
    paths: Mapping[str, Path], reading: Reading, findings: Findings
) -> tuple[list[Listed], list[str]]:
    """Return the images of files, and a sentence about each that cannot be read."""
    found: list[Listed] = []
    unreadable: list[str] = []
    with progress("read", len(paths)) as advance:
        for done, (name, path) in enumerate(paths.items(), start=1):
            try:
                frames = frames_in(name, path)
                if len(frames) > 1:
                    findings.add("files of several frames were read frame by frame", name)
                for image in frames:
                    pixels = image.read(reading)
                    record = ImageRecord(len(found) + 1, image.name, *pixels.values.shape[:2])
                    found.append(Listed(image, record))
                    for change in pixels.changes:
                        findings.add(change, image.name)
            except (ValueError, OSError) as error:
                unreadable.append(str(error))
            advance(done)
    return found, unreadable


def _files(places: Sequence[Path], findings: Findings) -> dict[str, Path]:
    """Return the image files by name, in order of name.

    Raises:
        ValueError: a file is named twice, or two files have one name.
    """
    found: dict[str, Path] = {}
    seen: dict[Path, str] = {}
    for place in places:
        prefix = prefix_of(place, places)
        own = (
            {place.name: place}
            if place.is_file()
            else {prefix + name: path for name, path in _image_files(place, findings).items()}
        )
        for name, path in own.items():
            if path.resolve() in seen or name in found:
                other = seen.get(path.resolve()) or str(found[name])
                raise ValueError(
                    f"{path}: this image, or one of the same name, is also given as {other}; give "
                    "each image once, and files of one name by their folders"
                )
            found[name] = path
            seen[path.resolve()] = str(path)
    return {name: found[name] for name in sorted(found, key=normal)}


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
    return {name.as_posix(): every[name] for name in names - masks - others}


def _refuse_twins(names: list[str], where: str) -> None:
    taken: dict[str, str] = {}
    for name in names:
        other = taken.setdefault(archived_name(name), name)
        if other != name:
            raise ValueError(
                f"{where}: {other!r} and {name!r} differ in their suffix or in their Unicode form "
                f"alone; a data set gives both the name {archived_name(name)!r}, so their "
                "predictions could not be scored. Keep one of them"
            )


def _lines(sentences: list[str]) -> str:
    more = len(sentences) - NAMED
    shown = sentences[:NAMED] + ([f"and {more} more"] if more > 0 else [])
    return "".join(f"\n  {sentence}" for sentence in shown)
