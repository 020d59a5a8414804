"""The files of ChromSeg-SSL: its images, their names in the archive, and their annotations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gains.datasets.readers.image_index import ImageIndex
from gains.datasets.readers.labelme import LabelMe, read_labelme
from gains.datasets.readers.raw_files import some_files

PARTS = {"train": "train", "test": "test", "val": "test"}
"""Part by a word in the name of a folder."""


@dataclass(frozen=True)
class Item:
    """An image, its name in the archive, and its annotation if it has one."""

    path: Path
    name: str
    annotation: LabelMe | None


def find_items(root: Path, join_groups: bool) -> list[Item]:
    """Return the images by name, with the annotations of those that have one.

    Args:
        root: folder of the published files.
        join_groups: see :func:`read_labelme`.

    Raises:
        FileNotFoundError: the folder, all JSON files, or the image of a JSON file is missing.
        ValueError: a JSON file may belong to several images or is damaged, an image has several
            JSON files or belongs to no part, or two images would get one name.
    """
    annotations = some_files(root, "*.json")
    images = ImageIndex(root).files
    paired = _paired(images, annotations)
    items: dict[str, Item] = {}
    for path in images:
        name = _name(path, root, path in paired)
        if name in items:
            raise ValueError(
                f"{items[name].path} and {path} would both get the name {name!r}; keep only one "
                "of them, or rename one"
            )
        annotation = read_labelme(paired[path], join_groups) if path in paired else None
        items[name] = Item(path, name, annotation)
    return [items[name] for name in sorted(items)]


def _paired(images: list[Path], annotations: list[Path]) -> dict[Path, Path]:
    """Return the JSON file of each annotated image.

    Raises:
        FileNotFoundError: a JSON file has no image.
        ValueError: a JSON file has several images, or an image has several JSON files.
    """
    beside: dict[tuple[Path, str], list[Path]] = {}
    near: dict[tuple[Path, str], list[Path]] = {}
    for image in images:
        beside.setdefault((image.parent, image.stem), []).append(image)
        near.setdefault((image.parent.parent, image.stem), []).append(image)
    paired: dict[Path, Path] = {}
    for path in annotations:
        found = beside.get((path.parent, path.stem)) or near.get((path.parent.parent, path.stem))
        if not found:
            raise FileNotFoundError(
                f"{path}: its image is missing; expected an image {path.stem} beside it or in a "
                "folder beside its folder. Add the image, or remove the JSON file"
            )
        if len(found) > 1:
            raise ValueError(
                f"{path}: may belong to {found[0]} and to {found[1]}; keep only one of them"
            )
        if found[0] in paired:
            raise ValueError(
                f"{found[0]}: has two annotations, {paired[found[0]]} and {path}; keep only one "
                "of them"
            )
        paired[found[0]] = path
    return paired


def _name(path: Path, root: Path, labelled: bool) -> str:
    """Return the name in the archive: the part, and the path below its folder."""
    relative = path.relative_to(root)
    if not labelled:
        return f"unlabelled/{relative.with_suffix('.png').as_posix()}"
    for depth, folder in enumerate(relative.parts[:-1], start=1):
        for word, part in PARTS.items():
            if word in folder.lower():
                rest = Path(*relative.parts[depth:])
                return f"{part}/{rest.with_suffix('.png').as_posix()}"
    raise ValueError(
        f"{path}: this image has an annotation but belongs to no part; expected it in a folder "
        f"with train, test or val in its name, below {root}"
    )
