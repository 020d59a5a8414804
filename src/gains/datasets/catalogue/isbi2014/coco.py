"""ISBI2014 as the authors of GAInS and DoNet share it: three COCO files, ``isbi_<part>_v3.json``.

Images are found by file name anywhere below the root and archived as ``<part>/<file name>``, so
that a split can name the parts by pattern. Checks and repairs are those of ``folder``.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, Made, PublishedCounts
from gains.datasets.catalogue.isbi2014.matlab import (
    CITATION,
    HOMEPAGE,
    LICENCE,
    PARTS,
    TITLE,
    Part,
    PartSettings,
)
from gains.datasets.readers.coco_checks import (
    Findings,
    SourceImage,
    check_annotations,
    check_categories,
    check_images,
    read_records,
)
from gains.datasets.readers.coco_folder import scenes
from gains.datasets.readers.images import SUFFIXES
from gains.datasets.readers.raw_files import one_file, some_files


class IsbiCocoSettings(PartSettings):
    """Options of ``isbi2014-coco``."""

    root: str = Field(
        "data/raw/isbi2014-coco",
        description="folder of isbi_train_v3.json and so on and of the images, anywhere below it",
    )


def _images_by_name(root: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in some_files(root, "*"):
        if path.suffix.lower() in SUFFIXES:
            found.setdefault(path.name, []).append(path.relative_to(root))
    return found


def _locate(name: str, part: Part, known: dict[str, list[Path]], at: str) -> str:
    """Return the path of an image relative to the root, by file name.

    Numbered names repeat between the parts, so a file in another part's folder is not it.
    """
    others = {other for other in PARTS if other != part}
    everywhere = known.get(PurePosixPath(name.replace("\\", "/")).name, [])
    possible = [path for path in everywhere if not others & set(path.parent.parts)]
    own = [path for path in possible if part in path.parent.parts]
    found = own or possible
    if not found:
        elsewhere = f"; {everywhere[0]} is in the folder of another part" if everywhere else ""
        raise FileNotFoundError(
            f"{at}: no image file of that name below the root{elsewhere}. Put the images of the "
            f"part there, best in a folder {part}/"
        )
    if len(found) > 1:
        raise ValueError(
            f"{at}: {len(found)} files have that name: {', '.join(str(p) for p in found[:3])}; "
            f"keep one, or put the image of this part in a folder {part}/"
        )
    return found[0].as_posix()


def _located(
    records: list[dict[str, Any]], part: Part, known: dict[str, list[Path]], where: Path
) -> list[dict[str, Any]]:
    """Return image records whose file names are paths relative to the root."""
    located = []
    for record in records:
        name = record.get("file_name")
        # a record without a name goes on to check_images, which refuses it
        if isinstance(name, str) and name:
            path = _locate(name, part, known, f"{where}: image {name!r}")
            record = {**record, "file_name": path}
        located.append(record)
    return located


def _read_part(
    part: Part, path: Path, root: Path, known: dict[str, list[Path]], findings: Findings
) -> tuple[list[SourceImage], dict[int, str]]:
    records = read_records(path)
    renumbered, names = check_categories(records["categories"], path, findings)
    located = _located(records["images"], part, known, path)
    images = check_images(located, path, root, findings)
    check_annotations(records["annotations"], path, images, renumbered, findings)
    taken: dict[str, str] = {}
    for source in images.values():
        archived = f"{part}/{PurePosixPath(source.name).name}"
        if archived in taken:
            raise ValueError(
                f"{path}: {taken[archived]} and {source.path} would both be {archived!r}; name "
                "each image once"
            )
        taken[archived] = str(source.path)
        source.name = archived
        if not source.masks:
            findings.add("images without objects kept", archived)
    return sorted(images.values(), key=lambda source: source.name), names


def make(settings: IsbiCocoSettings) -> Made:
    """Check the files of the parts asked for; images in order of part and file name.

    Raises:
        FileNotFoundError: the folder, a json or an image is missing.
        ValueError: a record that no rule repairs, an image in several places, or parts whose
            categories differ.
    """
    root, findings = Path(settings.root), Findings()
    parts = [part for part in PARTS if part in settings.parts]
    files = {part: one_file(root, f"isbi_{part}_v3.json") for part in parts}
    known = _images_by_name(root)
    sources: list[SourceImage] = []
    categories: dict[int, str] = {}
    for part, path in files.items():
        found, names = _read_part(part, path, root, known, findings)
        if categories and names != categories:
            raise ValueError(
                f"{path}: has the categories {names}, {files[parts[0]].name} has {categories}; "
                "the files are not of one data set"
            )
        categories = names
        sources += found
    return Made(
        categories,
        scenes(sources),
        findings.sentences(),
        PublishedCounts(settings.images),
        settings.strict,
    )


DATASETS.register(
    Dataset(
        name="isbi2014-coco",
        title=f"{TITLE}, COCO copy by the authors of GAInS",
        licence=LICENCE,
        citation=CITATION,
        homepage=HOMEPAGE,
        settings=IsbiCocoSettings,
        make=make,
        raw="isbi2014-coco",
        splits=("data/splits/isbi2014-coco.json",),
    )
)
