"""The layout with one PNG file per object: its images, its masks, and its COCO JSON file.

The files are ``<folder>/<id>/images/<one image>`` and ``<folder>/<id>/masks/*.png``, as in the 2018
Data Science Bowl. The data set ``folder`` reads the JSON file; its option ``images`` is the same
folder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gains.datasets.coco import coco_annotations
from gains.datasets.readers.images import DEEP, IMAGE_SUFFIXES, Header, opened, read_header
from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle
from gains.support.files import is_junk, write_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """The folder of one image.

    Attributes:
        folder: folder that holds ``images`` and ``masks``.
        image: path of the image.
        size: size of the image.
    """

    folder: Path
    image: Path
    size: Header


def find_places(folder: Path) -> list[Place]:
    """Return the folders of the images in ``folder``, in order of name.

    Raises:
        FileNotFoundError: a masks folder is missing.
        ValueError: a folder does not hold exactly one image, or an image cannot be read.
    """
    places = []
    for place in sorted(p.parent for p in folder.glob("*/images")):
        images = [p for p in _visible(place / "images", "*") if p.suffix.lower() in IMAGE_SUFFIXES]
        if len(images) != 1:
            raise ValueError(f"{place}: expected one image in images/, found {len(images)}")
        if not (place / "masks").is_dir():
            raise FileNotFoundError(
                f"{place}: there is a folder images/ but no folder masks/; expected both"
            )
        places.append(Place(place, images[0], read_header(images[0])))
    return places


def _visible(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not is_junk(Path(path.name)))


def read_masks(place: Place) -> tuple[list[Rle], list[Path]]:
    """Return the masks of one image in order of file name, and the mask files without a pixel.

    Raises:
        ValueError: a mask has another size, or a file cannot be read.
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
                f"{path}: the mask has size {[image.height, image.width]}, but the image "
                f"{place.image.name} has size {[height, width]}; expected the same size"
            )
        plain = _plain(image)
        box = plain.getbbox()
        if box is None:
            return None
        crop = np.asarray(plain.crop(box)) != 0
    return encode_crops(crop.T[None], np.array([box[:2]]), (height, width))[0]


def _plain(image: Image.Image) -> Image.Image:
    """Return a grey image whose pixels are 0 outside the object."""
    if image.mode in ("1", "L") and not image.has_transparency_data:
        return image
    if image.mode in DEEP:
        return Image.fromarray(np.asarray(image) != 0)
    pixels = np.asarray(image.convert("RGBA"))
    return Image.fromarray((pixels[..., :3] != 0).any(axis=2) & (pixels[..., 3] != 0))


def convert_masks(folder: str | Path, category: str, out: str | Path) -> None:
    """Write the COCO JSON file of a folder of mask files; pixels that are not black are the object.

    Mask files without such a pixel are dropped and counted in the log; an image without masks
    is kept. Annotations are numbered 1..M by image and then mask file name.

    Args:
        folder: folder that holds one folder per image.
        category: name of the one category.
        out: the JSON file; file names in it are relative to ``folder``.

    Raises:
        FileNotFoundError: the folder or a masks folder is missing.
        ValueError: there is no image folder, one does not hold exactly one image, a mask has
            another size, a file cannot be read, or there is no object.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    images: list[CocoRecord] = []
    annotations: list[CocoRecord] = []
    dropped = 0
    for place in find_places(folder):
        name = place.image.relative_to(folder).as_posix()
        height, width = place.size.height, place.size.width
        record = {"id": len(images) + 1, "file_name": name, "height": height, "width": width}
        images.append(record)
        masks, empty = read_masks(place)
        instances = Instances.from_rles(height, width, masks, [1] * len(masks))
        annotations += coco_annotations(instances, len(images), len(annotations) + 1)
        for path in empty:
            logger.info("%s: the mask is empty and was left out", path)
        dropped += len(empty)
    if not annotations:
        raise ValueError(
            f"{folder}: no objects in {len(images)} images; expected <id>/images/<one image> and "
            "<id>/masks/*.png"
        )
    content = {
        "info": {"description": f"one PNG per object; {dropped} empty mask files were dropped"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": category}],
    }
    write_json(out, content, indent=None)
    logger.info("%s: %d images, %d objects", out, len(images), len(annotations))
