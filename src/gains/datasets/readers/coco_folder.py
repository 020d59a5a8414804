"""A COCO json and its folder of images as scenes: one's own, or as published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from gains.datasets.base import Made, PublishedCounts, Scene
from gains.datasets.readers.coco_checks import (
    Findings,
    SourceImage,
    check_annotations,
    check_categories,
    check_images,
    read_records,
)
from gains.datasets.readers.images import SUFFIXES, read_pixels
from gains.datasets.readers.raw_files import RawSettings, some_files
from gains.instances import Instances

Records = dict[str, list[dict[str, Any]]]
"""The lists ``images``, ``annotations`` and ``categories`` of a COCO json."""


def check_sources(
    records: Records, annotations: Path, folder: Path, findings: Findings
) -> tuple[list[SourceImage], dict[int, str]]:
    """Check the records of a COCO json against its folder of images.

    Returns:
        The images in order of file name, and the category names by new id.

    Raises:
        FileNotFoundError: an image is missing.
        ValueError: a record that no rule repairs, or no instance at all.
    """
    renumbered, names = check_categories(records["categories"], annotations, findings)
    images = check_images(records["images"], annotations, folder, findings)
    check_annotations(records["annotations"], annotations, images, renumbered, findings)
    sources = list(images.values())
    if not any(source.masks for source in sources):
        raise ValueError(
            f"{annotations}: none of its {len(records['annotations'])} annotations is usable "
            f"({'; '.join(findings.sentences())})"
        )
    for source in sources:
        if not source.masks:
            findings.add("images without objects kept", source.name)
    return sources, names


def scenes(sources: list[SourceImage]) -> Iterator[Scene]:
    """Read the images one at a time, each with its instances.

    Raises:
        ValueError: an image is damaged.
    """
    for source in sources:
        instances = Instances.from_rles(
            source.height, source.width, source.masks, source.categories
        )
        yield source.name, read_pixels(source.path), instances


def make_published(
    settings: RawSettings, annotations: Path, category: str, expected: PublishedCounts
) -> Made:
    """Check a published COCO json of one category; its images lie anywhere below the root.

    Args:
        settings: its options.
        annotations: its json.
        category: name of the category; that of the json may differ in upper and lower case.
        expected: the published counts.

    Raises:
        FileNotFoundError: an image is missing.
        ValueError: another category, several folders of the images, or a record that no rule
            repairs.
    """
    records, findings = read_records(annotations), Findings()
    listed = [str(record.get("name")) for record in records["categories"]]
    if [name.casefold() for name in listed] != [category.casefold()]:
        raise ValueError(
            f"{annotations}: expected one category {category!r}, found {listed}; it is another "
            "data set, which the source `folder` may read"
        )
    folder = _image_folder(records["images"], annotations, Path(settings.root))
    sources, _ = check_sources(records, annotations, folder, findings)
    return Made({1: category}, scenes(sources), findings.sentences(), expected, settings.strict)


def _image_folder(records: list[dict[str, Any]], annotations: Path, root: Path) -> Path:
    """Return the folder that the file names of the json are relative to.

    Where no folder holds them all it is the one that holds most, so that the check of the
    records names the image that is missing.
    """
    wanted = {PurePosixPath(str(r.get("file_name")).replace("\\", "/")).parts for r in records}
    depths = {len(parts) for parts in wanted}
    held = Counter(
        path.parents[depth - 1]
        for path in some_files(root, *(f"*{suffix}" for suffix in SUFFIXES))
        for depth in depths
        if path.parts[-depth:] in wanted
    )
    if not held:
        raise FileNotFoundError(
            f"{root}: holds none of the {len(wanted)} images of {annotations}; fetch it again"
        )
    most = max(held.values())
    best = [folder for folder, count in held.items() if count == most]
    if len(best) > 1 and annotations.parent in best:
        return annotations.parent
    if len(best) > 1:
        raise ValueError(
            f"{root}: the images of {annotations} lie in {len(best)} folders: "
            f"{', '.join(str(folder) for folder in best[:3])}; leave one of them"
        )
    return best[0]
