"""The layout of one PNG per nucleus: its images, its masks, and its COCO json.

``<folder>/<id>/images/<one image>`` and ``<folder>/<id>/masks/*.png``, as in the 2018 Data
Science Bowl. The json goes with the data set ``folder``, whose ``images`` is the same folder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from gains.datasets.readers.images import DEEP, SUFFIXES, Header, opened, read_header
from gains.masks.rle import Rle
from gains.support.files import write_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """The folder of one image.

    Args:
        folder: holds ``images`` and ``masks``.
        image: the one image.
        size: of it.
    """

    folder: Path
    image: Path
    size: Header


def find_places(folder: Path) -> list[Place]:
    """Return the folders of the images in ``folder``, in order of name.

    Raises:
        FileNotFoundError: a masks folder is missing.
        ValueError: not one image in a folder, or an image that cannot be read.
    """
    places = []
    for place in sorted(p.parent for p in folder.glob("*/images")):
        images = [p for p in _visible(place / "images", "*") if p.suffix.lower() in SUFFIXES]
        if len(images) != 1:
            raise ValueError(f"{place}: expected one image in images/, found {len(images)}")
        if not (place / "masks").is_dir():
            raise FileNotFoundError(f"{place}: has images/ but no masks/")
        places.append(Place(place, images[0], read_header(images[0])))
    return places


def _visible(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def read_masks(place: Place) -> tuple[list[Rle], list[Path]]:
    """Return the masks of one image in order of file name, and the mask files without a pixel.

    Raises:
        ValueError: a mask of another size, or a file that cannot be read.
    """
    masks, empty = [], []
    for path in _visible(place.folder / "masks", "*.png"):
        rle = _read_mask(path, place)
        if rle is None:
            empty.append(path)
        else:
            masks.append(rle)
    return masks, empty


def _read_mask(path: Path, place: Place) -> Rle | None:
    """Return the pixels of a file that are neither black nor fully transparent, or None."""
    height, width = place.size.height, place.size.width
    with opened(path) as image:
        if image.size != (width, height):
            raise ValueError(
                f"{path}: the mask has size {[image.height, image.width]}, the image "
                f"{place.image.name} {[height, width]}"
            )
        plain = _plain(image)
        box = plain.getbbox()
        if box is None:
            return None
        left, right = box[0], box[2]
        columns = np.asarray(plain.crop((left, 0, right, height))) != 0
    return _encode_columns(columns, left, width)


def _plain(image: Image.Image) -> Image.Image:
    """Return the image as grey whose pixels are 0 where they are no object."""
    if image.mode in ("1", "L") and not image.has_transparency_data:
        return image
    if image.mode in DEEP:
        return Image.fromarray(np.asarray(image) != 0)
    pixels = np.asarray(image.convert("RGBA"))
    return Image.fromarray((pixels[..., :3] != 0).any(axis=2) & (pixels[..., 3] != 0))


def _encode_columns(columns: NDArray[np.bool_], left: int, width: int) -> Rle:
    """Encode a mask from its non-empty columns; many times faster than from the whole image.

    Args:
        columns: bool (H, w).
        left: the column of the image at which they begin.
        width: of the image, px.
    """
    height = len(columns)
    flat = np.zeros(columns.size + 2, dtype=bool)
    flat[1:-1] = columns.ravel(order="F")
    # where the mask begins and ends in the order of columns
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + left * height
    counts = np.diff(changes, prepend=0, append=height * width)
    if changes[-1] == height * width:
        counts = counts[:-1]
    runs = {"size": [height, width], "counts": counts.tolist()}
    text = coco_mask.frPyObjects(runs, height, width)["counts"].decode()
    return {"size": [height, width], "counts": text}


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
    dropped = 0
    for place in find_places(folder):
        name = place.image.relative_to(folder).as_posix()
        size = {"height": place.size.height, "width": place.size.width}
        images.append({"id": len(images) + 1, "file_name": name} | size)
        masks, empty = read_masks(place)
        for rle in masks:
            annotations.append(_annotation(len(annotations) + 1, len(images), rle))
        for path in empty:
            logger.info("%s: no pixel is set; dropped", path)
        dropped += len(empty)
    if not annotations:
        raise ValueError(
            f"{folder}: no objects in {len(images)} images; expected <id>/images/<one image> and "
            "<id>/masks/*.png"
        )
    content = {
        "info": {"description": f"one PNG per object; {dropped} empty mask files dropped"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": category}],
    }
    write_json(out, content, indent=None)
    logger.info("%s: %d images, %d objects", out, len(images), len(annotations))


def _annotation(number: int, image: int, rle: Rle) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "segmentation": rle,
        "bbox": [float(x) for x in coco_mask.toBbox(rle)],
        "area": int(coco_mask.area(rle)),
        "iscrowd": 0,
    }
