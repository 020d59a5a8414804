"""COCO json and the image archive beside it: the one format between the steps.

``<dataset>.json`` is COCO with compressed RLE; ``<dataset>.zip`` holds the images as 8-bit PNG
(grey or RGB) under their ``file_name``. Reading keeps the ids, categories and empty masks of
the file; what is wrong with a file a person brings is dealt with by ``folder``.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from gains.files import atomic_path, read_json, write_json
from gains.instances import Instances, Rle


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

    Args:
        path: where it was read from, for messages.
        images: by image id, in file order.
        categories: names by category id, in file order.
        annotations: the annotation dicts by image id, in file order; an entry for every image.
    """

    path: str
    images: dict[int, ImageRecord]
    categories: dict[int, str]
    annotations: dict[int, list[dict[str, Any]]]

    def instances(self, image_id: int) -> Instances:
        """Return the ground truth of one image, in file order, ids kept."""
        image, found = self.images[image_id], self.annotations[image_id]
        return Instances.from_rles(
            image.height,
            image.width,
            [self._mask(a, image) for a in found],
            [int(a["category_id"]) for a in found],
            ids=[int(a["id"]) for a in found],
        )

    def _mask(self, annotation: dict[str, Any], image: ImageRecord) -> Rle:
        try:
            return to_rle(annotation["segmentation"], image.height, image.width)
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{self.path}: annotation {annotation['id']} of {image.file_name}: {error}"
            ) from error

    def by_name(self, file_names: Iterable[str]) -> list[ImageRecord]:
        """Return the records of the named images.

        Raises:
            ValueError: a name is not in the file.
        """
        known = {image.file_name: image for image in self.images.values()}
        names = list(file_names)
        missing = [name for name in names if name not in known]
        if missing:
            raise ValueError(
                f"{self.path}: {len(missing)} of {len(names)} listed images are not in it, "
                f"first {missing[0]!r}; the split belongs to another data set: make it again"
            )
        return [known[name] for name in names]


def to_rle(segmentation: Any, height: int, width: int) -> Rle:
    """Return compressed RLE of polygons, uncompressed RLE or compressed RLE (COCO's rules).

    Polygons without three points cover nothing.

    Raises:
        ValueError: none of the three, or of another size.
    """
    if isinstance(segmentation, list) and all(isinstance(p, list) for p in segmentation):
        parts = [part for part in segmentation if len(part) >= 6]
        if not parts:
            rle = coco_mask.encode(np.zeros((height, width), dtype=np.uint8, order="F"))
        else:
            rle = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))
    elif isinstance(segmentation, dict) and "counts" in segmentation:
        counts = segmentation["counts"]
        rle = segmentation
        if isinstance(counts, list):
            rle = coco_mask.frPyObjects(segmentation, height, width)
    else:
        raise ValueError(
            f"segmentation: expected a list of polygons or an RLE, found {str(segmentation)[:60]}"
        )
    size = [int(n) for n in rle["size"]]
    if size != [height, width]:
        raise ValueError(f"segmentation: RLE of size {size} in an image of {[height, width]}")
    counts = rle["counts"]
    return {"size": size, "counts": counts.decode() if isinstance(counts, bytes) else counts}


def read_coco(path: str | Path) -> CocoDataset:
    """Read a COCO ground-truth file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not COCO ground truth, holds no image, or an annotation names an
            unknown image or category.
    """
    content = read_json(path)
    wanted = ("images", "annotations", "categories")
    if not isinstance(content, dict) or any(key not in content for key in wanted):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"{path}: expected COCO ground truth with {', '.join(wanted)}, found {found}"
        )
    if not content["images"]:
        raise ValueError(f"{path}: holds no image; a data set has at least one")
    try:
        images = {
            int(i["id"]): ImageRecord(
                int(i["id"]), str(i["file_name"]), int(i["height"]), int(i["width"])
            )
            for i in content["images"]
        }
        categories = {int(c["id"]): str(c.get("name", c["id"])) for c in content["categories"]}
        annotations: dict[int, list[dict[str, Any]]] = {image_id: [] for image_id in images}
        for number, annotation in enumerate(content["annotations"]):
            image_id, category = int(annotation["image_id"]), int(annotation["category_id"])
            if image_id not in images or category not in categories:
                raise ValueError(
                    f"{path}: annotation {annotation.get('id', number)} names image {image_id} "
                    f"and category {category}; one of them is not in the file"
                )
            annotations[image_id].append(annotation)
    except KeyError as error:
        raise ValueError(f"{path}: a record lacks the key {error}") from error
    return CocoDataset(str(path), images, categories, annotations)


def write_coco(
    path: str | Path,
    images: Iterable[tuple[str, NDArray[np.uint8], Instances]],
    categories: dict[int, str],
    info: dict[str, Any],
) -> None:
    """Write COCO json and the image archive beside it (``.zip``), ids from 1 in the given order.

    Args:
        path: of the json.
        images: file name (ending in .png), uint8 (H, W) or (H, W, 3) RGB, and the instances.
        categories: names by id.
        info: provenance for COCO's ``info``.

    Raises:
        ValueError: no image, or none with an instance.
    """
    path = Path(path)
    records: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    with atomic_path(path.with_suffix(".zip")) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for number, (name, pixels, instances) in enumerate(images, start=1):
                _add_png(archive, name, pixels)
                height, width = pixels.shape[:2]
                records.append({"id": number, "file_name": name, "height": height, "width": width})
                for k in range(len(instances)):
                    annotations.append(_annotation(len(annotations) + 1, number, instances, k))
        if not annotations:
            raise ValueError(f"{path}: {len(records)} images without a single instance")
        write_json(
            path,
            {
                "info": info,
                "images": records,
                "annotations": annotations,
                "categories": [{"id": i, "name": name} for i, name in categories.items()],
            },
            indent=None,
        )


def _annotation(number: int, image_id: int, instances: Instances, k: int) -> dict[str, Any]:
    rle = instances.masks[k]
    return {
        "id": number,
        "image_id": image_id,
        "category_id": int(instances.categories[k]),
        "segmentation": rle,
        "bbox": [float(x) for x in coco_mask.toBbox(rle)],
        "area": int(coco_mask.area(rle)),
        "iscrowd": 0,
    }


def _add_png(archive: zipfile.ZipFile, name: str, pixels: NDArray[np.uint8]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    # a fixed date: equal images give an archive of equal bytes
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    archive.writestr(entry, buffer.getvalue())


class ImageArchive:
    """The images of a data set, read one at a time from its ``.zip``.

    Args:
        path: the archive; for ``<dataset>.json`` it is ``<dataset>.zip``.

    Raises:
        FileNotFoundError: there is no archive.
        ValueError: it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: the images of the data set are missing")
        self._names  # noqa: B018 - refuse a damaged archive now, not in the middle of training

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                return frozenset(archive.namelist())
        except zipfile.BadZipFile as error:
            raise ValueError(f"{self.path}: damaged archive ({error}); make it again") from error

    def read(self, file_name: str) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3) RGB; grey is repeated.

        Raises:
            ValueError: the archive lacks it.
        """
        if file_name not in self._names:
            raise ValueError(
                f"{self.path}: has no image {file_name!r}; the archive and the json "
                "belong to different data sets: make both again"
            )
        with zipfile.ZipFile(self.path) as archive, archive.open(file_name) as file:
            return np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"))
