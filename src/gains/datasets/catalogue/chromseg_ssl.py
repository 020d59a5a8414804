"""ChromSeg-SSL: metaphases with chromosomes of 24 classes; most images have no annotation.

The folder ``AutoKary2022_1600x1600`` holds folders of the training and the test images, such as
``train_labelme`` and ``test_labelme`` with a folder per patient. A LabelMe JSON file is beside each
annotated image, or in a folder beside the folder of the image. Images without a JSON file are
unlabelled, in whatever folder they are. Names begin with ``train/``, ``test/`` or ``unlabelled/``,
so that a split can select the parts by pattern.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pycocotools import mask as coco_mask
from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_checks import leaves_image
from gains.datasets.readers.image_index import ImageIndex
from gains.datasets.readers.images import read_header, read_pixels
from gains.datasets.readers.labelme import LabelMe, read_labelme
from gains.datasets.readers.raw_files import RawSettings, some_files
from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.segmentation import to_rle

CLASSES = 24
IMAGES = {"train": 548, "test": 67, "unlabelled": 3570}
"""Published number of images by part."""
PARTS = {"train": "train", "test": "test", "val": "test"}
"""Part by a word in the name of a folder."""


class ChromSegSslSettings(RawSettings):
    """Options of ``chromseg-ssl``."""

    root: str = Field(
        "data/raw/chromseg-ssl", description="folder that holds the folder AutoKary2022_1600x1600"
    )


@dataclass(frozen=True)
class _Item:
    """An image, its name in the archive, and its annotation if it has one."""

    path: Path
    name: str
    annotation: LabelMe | None


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


def _items(root: Path) -> list[_Item]:
    """Return the images by name."""
    annotations = some_files(root, "*.json")
    images = ImageIndex(root).files
    paired = _paired(images, annotations)
    items: dict[str, _Item] = {}
    for path in images:
        name = _name(path, root, path in paired)
        if name in items:
            raise ValueError(
                f"{items[name].path} and {path} would both get the name {name!r}; keep only one "
                "of them, or rename one"
            )
        items[name] = _Item(path, name, read_labelme(paired[path]) if path in paired else None)
    return [items[name] for name in sorted(items)]


def _natural(label: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts 2 before 10 and numbers before letters."""
    parts = re.findall(r"\d+|\D+", label)
    return [(not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]


def _instances(
    annotation: LabelMe, size: tuple[int, int], numbers: dict[str, int], findings: Findings
) -> Instances:
    said = (annotation.height, annotation.width)
    if any(n not in (None, true) for n, true in zip(said, size, strict=True)):
        raise ValueError(
            f"{annotation.path}: is of an image of size {list(said)}, but the image has size "
            f"{list(size)}, so the outlines would not fit; correct the JSON file or the image"
        )
    rles: list[Rle] = []
    categories: list[int] = []
    for label, polygons in zip(annotation.labels, annotation.polygons, strict=True):
        try:
            rle = to_rle(polygons, *size)
        except ValueError as error:
            raise ValueError(f"{annotation.path}: label {label!r}: {error}") from error
        if coco_mask.area(rle) == 0:
            findings.add("outlines that cover no pixel were dropped", annotation.path.name)
            continue
        if leaves_image(polygons, *size):
            findings.add("polygons were cut at the border of the image", annotation.path.name)
        if len(polygons) > 1:
            findings.add("polygons of one group_id were joined to one object", annotation.path.name)
        rles.append(rle)
        categories.append(numbers[label])
    return Instances.from_rles(size[0], size[1], rles, categories)


def _scenes(
    items: list[_Item], numbers: dict[str, int], settings: ChromSegSslSettings, findings: Findings
) -> Iterator[Scene]:
    for item in items:
        header = read_header(item.path)
        size = (header.height, header.width)
        if item.annotation is None:
            instances = Instances.from_rles(*size, [], [])
        else:
            instances = _instances(item.annotation, size, numbers, findings)
            if not len(instances):
                findings.add("annotated images without objects were kept", item.name)
        yield Scene(item.name, read_pixels(item.path), instances, header.change)
    _check_parts(items, settings.counts_must_match, findings)


def _check_parts(items: list[_Item], must_match: bool, findings: Findings) -> None:
    """Compare the parts with the published ones; an image that lost its JSON file is unlabelled."""
    found = Counter(item.name.split("/")[0] for item in items)
    differences = [
        f"expected {n} images in part {part}, found {found[part]}"
        for part, n in IMAGES.items()
        if found[part] != n
    ]
    if differences and must_match:
        raise ValueError(
            f"{'; '.join(differences)}. Add the missing images and JSON files, or accept the "
            "present files with the option `counts: report`"
        )
    for difference in differences:
        findings.remark(difference)


def make(settings: ChromSegSslSettings, findings: Findings) -> SceneSet:
    """Return the images by part and path; the categories are the labels, 1..K in natural order.

    Raises:
        FileNotFoundError: the folder, all JSON files, or the image of a JSON file is missing.
        ValueError: the numbers of images differ from the published ones, a JSON file may belong to
            several images, an annotated image belongs to no part, or a file cannot be read or
            does not fit its image.
    """
    items = _items(Path(settings.root))
    labels = Counter(label for i in items if i.annotation for label in i.annotation.labels)
    numbers = {label: k for k, label in enumerate(sorted(labels, key=_natural), start=1)}
    if len(numbers) > CLASSES:
        rare = min(labels, key=lambda label: (labels[label], _natural(label)))
        findings.remark(
            f"nothing was changed, but there are {len(numbers)} labels where {CLASSES} classes are "
            f"published (rarest: {rare!r}, {labels[rare]} times)"
        )
    categories = {number: label for label, number in numbers.items()}
    # the number of chromosomes is not published
    published = DatasetCounts(sum(IMAGES.values()))
    return SceneSet(categories, _scenes(items, numbers, settings, findings), published)


DATASETS.register(
    Dataset(
        name="chromseg-ssl",
        title="ChromSeg-SSL, AutoKary2022 at 1600 x 1600",
        licence="none published",
        citation=(
            "You et al.: AutoKary2022: a large-scale densely annotated dataset for chromosome "
            "instance segmentation, ICME 2023"
        ),
        homepage="https://pan.baidu.com/s/1D5CwZIFSgxaSmlSUvZW0rQ",
        settings=ChromSegSslSettings,
        make=make,
        raw="chromseg-ssl",
        splits=("data/splits/chromseg-ssl.json",),
    )
)
