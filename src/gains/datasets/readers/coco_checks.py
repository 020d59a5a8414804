"""Checks of the images and categories of a COCO file from any program.

Each error is repaired by a rule, or it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from gains.datasets.findings import Findings
from gains.datasets.image_archive import archived_name
from gains.datasets.readers.file_names import FileNames
from gains.datasets.readers.images import STORED, Header, Reading, read_header
from gains.datasets.readers.orientation import turns
from gains.datasets.records import CocoId, CocoRecord, RecordPlace, identity, number, record_list
from gains.masks.rle import Rle
from gains.support.files import read_json
from gains.support.names import normal, slashed


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
        scores: scores of its instances, None for one without; only labels of one file per image
            fill this list.
    """

    path: Path
    name: str
    height: int
    width: int
    masks: list[Rle] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)


def read_records(path: Path) -> dict[str, list[CocoRecord]]:
    """Read the three lists of a COCO file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: one of them is missing, not a list of records, or empty.
    """
    return records_of(read_json(path), path)


def records_of(content: Any, path: Path) -> dict[str, list[CocoRecord]]:
    """Return the three lists of the content of a COCO file; errors as in :func:`read_records`."""
    lists: dict[str, list[CocoRecord]] = {}
    for key in ("images", "annotations", "categories"):
        records = record_list(content, key, path)
        if not records:
            raise ValueError(f"{path}: {key!r} is empty; a data set needs at least one")
        lists[key] = records
    return lists


def check_categories(
    records: list[CocoRecord], where: Path, findings: Findings
) -> tuple[dict[CocoId, int], dict[int, str]]:
    """Number the categories 1..K in order of their ids, numbers before text.

    Returns:
        The new id by old id, and the name by new id.

    Raises:
        ValueError: an id is missing or repeated.
    """
    names: dict[CocoId, str] = {}
    for record in records:
        at = RecordPlace(where, f"category {record.get('name')!r}")
        old = identity(record, "id", at, findings)
        if old in names:
            raise ValueError(f"{where}: category id {old} is repeated; give each its own")
        name = record.get("name")
        names[old] = str(old if name is None else name)
    ordered = sorted(names, key=lambda old: (isinstance(old, str), old))
    new = {old: k for k, old in enumerate(ordered, start=1)}
    if any(old != k for old, k in new.items()):
        mapping = ", ".join(f"{old} became {k}" for old, k in new.items())
        findings.add(
            f"categories were renumbered 1..K in order of id ({mapping})",
            f"category {ordered[0]}",
        )
    return new, {k: names[old] for old, k in new.items()}


def check_images(
    records: list[CocoRecord],
    where: Path,
    folder: Path,
    findings: Findings,
    reading: Reading = STORED,
) -> dict[CocoId, SourceImage]:
    """Check the image records against the files.

    Returns:
        The images by their id in the file, in order of file name.

    Raises:
        FileNotFoundError: an image file is missing.
        ValueError: an id or a file name is missing or repeated, a path leaves the folder, two
            names differ in their suffix or Unicode normal form alone, a size differs, or a file
            cannot be read.
    """
    found: dict[CocoId, SourceImage] = {}
    taken: dict[str, str] = {}
    files = FileNames(folder, findings)
    for record in sorted(records, key=_order):
        name = record.get("file_name")
        if not isinstance(name, str) or not name:
            raise ValueError(f"{where}: image {record.get('id')} has no file_name")
        at = RecordPlace(where, f"image {name!r}")
        old = identity(record, "id", at, findings)
        if old in found:
            raise ValueError(
                f"{at}: id {old} is repeated, so the annotations of this id are ambiguous; "
                "give each image its own id"
            )
        if old == 0:
            findings.add("image id 0 was replaced; images are numbered 1..N by file name", name)
        path, true_name = files.find(name, str(at))
        archived = archived_name(true_name)
        if archived in taken:
            raise ValueError(
                f"{at} {_problem(name, taken[archived])}: both would get the name {archived!r}; "
                "name each image once"
            )
        taken[archived] = name
        header = read_header(path, reading)
        _check_size(record, header, path, at, findings, reading)
        found[old] = SourceImage(path, archived, header.height, header.width)
    return found


def _order(record: CocoRecord) -> str:
    return normal(str(PurePosixPath(slashed(str(record.get("file_name"))))))


def _problem(name: str, other: str) -> str:
    if name == other:
        return "is listed twice"
    if normal(name) == normal(other):
        return f"and {ascii(other)} differ in their Unicode normal form alone"
    return f"and {other!r}"


def _check_size(
    record: CocoRecord,
    header: Header,
    path: Path,
    at: RecordPlace,
    findings: Findings,
    reading: Reading,
) -> None:
    true = {"height": header.height, "width": header.width}
    stated = dict(true)
    for key in true:
        if record.get(key) is None:
            findings.add(f"a missing {key} was taken from the image file", path.name)
        else:
            stated[key] = number(record, key, at, findings)
    for key in true:
        if stated[key] != true[key]:
            raise ValueError(
                f"{at}: the JSON file says {key} {stated[key]}, but the image has {true[key]}, so "
                f"the masks would not fit; {_size_advice(stated, header, reading)}"
            )


def _size_advice(stated: dict[str, int], header: Header, reading: Reading) -> str:
    """Say what to do about a size that differs, first of all if only the turned image has it."""
    turned = {"height": header.width, "width": header.height}
    if stated != turned or not turns(header.orientation):
        return "correct the JSON file or the image"
    tag = f"its orientation tag (EXIF) is {header.orientation}"
    if reading.orientation == "apply":
        return (
            f"{tag}, which was applied, and the masks fit the pixels as stored: choose the option "
            "`orientation: stored`"
        )
    return (
        f"{tag}, and the masks fit the image once it is turned: choose the option `orientation: "
        "apply`"
    )


def note_empty_categories(
    sources: Iterable[SourceImage], names: Mapping[int, str], findings: Findings
) -> None:
    """Record the categories without an object, which are kept.

    Args:
        sources: the images with the categories of their objects.
        names: names of the categories by number.
        findings: record that they are added to.
    """
    used = {number for source in sources for number in source.categories}
    for key, name in names.items():
        if key not in used:
            findings.add("categories without objects were kept", f"category {key} {name!r}")
