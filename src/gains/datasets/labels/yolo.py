"""YOLO segmentation text: one file per image, with a class and a polygon in each line.

Coordinates are shares of the width and height of the image, from its upper left corner.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.labels.shapes import shape_mask
from gains.datasets.readers.coco_checks import SourceImage
from gains.support.files import require_file
from gains.support.yaml_text import parse_yaml

NAMES = ("data.yaml", "dataset.yaml", "classes.txt")
"""Files with the names of the classes, in the folder of the labels or above it, in any case."""
MOST_CLASSES = 10_000
"""Number of classes that an index without a name may mean; a higher one is a mistake."""
SLACK = 0.1
"""Share of a side by which a polygon may leave its image."""


def _beside(labels: Path) -> dict[str, Path]:
    folder = labels if labels.is_dir() else labels.parent
    found: dict[str, Path] = {}
    for above in ("", "../"):
        here = {path.name.lower(): path for path in sorted(_listed(folder / above))}
        found |= {f"{above}{name}": here[name] for name in NAMES if name in here}
    return {name: path for name, path in found.items() if path.is_file()}


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except PermissionError:  # the files of such a folder may still be read by their exact names
        return [folder / name for name in NAMES]


def _lines(path: Path) -> list[str]:
    try:
        text = require_file(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not text in UTF-8 ({error})") from error
    return text.splitlines()


def _used(path: Path) -> list[tuple[str, str]]:
    """Return the lines of a file that are not empty, each with its place for messages."""
    lines = enumerate(_lines(path), start=1)
    return [(line, f"{path}: line {number}") for number, line in lines if line.strip()]


def _names(found: LabelSet) -> list[str]:
    """Return the names of the classes in order of their index."""
    files = list(_beside(found.folders.labels).values())
    if not files:
        indices = [
            _values(line, at)[0] for path in found.files.values() for line, at in _used(path)
        ]
        highest = max(indices, default=-1)
        if highest >= MOST_CLASSES:
            raise ValueError(
                f"{found.folders.labels}: holds the class {highest:g}; expected indices below "
                f"{MOST_CLASSES}, counted from 0, or a file {', '.join(NAMES)} with their names"
            )
        return [f"class {index}" for index in range(int(highest) + 1)]
    path = files[0]
    names: Any = _lines(path)
    if path.suffix.lower() != ".txt":
        names = parse_yaml("\n".join(names), str(path))
    if isinstance(names, dict):
        names = names.get("names")
    if isinstance(names, dict) and sorted(names) == list(range(len(names))):
        names = [names[index] for index in range(len(names))]
    named = [str(name).strip() for name in names] if isinstance(names, list) else []
    while named and not named[-1]:
        named.pop()
    if not named or len(set(named)) < len(named) or not all(named):
        raise ValueError(
            f"{path}: expected the names of the classes in order of their index, each once; found "
            f"{str(names)[:60]!r}"
        )
    return named


def _values(line: str, at: str) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError as error:
        raise ValueError(f"{at}: {line[:60]!r} are not numbers") from error
    if len(values) == 5:
        raise ValueError(
            f"{at}: holds a class and four numbers, so it is a box; expected a polygon: masks are "
            "needed, boxes are not enough"
        )
    if len(values) < 7 or len(values) % 2 == 0 or values[0] < 0 or values[0] % 1:
        raise ValueError(
            f"{at}: holds {len(values)} numbers, the first {values[0]:g}; expected the index of a "
            "class, and x and y of at least three points"
        )
    if not all(-SLACK <= value <= 1 + SLACK for value in values[1:]):
        raise ValueError(
            f"{at}: coordinates reach from {min(values[1:]):g} to {max(values[1:]):g}; expected "
            "shares of the width and height of the image, from 0 to 1"
        )
    return values


def _read(path: Path, image: SourceImage, found: LabelSet, findings: Findings) -> list[LabelObject]:
    names, objects = found.names, []
    if not _beside(found.folders.labels):
        findings.remark(f"there is no file {', '.join(NAMES)}, so classes are named by their index")
    for position, (line, at) in enumerate(_used(path), start=1):
        index, *shares = _values(line, at)
        if index >= len(names):
            raise ValueError(
                f"{at}: the class {index:g} has no name; there are "
                f"{len(names)}: {', '.join(names[:5])}"
            )
        sides = (image.width, image.height)
        ring = [share * sides[k % 2] for k, share in enumerate(shares)]
        mask = shape_mask([[ring]], image, path, f"object {position}", findings)
        objects.append(LabelObject(mask, names[int(index)]))
    return objects


def _problem(path: Path, _: OwnFolders) -> str:
    if path.name.lower() in NAMES:
        return "it holds names of classes"
    try:
        for line, _at in _used(path)[:1]:
            _values(line, "its first line")
    except ValueError as error:
        return str(error)
    return ""


LABELS.register(
    LabelFormat(
        name="YOLO",
        layout="one .txt per image, a class and a polygon in each line",
        suffixes=(".txt",),
        problem=_problem,
        read=reader_of(_read, classes=_names),
        beside=_beside,
    )
)
