"""Scenes from a COCO JSON file and a folder of images, own or published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gains.datasets.base import DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_annotations import Crowds, check_annotations
from gains.datasets.readers.coco_checks import (
    SourceImage,
    check_categories,
    check_images,
    note_empty_categories,
    read_records,
)
from gains.datasets.readers.image_index import ImageIndex
from gains.datasets.readers.images import STORED, Reading, read_image
from gains.datasets.records import CocoRecord, flag, record_list
from gains.instances import Instances
from gains.support.files import read_json

Records = dict[str, list[CocoRecord]]
"""The lists ``images``, ``annotations`` and ``categories`` of a COCO JSON file."""


def image_names(annotations: Path) -> list[str]:
    """Return the file names that a COCO JSON file lists, or none if it is no such file.

    The conversion reports what is wrong with a file, so this function does not.

    Raises:
        FileNotFoundError: there is no such file.
    """
    try:
        records = record_list(read_json(annotations), "images", annotations)
    except ValueError:
        return []
    return [name for record in records if isinstance(name := record.get("file_name"), str)]


def check_sources(
    records: Records,
    annotations: Path,
    folder: Path,
    findings: Findings,
    crowds: Crowds = "drop",
    reading: Reading = STORED,
) -> tuple[list[SourceImage], dict[int, str]]:
    """Check the records of a COCO JSON file against its folder of images.

    Args:
        records: the lists of the file.
        annotations: the file, for messages.
        folder: folder that the file names are relative to.
        findings: record that the repairs are added to.
        crowds: what becomes of the annotations that the file marks as crowd regions.
        reading: how the images are read.

    Returns:
        The images in order of file name, and the category names by new id.

    Raises:
        FileNotFoundError: an image is missing.
        ValueError: no rule repairs a record, or there is no instance.
    """
    renumbered, names = check_categories(records["categories"], annotations, findings)
    images = check_images(records["images"], annotations, folder, findings, reading)
    check_annotations(records["annotations"], annotations, images, renumbered, findings, crowds)
    sources = list(images.values())
    if not any(source.categories for source in sources):
        raise ValueError(
            f"{annotations}: none of its {len(records['annotations'])} annotations is usable "
            f"({'; '.join(findings.sentences())}){_advice(records, crowds)}"
        )
    note_empty_categories(sources, names, findings)
    return sources, names


def _advice(records: Records, crowds: Crowds) -> str:
    if crowds == "keep" or not any(flag(r, "iscrowd", "") for r in records["annotations"]):
        return ""
    return (
        ". If its crowd regions are single objects, such as brush masks of CVAT, read it as the "
        "data set `folder` with the option `crowds: keep`"
    )


def scenes(sources: list[SourceImage], reading: Reading = STORED) -> Iterator[Scene]:
    """Read the images one at a time, each with its instances.

    Raises:
        ValueError: an image is damaged.
    """
    for source in sources:
        instances = Instances.from_rles(
            source.height, source.width, source.masks, source.categories
        )
        image = read_image(source.path, reading)
        yield Scene(source.name, image.values, instances, image.changes)


def make_published(
    root: Path, annotations: Path, category: str, published: DatasetCounts, findings: Findings
) -> SceneSet:
    """Check a published COCO JSON file of one category; its images are anywhere below the root.

    Args:
        root: folder of the files as published.
        annotations: the JSON file.
        category: name of the category; the name in the JSON file may differ in case.
        published: the published counts.
        findings: record that the repairs are added to.

    Raises:
        FileNotFoundError: an image is missing.
        ValueError: the category is another one, the images are in several folders, or no rule
            repairs a record.
    """
    records = read_records(annotations)
    listed = [str(record.get("name")) for record in records["categories"]]
    if [name.casefold() for name in listed] != [category.casefold()]:
        raise ValueError(
            f"{annotations}: expected one category {category!r}, found {listed}; this is another "
            "data set, which the source `folder` may read"
        )
    folder = _image_folder(records["images"], annotations, root)
    sources, _ = check_sources(records, annotations, folder, findings)
    return SceneSet({1: category}, scenes(sources), published)


def _image_folder(records: list[CocoRecord], annotations: Path, root: Path) -> Path:
    """Return the folder that the file names of the JSON file are relative to.

    If no folder holds all images, return the one that holds most of them, so that the check of the
    records names the missing image.
    """
    names = [str(record.get("file_name")) for record in records]
    held = ImageIndex(root).folders_holding(names)
    if not held:
        raise FileNotFoundError(
            f"{root}: holds none of the {len(set(names))} images of {annotations}; fetch it again"
        )
    most = max(held.values())
    best = [folder for folder, count in held.items() if count == most]
    if len(best) > 1 and annotations.parent in best:
        return annotations.parent
    if len(best) > 1:
        raise ValueError(
            f"{root}: the images of {annotations} lie in {len(best)} folders: "
            f"{', '.join(str(folder) for folder in best[:3])}; keep only one of them"
        )
    return best[0]
