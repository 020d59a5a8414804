"""CPS: cytoplasms and nuclei in cervical smears, available from its authors on request.

One or several COCO JSON files (such as one per fold) and their images may be anywhere below the
folder. Images are identified by their file names without folders. If several JSON files list an
image, it is converted once, and the files must agree on it.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_annotations import check_annotations
from gains.datasets.readers.coco_checks import (
    SourceImage,
    check_categories,
    check_images,
    read_records,
)
from gains.datasets.readers.coco_folder import scenes
from gains.datasets.readers.image_index import Choose, ImageIndex
from gains.datasets.readers.raw_files import RawSettings, some_files
from gains.datasets.records import CocoId, CocoRecord
from gains.published.classes import names_of
from gains.support.files import sha256

logger = logging.getLogger(__name__)

CATEGORIES = {1: "cytoplasm", 2: "nucleus"}
NAMES = {name: number for number, usual in CATEGORIES.items() for name in names_of(usual)}
"""Category ids by known names in lower case."""


class CpsSettings(RawSettings):
    """Options of ``cps``."""

    root: OwnPath = Field(
        "data/raw/cps", description="folder of the COCO JSON files and the images"
    )


def _categories(records: list[CocoRecord], where: Path, findings: Findings) -> dict[CocoId, int]:
    """Return the new category, 1 for cytoplasm or 2 for nucleus, by the ids of the JSON file."""
    renumbered, names = check_categories(records, where, Findings())
    unknown = [name for name in names.values() if name.strip().lower() not in NAMES]
    if unknown:
        raise ValueError(
            f"{where}: unknown categories {', '.join(map(repr, unknown))}; expected names of the "
            f"cytoplasm and of the nucleus, one of {', '.join(NAMES)}. Rename them in the JSON "
            "file"
        )
    new = {old: NAMES[names[k].strip().lower()] for old, k in renumbered.items()}
    if len(set(new.values())) < len(new):
        raise ValueError(
            f"{where}: some of the categories {', '.join(map(repr, names.values()))} have the "
            "same meaning; expected one for the cytoplasm and one for the nucleus"
        )
    for old, number in new.items():
        name = names[renumbered[old]]
        if (old, name) != (number, CATEGORIES[number]):
            rule = f"category {old} {name!r} became {number} {CATEGORIES[number]!r}"
            findings.add(rule, where.name)
    return new


def _choose(findings: Findings) -> Choose:
    """Return a function that chooses a file among copies, such as one per fold."""

    def choose(name: str, found: list[Path], at: str) -> Path:
        if not found:
            raise FileNotFoundError(
                f"{at}: there is no file {name} below the folder; put all images there"
            )
        if len(found) > 1:
            if len({sha256(path) for path in found}) > 1:
                raise ValueError(
                    f"{at}: {found[0]} and {found[1]} have the same name but different content; "
                    "keep only the right one, or rename one of them, also in the JSON file"
                )
            findings.add("copies of an image, equal byte for byte, were taken once", name)
        return found[0]

    return choose


def _read(path: Path, index: ImageIndex, findings: Findings) -> list[SourceImage]:
    """Return the images of one JSON file, by their names without folders."""
    records = read_records(path)
    categories = _categories(records["categories"], path, findings)
    listed = index.located(records["images"], path, _choose(findings))
    images = check_images(listed, path, index.root, findings)
    check_annotations(records["annotations"], path, images, categories, findings)
    for source in images.values():
        source.name = f"{source.path.stem}.png"
    return list(images.values())


def _objects(source: SourceImage) -> Counter[tuple[int, str]]:
    """Return the objects of an image regardless of their order."""
    masks = (str(rle["counts"]) for rle in source.masks)
    return Counter(zip(source.categories, masks, strict=True))


def _merged(paths: list[Path], root: Path, findings: Findings) -> list[SourceImage]:
    """Return the images of all JSON files by name."""
    index = ImageIndex(root)
    merged: dict[str, tuple[SourceImage, Path]] = {}
    for path in paths:
        for source in _read(path, index, findings):
            first, where = merged.setdefault(source.name, (source, path))
            if first is source:
                continue
            if first.path != source.path:
                raise ValueError(
                    f"{first.path} and {source.path} would both get the name {source.name!r}; "
                    "rename one of the images, also in the JSON file"
                )
            if _objects(first) != _objects(source):
                raise ValueError(
                    f"{path}: image {source.path.name!r} has {len(source.masks)} objects, which "
                    f"differ from the {len(first.masks)} objects in {where}; keep only the right "
                    "JSON file"
                )
            findings.add(
                "images that several JSON files list in the same way were converted once",
                source.name,
            )
    listed = {source.path.name for source, _ in merged.values()}
    for name in sorted(index.names() - listed):
        findings.add("image files that no JSON file lists were ignored", name)
    return [merged[name][0] for name in sorted(merged)]


def make(settings: CpsSettings, findings: Findings) -> SceneSet:
    """Return the images by file name.

    Raises:
        FileNotFoundError: the folder, the JSON file or an image is missing.
        ValueError: a category has another name, no rule repairs a record, or JSON files disagree
            on an image.
    """
    root = Path(settings.root)
    paths = some_files(root, "*.json")
    logger.info("%s: reading %s", root, ", ".join(path.name for path in paths))
    sources = _merged(paths, root, findings)
    published = DatasetCounts(137, {"cytoplasm": 4439, "nucleus": 4789})
    return SceneSet(dict(CATEGORIES), scenes(sources), published)


DATASETS.register(
    Dataset(
        name="cps",
        title="CPS, cervical smears",
        licence="none published",
        citation=(
            "Jiang et al.: DoNet: deep de-overlapping network for cytology instance segmentation, "
            "CVPR 2023"
        ),
        homepage="https://github.com/DeepDoNet/DoNet",
        settings=CpsSettings,
        make=make,
        raw="cps",
    )
)
