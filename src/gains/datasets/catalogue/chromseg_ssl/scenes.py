"""ChromSeg-SSL: metaphases with chromosomes of 24 classes; most images have no annotation.

The folder ``AutoKary2022_1600x1600`` holds folders of the training and the test images, such as
``train_labelme`` and ``test_labelme`` with a folder per patient. A LabelMe JSON file is beside each
annotated image, or in a folder beside the folder of the image. Images without a JSON file are
unlabelled, in whatever folder they are. Names begin with ``train/``, ``test/`` or ``unlabelled/``,
so that a split can select the parts by pattern.

By default, labels and groups are read as by the loader of A2B-IS: a label is the number of a class
from 1 to 24, shapes with other labels are dropped, and every shape is an object, whatever its
``group_id``. ``docs/datasets.md`` names the differences to that loader that remain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pycocotools import mask as coco_mask
from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.catalogue.chromseg_ssl.files import Item, find_items
from gains.datasets.catalogue.chromseg_ssl.labels import CLASSES, by_number, by_order
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_annotations import leaves_image
from gains.datasets.readers.images import read_image
from gains.datasets.readers.labelme import LabelMe, Polygon
from gains.datasets.readers.raw_files import RawSettings
from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.segmentation import empty_parts, to_rle

IMAGES = {"train": 548, "test": 67, "unlabelled": 3570}
"""Published number of images by part."""
OBJECTS = {"train": 23_356, "test": 2_869}
"""Published number of chromosomes by part."""
RECTANGLES = (
    "rectangles given by two corners were drawn as rectangles (the loader of A2B-IS draws the line "
    "between the corners)"
)
KEPT = (
    "objects are kept whatever their size and place (the loader of A2B-IS drops those that are "
    "small or near the border after scaling the image to 512 px)"
)


class ChromSegSslSettings(RawSettings):
    """Options of ``chromseg-ssl``."""

    root: OwnPath = Field(
        "data/raw/chromseg-ssl", description="folder that holds the folder AutoKary2022_1600x1600"
    )
    labels: Literal["1-24", "all"] = Field(
        "1-24",
        description="labels of the classes; 1-24: the whole numbers from 1 to 24, and shapes with "
        "another label are dropped, as by the loader of A2B-IS; all: every label is a class",
    )
    groups: Literal["separate", "join"] = Field(
        "separate",
        description="shapes with the same label and `group_id`; separate: each is an object, as "
        "for the loader of A2B-IS; join: together they are one object, as in LabelMe",
    )


def _instances(
    annotation: LabelMe, size: tuple[int, int], numbers: dict[str, int], findings: Findings
) -> Instances:
    said = (annotation.height, annotation.width)
    if any(n not in (None, true) for n, true in zip(said, size, strict=True)):
        raise ValueError(
            f"{annotation.path}: is of an image of size {list(said)}, but the image has size "
            f"{list(size)}, so the outlines would not fit; correct the JSON file or the image"
        )
    path = annotation.path
    rles: list[Rle] = []
    categories: list[int] = []
    dropped = 0
    for label, polygons, grouped in zip(
        annotation.labels, annotation.polygons, annotation.grouped, strict=True
    ):
        if label not in numbers:
            dropped += len(polygons)
        elif (rle := _outline(path, label, polygons, size, findings)) is not None:
            _note_group(len(polygons), grouped, path, findings)
            rles.append(rle)
            categories.append(numbers[label])
    for _ in range(dropped):
        findings.add(f"shapes with a label outside 1 to {CLASSES} were dropped", path.name)
    if dropped:
        findings.add("a shape was dropped for its label in these images", path.name)
    for _ in range(annotation.rectangles):
        findings.add(RECTANGLES, path.name)
    return Instances.from_rles(size[0], size[1], rles, categories)


def _outline(
    path: Path, label: str, polygons: list[Polygon], size: tuple[int, int], findings: Findings
) -> Rle | None:
    """Return the mask of one object, or None if it has no pixel."""
    try:
        rle = to_rle(polygons, *size)
    except ValueError as error:
        raise ValueError(f"{path}: label {label!r}: {error}") from error
    if coco_mask.area(rle) == 0:
        findings.add("outlines that cover no pixel were dropped", path.name)
        return None
    for _ in range(empty_parts(polygons, *size)):
        findings.add("polygons that cover no pixel were dropped from their masks", path.name)
    if leaves_image(polygons, *size):
        findings.add("polygons were cut at the border of the image", path.name)
    return rle


def _note_group(polygons: int, grouped: int, path: Path, findings: Findings) -> None:
    """Record what became of the shapes of a group."""
    if polygons > 1:
        findings.add("polygons of one group_id were joined to one object", path.name)
    elif grouped > 1:
        findings.add(
            "shapes that share label and group_id were kept as objects of their own", path.name
        )


def _scenes(
    items: list[Item], numbers: dict[str, int], settings: ChromSegSslSettings, findings: Findings
) -> Iterator[Scene]:
    objects: Counter[str] = Counter()
    for item in items:
        image = read_image(item.path)
        size = (image.values.shape[0], image.values.shape[1])
        if item.annotation is None:
            instances = Instances.from_rles(*size, [], [])
        else:
            instances = _instances(item.annotation, size, numbers, findings)
            if not len(instances):
                findings.add("annotated images without objects were kept", item.name)
        objects[item.name.split("/")[0]] += len(instances)
        yield Scene(item.name, image.values, instances, image.changes)
    _check_parts(items, settings.counts_must_match, findings)
    for part, n in OBJECTS.items():
        if objects[part] != n:
            # whether the published numbers are those before or after a filter is not known
            findings.remark(f"{n} chromosomes are published in part {part}, found {objects[part]}")
    findings.remark(KEPT)


def _check_parts(items: list[Item], must_match: bool, findings: Findings) -> None:
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
    """Return the images by part and path; the categories are the labels.

    Raises:
        FileNotFoundError: the folder, all JSON files, or the image of a JSON file is missing.
        ValueError: the numbers of images differ from the published ones, a JSON file may belong to
            several images, an annotated image belongs to no part, no label is that of a class, or
            a file cannot be read or does not fit its image.
    """
    items = find_items(Path(settings.root), settings.groups == "join")
    labels = Counter(label for i in items if i.annotation for label in i.annotation.labels)
    choose = by_number if settings.labels == "1-24" else by_order
    numbers, categories = choose(labels, findings)
    if labels and not numbers:
        raise ValueError(
            f"{settings.root}: none of the {len(labels)} labels is a whole number from 1 to "
            f"{CLASSES}, the most frequent is {labels.most_common(1)[0][0]!r}; take them as they "
            "are with the option `labels: all`"
        )
    # the number of chromosomes is published by part, and not by class
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
