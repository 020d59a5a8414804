"""The layout of one PNG per nucleus as COCO json.

``<folder>/<id>/images/<one image>`` and ``<folder>/<id>/masks/*.png``, as in the 2018 Data
Science Bowl. The json goes with the data set ``folder``, whose ``images`` is the same folder.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from gains.datasets.pixels import SUFFIXES, Header, read_header, read_pixels
from gains.files import write_json
from gains.instances import encode_mask

logger = logging.getLogger(__name__)


def _image_of(folder: Path) -> Path:
    found = [p for p in sorted((folder / "images").glob("*")) if p.suffix.lower() in SUFFIXES]
    if len(found) != 1:
        raise ValueError(f"{folder}: expected one image in images/, found {len(found)}")
    return found[0]


def _annotation(path: Path, image: Path, size: Header) -> dict[str, Any] | None:
    """Return the annotation of a mask file without its ids, or None if no pixel is set."""
    pixels = read_pixels(path)
    if pixels.shape[:2] != (size.height, size.width):
        raise ValueError(
            f"{path}: the mask has size {list(pixels.shape[:2])}, the image {image.name} "
            f"{[size.height, size.width]}"
        )
    mask = pixels.reshape(size.height, size.width, -1).max(axis=2) > 0
    if not np.any(mask):
        return None
    rle = encode_mask(mask)
    return {
        "segmentation": rle,
        "bbox": [float(x) for x in coco_mask.toBbox(rle)],
        "area": int(coco_mask.area(rle)),
        "iscrowd": 0,
    }


def convert_masks(folder: str | Path, category: str, out: str | Path) -> None:
    """Write COCO json of a folder of mask files; pixels other than black are the object.

    Mask files without such a pixel are dropped and counted in the log; an image without masks
    is kept. Annotations are numbered 1..M by image and then mask file name.

    Args:
        folder: holds one folder per image.
        category: name of the one category.
        out: the json; file names in it are relative to ``folder``.

    Raises:
        FileNotFoundError: the folder or a masks folder is missing.
        ValueError: no image folder, not one image in it, a mask of another size, a file that
            cannot be read, or no object at all.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    empty = 0
    for place in sorted(p.parent for p in folder.glob("*/images")):
        image = _image_of(place)
        if not (place / "masks").is_dir():
            raise FileNotFoundError(f"{place}: has images/ but no masks/")
        size = read_header(image)
        images.append(
            {
                "id": len(images) + 1,
                "file_name": image.relative_to(folder).as_posix(),
                "height": size.height,
                "width": size.width,
            }
        )
        for path in sorted((place / "masks").glob("*.png")):
            annotation = _annotation(path, image, size)
            if annotation is None:
                empty += 1
                logger.info("%s: no pixel is set; dropped", path)
                continue
            ids = {"id": len(annotations) + 1, "image_id": len(images), "category_id": 1}
            annotations.append(ids | annotation)
    if not annotations:
        raise ValueError(
            f"{folder}: no objects in {len(images)} images; expected <id>/images/<one image> and "
            "<id>/masks/*.png"
        )
    content = {
        "info": {"description": f"one PNG per object; {empty} empty mask files dropped"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": category}],
    }
    write_json(out, content, indent=None)
    logger.info("%s: %d images, %d objects", out, len(images), len(annotations))
