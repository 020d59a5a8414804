"""ISBI2014 as shared by the authors of GAInS and DoNet: COCO files ``isbi_<part>_v3.json``.

Images are found by file name anywhere below the root and archived as ``<part>/<file name>``, so
that a split can name the parts by pattern. Checks and repairs are those of ``folder``.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, SceneSet
from gains.datasets.catalogue.isbi2014.matlab import (
    CITATION,
    HOMEPAGE,
    LICENCE,
    PARTS,
    TITLE,
    Part,
    PartSettings,
)
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
from gains.datasets.readers.raw_files import one_file


class IsbiCocoSettings(PartSettings):
    """Options of ``isbi2014-coco``."""

    root: OwnPath = Field(
        "data/raw/isbi2014-coco",
        description="folder of isbi_train_v3.json etc. and of the images, which may lie in folders "
        "below it",
    )


def _choose(part: Part, root: Path) -> Choose:
    """Return a function that chooses the image of a part among files of one name.

    Numbered names repeat between the parts, so a file in the folder of another part is not chosen.
    """
    others = {other for other in PARTS if other != part}

    def choose(name: str, everywhere: list[Path], at: str) -> Path:
        paths = [path.relative_to(root) for path in everywhere]
        possible = [path for path in paths if not others & set(path.parent.parts)]
        own = [path for path in possible if part in path.parent.parts]
        found = own or possible
        if not found:
            elsewhere = f"; {paths[0]} is in the folder of another part" if paths else ""
            raise FileNotFoundError(
                f"{at}: there is no image file {name} below the root{elsewhere}. Put the images "
                f"of the part there, preferably in a folder {part}/"
            )
        if len(found) > 1:
            raise ValueError(
                f"{at}: {len(found)} files have this name: {', '.join(map(str, found[:3]))}; "
                f"keep only one of them, or put the image of this part in a folder {part}/"
            )
        return root / found[0]

    return choose


def _read_part(
    part: Part, path: Path, index: ImageIndex, findings: Findings
) -> tuple[list[SourceImage], dict[int, str]]:
    records = read_records(path)
    renumbered, names = check_categories(records["categories"], path, findings)
    located = index.located(records["images"], path, _choose(part, index.root))
    images = check_images(located, path, index.root, findings)
    check_annotations(records["annotations"], path, images, renumbered, findings)
    taken: dict[str, str] = {}
    for source in images.values():
        archived = f"{part}/{PurePosixPath(source.name).name}"
        if archived in taken:
            raise ValueError(
                f"{path}: {taken[archived]} and {source.path} would both get the name "
                f"{archived!r}; name each image once"
            )
        taken[archived] = str(source.path)
        source.name = archived
    return sorted(images.values(), key=lambda source: source.name), names


def make(settings: IsbiCocoSettings, findings: Findings) -> SceneSet:
    """Check the files of the requested parts; return the images in order of part and file name.

    Raises:
        FileNotFoundError: the folder, a JSON file or an image is missing.
        ValueError: no rule repairs a record, an image is in several places, or the categories of
            the parts differ.
    """
    root = Path(settings.root)
    parts = [part for part in PARTS if part in settings.parts]
    files = {part: one_file(root, f"isbi_{part}_v3.json") for part in parts}
    index = ImageIndex(root)
    sources: list[SourceImage] = []
    categories: dict[int, str] = {}
    for part, path in files.items():
        found, names = _read_part(part, path, index, findings)
        if categories and names != categories:
            raise ValueError(
                f"{path}: has the categories {names}, but {files[parts[0]].name} has "
                f"{categories}; the files belong to different data sets"
            )
        categories = names
        sources += found
    return SceneSet(categories, scenes(sources), DatasetCounts(settings.images))


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
