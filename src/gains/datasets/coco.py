"""The COCO JSON file and the image archive beside it, the format between all steps.

``<dataset>.json`` is COCO with compressed RLE; ``<dataset>.zip`` holds the images as 8-bit PNG
(grey or RGB) under their ``file_name``. :mod:`gains.datasets.coco_writer` writes both. Reading
keeps the ids, categories and empty masks of the file. The data set ``folder`` checks and repairs
the files that people bring.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gains.datasets.pixel_bound import LARGEST
from gains.datasets.records import CocoRecord, flag, integer, record_list
from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.segmentation import is_number, to_rle, valid_rles
from gains.masks.units import refuse_shares
from gains.support.files import read_json
from gains.support.names import normal
from gains.support.registry import nearest


@dataclass(frozen=True)
class ImageRecord:
    """One image of a COCO file; sizes in px."""

    id: int
    file_name: str
    height: int
    width: int


@dataclass(frozen=True)
class CocoDataset:
    """A COCO file in memory.

    Attributes:
        path: path of the file, for messages.
        images: by image id, in file order.
        categories: names by category id, in file order.
        annotations: the annotation dicts by image id, in file order; an entry for every image.
    """

    path: str
    images: dict[int, ImageRecord]
    categories: dict[int, str]
    annotations: dict[int, list[CocoRecord]]

    def instances(self, image_id: int) -> Instances:
        """Return the ground truth of one image, in file order and with its ids."""
        image, found = self.images[image_id], self.annotations[image_id]
        return Instances.from_rles(
            image.height,
            image.width,
            self.masks(found, image),
            [int(a["category_id"]) for a in found],
            ids=[int(a["id"]) for a in found],
        )

    def masks(self, annotations: list[CocoRecord], image: ImageRecord) -> list[Rle]:
        """Return the masks of annotations of ``image``; errors as in :meth:`mask`."""
        size = (image.height, image.width)
        known = valid_rles([a.get("segmentation") for a in annotations], [size] * len(annotations))
        return [
            rle or self.mask(annotation, image)
            for annotation, rle in zip(annotations, known, strict=True)
        ]

    def mask(self, annotation: CocoRecord, image: ImageRecord) -> Rle:
        """Return the mask of an annotation of ``image`` as compressed RLE.

        Raises:
            ValueError: it is malformed or of another size; file and annotation are named.
        """
        try:
            return to_rle(annotation.get("segmentation"), image.height, image.width)
        except ValueError as error:
            raise ValueError(
                f"{self.path}: annotation {annotation['id']} of {image.file_name}: {error}"
            ) from error

    def by_name(self, file_names: Iterable[str]) -> list[ImageRecord]:
        """Return the records of the named images, in the order of the names.

        A name may have another Unicode normal form than in the file.

        Raises:
            ValueError: a name is not in the file; the message gives the nearest name.
        """
        known = {image.file_name: image for image in self.images.values()}
        alike = {normal(name): image for name, image in known.items()}
        names = list(file_names)
        missing = [name for name in names if name not in known and normal(name) not in alike]
        if missing:
            raise ValueError(
                f"unknown image {missing[0]!r}; {nearest(missing[0], list(known))}{self.path} has "
                f"{len(known)} images, first {next(iter(known))!r}. If the names come from a "
                f"split, {len(missing)} of its {len(names)} names are unknown and the split "
                "belongs to another data set: make it again"
            )
        return [known.get(name) or alike[normal(name)] for name in names]

    def part(self, file_names: Iterable[str]) -> CocoDataset:
        """Return the data set of the named images alone, in the order of the names.

        Raises:
            ValueError: a name is not in the file, see :meth:`by_name`.
        """
        images = {image.id: image for image in self.by_name(file_names)}
        annotations = {image_id: self.annotations[image_id] for image_id in images}
        return replace(self, images=images, annotations=annotations)


def name_of(coco: str | Path) -> str:
    """Return the name of a COCO file's data set: the one in ``info``, or else the stem of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not JSON.
    """
    content = read_json(coco)
    info = content.get("info") if isinstance(content, dict) else None
    name = info.get("name") if isinstance(info, dict) else None
    return str(name) if name else Path(coco).stem


def read_coco(path: str | Path) -> CocoDataset:
    """Read a COCO ground-truth file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not COCO ground truth, holds no image, an id is missing or repeated, an
            annotation names an unknown image or category, has no segmentation, or an area or
            ``iscrowd`` of another kind, or all polygons are in another unit than px.

    Examples:
        >>> cells = read_coco("my-cells.json")
        >>> len(cells.images)
        6
        >>> image = next(iter(cells.images.values()))
        >>> image.height, image.width
        (64, 64)
        >>> cells.instances(image.id).stack().shape[1:]
        (64, 64)
    """
    content = read_json(path)
    images = _images(record_list(content, "images", path), path)
    if not images:
        raise ValueError(f"{path}: holds no image; a data set has at least one")
    categories: dict[int, str] = {}
    for position, record in enumerate(record_list(content, "categories", path)):
        number = _new_id(record, "category", position, categories, path)
        categories[number] = str(record.get("name", number))
    annotations = _annotations(record_list(content, "annotations", path), images, categories, path)
    refuse_shares((a["segmentation"] for found in annotations.values() for a in found), path)
    return CocoDataset(str(path), images, categories, annotations)


def _new_id(
    record: CocoRecord, kind: str, position: int, taken: Container[int], path: str | Path
) -> int:
    number = integer(record, "id", f"{path}: {kind} at position {position}")
    if number in taken:
        raise ValueError(f"{path}: {kind} id {number} is repeated; give each its own")
    return number


def _images(records: list[CocoRecord], path: str | Path) -> dict[int, ImageRecord]:
    images: dict[int, ImageRecord] = {}
    names: set[str] = set()
    for position, record in enumerate(records):
        number = _new_id(record, "image", position, images, path)
        at = f"{path}: image {number}"
        name = record.get("file_name")
        if not isinstance(name, str) or not name or name in names:
            raise ValueError(
                f"{at}: file_name is {name!r}; expected a name that no other image has"
            )
        names.add(name)
        height, width = (integer(record, key, at) for key in ("height", "width"))
        if min(height, width) < 1 or height * width > LARGEST:
            raise ValueError(
                f"{at}: is {height} x {width} px; expected sides of at least 1 px and an area of "
                f"at most {LARGEST} px"
            )
        images[number] = ImageRecord(number, name, height, width)
    return images


def _annotations(
    records: list[CocoRecord],
    images: dict[int, ImageRecord],
    categories: dict[int, str],
    path: str | Path,
) -> dict[int, list[CocoRecord]]:
    found: dict[int, list[CocoRecord]] = {image_id: [] for image_id in images}
    seen: set[int] = set()
    for position, record in enumerate(records):
        number = _new_id(record, "annotation", position, seen, path)
        seen.add(number)
        at = f"{path}: annotation {number}"
        image_id, category = (integer(record, key, at) for key in ("image_id", "category_id"))
        if image_id not in images or category not in categories:
            raise ValueError(
                f"{at} names image {image_id} and category {category}; one of them is not in the "
                "file"
            )
        if record.get("segmentation") is None:
            raise ValueError(f"{at} has no segmentation; masks are needed, not boxes alone")
        if record.get("area") is not None and not is_number(record["area"]):
            raise ValueError(f"{at}: 'area' is {record['area']!r}; expected a number of px")
        record["iscrowd"] = int(flag(record, "iscrowd", at))
        found[image_id].append(record)
    return found
