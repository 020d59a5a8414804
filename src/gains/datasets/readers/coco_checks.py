"""Checks of a COCO file from any program; each error is repaired by a rule or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pycocotools import mask as coco_mask

from gains.datasets.findings import Findings
from gains.datasets.readers.images import read_header
from gains.datasets.records import CocoRecord, integer, record_list
from gains.masks.rle import Rle
from gains.masks.segmentation import to_rle
from gains.support.files import read_json


@dataclass
class SourceImage:
    """One checked image of a folder.

    Attributes:
        path: the image file.
        name: its name in the archive.
        height: height, px.
        width: width, px.
        masks: RLEs of its instances.
        categories: new category ids of its instances.
        change: description of the change that reading the file makes, or None.
    """

    path: Path
    name: str
    height: int
    width: int
    masks: list[Rle] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    change: str | None = None


def read_records(path: Path) -> dict[str, list[CocoRecord]]:
    """Read the three lists of a COCO file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: one of them is missing, not a list of records, or empty.
    """
    content = read_json(path)
    lists: dict[str, list[CocoRecord]] = {}
    for key in ("images", "annotations", "categories"):
        records = record_list(content, key, path)
        if not records:
            raise ValueError(f"{path}: {key!r} is empty; a data set needs at least one")
        lists[key] = records
    return lists


def check_categories(
    records: list[CocoRecord], where: Path, findings: Findings
) -> tuple[dict[int, int], dict[int, str]]:
    """Number the categories 1..K in order of their ids.

    Returns:
        The new id by old id, and the name by new id.

    Raises:
        ValueError: an id is missing or repeated.
    """
    names: dict[int, str] = {}
    for record in records:
        number = integer(record, "id", f"{where}: category {record.get('name')!r}")
        if number in names:
            raise ValueError(f"{where}: category id {number} is repeated; give each its own")
        names[number] = str(record.get("name", number))
    new = {old: k for k, old in enumerate(sorted(names), start=1)}
    if any(old != k for old, k in new.items()):
        mapping = ", ".join(f"{old} became {k}" for old, k in new.items())
        findings.add(
            f"categories were renumbered 1..K in order of id ({mapping})",
            f"category {min(new)}",
        )
    return new, {k: names[old] for old, k in new.items()}


def check_images(
    records: list[CocoRecord], where: Path, folder: Path, findings: Findings
) -> dict[int, SourceImage]:
    """Check the image records against the files.

    Returns:
        The images by their id in the file, in order of file name.

    Raises:
        FileNotFoundError: an image file is missing.
        ValueError: an id or a file name is missing or repeated, a path leaves the folder, two
            names differ in their suffix alone, a size differs, or a file cannot be read.
    """
    found: dict[int, SourceImage] = {}
    taken: dict[str, str] = {}
    for record in sorted(records, key=lambda r: str(r.get("file_name"))):
        name = record.get("file_name")
        if not isinstance(name, str) or not name:
            raise ValueError(f"{where}: image {record.get('id')} has no file_name")
        at = f"{where}: image {name!r}"
        number = integer(record, "id", at)
        if number in found:
            raise ValueError(
                f"{at}: id {number} is repeated, so the annotations of this id are ambiguous; "
                "give each image its own id"
            )
        if number == 0:
            findings.add("image id 0 was replaced; images are numbered 1..N by file name", name)
        archived = _archive_name(name, at)
        if archived in taken:
            problem = "is listed twice" if taken[archived] == name else f"and {taken[archived]!r}"
            raise ValueError(
                f"{at} {problem}: both would get the name {archived!r}; name each image once"
            )
        taken[archived] = name
        found[number] = _check_file(record, folder / name, archived, at, findings)
    return found


def _archive_name(name: str, at: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{at}: the path leaves the folder of images; use names relative to it")
    return str(path.with_suffix(".png"))


def _check_file(
    record: CocoRecord, path: Path, archived: str, at: str, findings: Findings
) -> SourceImage:
    if not path.is_file():
        raise FileNotFoundError(f"{at}: the file {path} is missing")
    header = read_header(path)
    size = {"height": header.height, "width": header.width}
    for key, true in size.items():
        if record.get(key) is None:
            findings.add(f"a missing {key} was taken from the image file", path.name)
        elif integer(record, key, at) != true:
            raise ValueError(
                f"{at}: the JSON file says {key} {record[key]}, but the image has {true}, so the "
                "masks would not fit; correct the JSON file or the image"
            )
    return SourceImage(path, archived, header.height, header.width, change=header.change)


def check_annotations(
    records: list[CocoRecord],
    where: Path,
    images: dict[int, SourceImage],
    categories: dict[int, int],
    findings: Findings,
) -> None:
    """Add the instances to their images, in file order.

    Raises:
        ValueError: an annotation names an unknown image or category, or its mask is neither
            polygons nor RLE, is malformed, or is of another size.
    """
    seen: set[Any] = set()
    for position, record in enumerate(records):
        number = record.get("id")
        record_name = f"annotation {number if number is not None else f'at {position}'}"
        at = f"{where}: {record_name}"
        _note_id(number, seen, record_name, findings)
        image_id, category = (integer(record, k, at) for k in ("image_id", "category_id"))
        if image_id not in images:
            raise ValueError(f"{at} names image {image_id}, which the file does not list")
        if category not in categories:
            raise ValueError(f"{at} names category {category}, which the file does not list")
        image = images[image_id]
        if record.get("iscrowd"):
            findings.add(
                "crowd regions were dropped, since they are not single objects", record_name
            )
            continue
        try:
            rle = to_rle(record.get("segmentation"), image.height, image.width)
        except ValueError as error:
            raise ValueError(f"{at} on {image.name!r}: {error}") from error
        if coco_mask.area(rle) == 0:
            findings.add("masks that cover no pixel were dropped", record_name)
            continue
        if leaves_image(record["segmentation"], image.height, image.width):
            findings.add("polygons were cut at the border of the image", record_name)
        image.masks.append(rle)
        image.categories.append(categories[category])


def _note_id(number: Any, seen: set[Any], record: str, findings: Findings) -> None:
    rule = "; annotations are numbered 1..M by image, then file order"
    if number is None:
        findings.add(f"missing annotation ids were added{rule}", record)
    elif number == 0:
        findings.add(f"annotation id 0 was replaced{rule}", record)
    elif str(number) in seen:
        findings.add(f"repeated annotation ids were replaced{rule}", record)
    seen.add(str(number))


def leaves_image(segmentation: Any, height: int, width: int) -> bool:
    """Return whether a polygon of a checked segmentation reaches over the border of its image."""
    return isinstance(segmentation, list) and any(
        min(part) < 0 or max(part[0::2]) > width or max(part[1::2]) > height
        for part in segmentation
        if part
    )
