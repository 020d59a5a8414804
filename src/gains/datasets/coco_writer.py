"""Writing of a COCO JSON file and of the image archive beside it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.masks.overlaps import mask_areas
from gains.support.files import atomic_path, json_bytes, withdraw


class CocoWriter:
    """A COCO JSON file and its image archive while they are written; see :func:`open_writer`."""

    def __init__(self, path: Path, temporary: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._temporary, self._archive = path, temporary, archive
        self._images: list[CocoRecord] = []
        self._annotations: list[CocoRecord] = []

    def add(self, name: str, pixels: NDArray[np.uint8], instances: Instances) -> None:
        """Add an image; ids are given from 1 in the order of the calls.

        Args:
            name: file name, ending in ``.png``.
            pixels: uint8 (H, W) grey or (H, W, 3) RGB.
            instances: its objects.
        """
        _add_png(self._archive, name, pixels)
        height, width = pixels.shape[:2]
        number = len(self._images) + 1
        self._images.append({"id": number, "file_name": name, "height": height, "width": width})
        self._annotations += annotation_records(instances, number, len(self._annotations) + 1)

    def finish(self, categories: dict[int, str], info: Mapping[str, object]) -> None:
        """Write the JSON file.

        Args:
            categories: names by id.
            info: provenance for COCO's ``info``.

        Raises:
            ValueError: no image, or none with an instance.
        """
        if not self._annotations:
            raise ValueError(
                f"{self._path}: none of the {len(self._images)} images has an "
                "instance; expected at least one"
            )
        content = {
            "info": dict(info),
            "images": self._images,
            "annotations": self._annotations,
            "categories": [{"id": i, "name": name} for i, name in categories.items()],
        }
        self._temporary.write_bytes(json_bytes(self._path, content, indent=None))


@contextmanager
def open_writer(path: str | Path) -> Iterator[CocoWriter]:
    """Yield a writer of a COCO JSON file and its image archive, which appear on success only.

    The old JSON file goes before the new archive appears, and the new one comes after it. So a
    process that is killed at any moment leaves no JSON file beside the archive of another call.

    Args:
        path: path of the JSON file; the archive ``.zip`` is beside it.
    """
    path = Path(path)
    with (
        atomic_path(path) as temporary,
        atomic_path(path.with_suffix(".zip")) as images,
    ):
        with zipfile.ZipFile(images, "w", zipfile.ZIP_STORED) as archive:
            yield CocoWriter(path, temporary, archive)
        withdraw(path)


def annotation_records(instances: Instances, image_id: int, first_id: int) -> list[CocoRecord]:
    """Return the COCO annotation records of one image.

    Args:
        instances: the N objects of the image.
        image_id: id of the image.
        first_id: id of the first annotation; the others follow.
    """
    areas = mask_areas(instances.masks).tolist()
    return [
        {
            "id": first_id + k,
            "image_id": image_id,
            "category_id": int(instances.categories[k]),
            "segmentation": instances.masks[k],
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "area": areas[k],
            "iscrowd": 0,
        }
        for k, (x0, y0, x1, y1) in enumerate(instances.boxes.tolist())
    ]


def _add_png(archive: zipfile.ZipFile, name: str, pixels: NDArray[np.uint8]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    # with a fixed date, equal images give an archive of equal bytes
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    archive.writestr(entry, buffer.getvalue())
