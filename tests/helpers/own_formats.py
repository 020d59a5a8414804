"""Images with overlapping objects, and their labels in each format that people bring."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import roifile
import tifffile
from numpy.typing import NDArray
from PIL import Image

from gains.masks.parts import parts_of
from gains.masks.rle import decode_mask, encode_mask

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Picture:
    """An image, and the masks and classes of its objects."""

    stem: str
    pixels: NDArray[np.uint8]
    masks: list[Mask]
    classes: list[str]

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.pixels.shape[:2]
        return height, width

    def rings(self, k: int) -> list[list[list[int]]]:
        """Return the outlines of the parts of an object, in px from the corner of the first pixel."""
        return [part.outer.tolist() for part in parts_of(encode_mask(self.masks[k]))]


def pictures(count: int = 6, side: int = 64) -> list[Picture]:
    """Return images of two discs that overlap, with a small disc of another class in each."""
    rng, y, x = np.random.default_rng(3), *np.mgrid[:side, :side]
    found = []
    for number in range(count):
        centre = rng.integers(side // 3, side // 2, 2)
        places = [(*centre, side / 5), (*(centre + side // 6), side / 5), (*centre, side / 14)]
        masks = [(x - cx) ** 2 + (y - cy) ** 2 < r**2 for cx, cy, r in places]
        pixels = np.full((side, side), 230.0) + rng.normal(0, 5, (side, side))
        for mask, depth in zip(masks, (60, 60, 100), strict=True):
            pixels -= depth * mask
        image = pixels.clip(0, 255).astype(np.uint8)
        found.append(Picture(f"cells {number}", image, masks, ["cell", "cell", "nucleus"]))
    return found


def of_coco(path: Path) -> list[Picture]:
    """Return the images of a COCO JSON file with RLE, in the folder ``images`` beside it."""
    content = json.loads(path.read_text())
    names = {c["id"]: c["name"] for c in content["categories"]}
    found = []
    for image in content["images"]:
        own = [a for a in content["annotations"] if a["image_id"] == image["id"]]
        file = path.parent / "images" / image["file_name"]
        masks = [decode_mask(a["segmentation"]) for a in own]
        classes = [names[a["category_id"]] for a in own]
        found.append(Picture(file.stem, np.asarray(Image.open(file)), masks, classes))
    return found


def write_images(folder: Path, found: list[Picture]) -> Path:
    """Write the images as PNG files; return their folder."""
    folder.mkdir(parents=True)
    for picture in found:
        Image.fromarray(picture.pixels).save(folder / f"{picture.stem}.png")
    return folder


def write_geojson(folder: Path, picture: Picture) -> None:
    features = []
    for k, name in enumerate(picture.classes):
        rings = [[[*ring, ring[0]]] for ring in picture.rings(k)]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        features.append(
            {
                "type": "Feature",
                "id": str(k),
                "geometry": geometry,
                "properties": {"objectType": "annotation", "classification": {"name": name}},
            }
        )
    content = {"type": "FeatureCollection", "features": features}
    (folder / f"{picture.stem}.geojson").write_text(json.dumps(content))


def write_labelme(folder: Path, picture: Picture) -> None:
    shapes = [
        {"label": name, "points": ring, "group_id": k, "shape_type": "polygon", "flags": {}}
        for k, name in enumerate(picture.classes)
        for ring in picture.rings(k)
    ]
    height, width = picture.size
    content: dict[str, Any] = {"version": "5.4.1", "flags": {}, "shapes": shapes}
    content |= {"imagePath": f"{picture.stem}.png", "imageData": None}
    content |= {"imageHeight": height, "imageWidth": width}
    (folder / f"{picture.stem}.json").write_text(json.dumps(content))


def write_yolo(folder: Path, picture: Picture) -> None:
    """Write the largest part of each object; a line of YOLO holds one polygon."""
    names = ["cell", "nucleus", "cytoplasm"]
    (folder / "classes.txt").write_text("\n".join(names))
    height, width = picture.size
    lines = []
    for k, name in enumerate(picture.classes):
        ring = max(picture.rings(k), key=len)
        shares = [f"{x / width:.6f} {y / height:.6f}" for x, y in ring]
        lines.append(f"{names.index(name)} {' '.join(shares)}")
    (folder / f"{picture.stem}.txt").write_text("\n".join(lines))


def write_imagej(folder: Path, picture: Picture) -> None:
    with zipfile.ZipFile(folder / f"{picture.stem}.zip", "w") as archive:
        for k, name in enumerate(picture.classes):
            roi = roifile.ImagejRoi.frompoints(np.array(picture.rings(k)[0], np.float32))
            roi.roitype, roi.name = roifile.ROI_TYPE.POLYGON, f"{k:04d}"
            roi.props = f"class: {name}\n"
            archive.writestr(f"{k:04d}.roi", roi.tobytes())


def labelled(picture: Picture, classes: tuple[str, ...] = ("cell",)) -> NDArray[np.uint16]:
    """Return a label image of the objects of some classes; a later object hides an earlier one."""
    values = np.zeros(picture.size, np.uint16)
    for k, (mask, name) in enumerate(zip(picture.masks, picture.classes, strict=True), start=1):
        if name in classes:
            values[mask] = k
    return values


def write_label_image(folder: Path, picture: Picture) -> None:
    tifffile.imwrite(folder / f"{picture.stem}.tif", labelled(picture))


def write_cellpose(folder: Path, picture: Picture) -> None:
    content = {"masks": labelled(picture), "filename": f"{picture.stem}.png"}
    np.save(folder / f"{picture.stem}_seg.npy", np.array(content, dtype=object))


WRITERS: dict[str, Callable[[Path, Picture], None]] = {
    "GeoJSON": write_geojson,
    "LabelMe": write_labelme,
    "YOLO": write_yolo,
    "ImageJ ROIs": write_imagej,
    "label images": write_label_image,
    "Cellpose": write_cellpose,
}
"""The writers of one file of labels for each image, by format."""


def write_labels(folder: Path, found: list[Picture], format_: str) -> Path:
    """Write the labels of a format; return the file or folder of the labels."""
    folder.mkdir(parents=True)
    for picture in found:
        WRITERS[format_](folder, picture)
    return folder


def write_coco(folder: Path, found: list[Picture]) -> Path:
    """Write one COCO JSON file; return it."""
    names = sorted({name for picture in found for name in picture.classes})
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(found, start=1):
        height, width = picture.size
        name = f"{picture.stem}.png"
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        for mask, kind in zip(picture.masks, picture.classes, strict=True):
            record = {"id": len(annotations) + 1, "image_id": number, "iscrowd": 0}
            category = {"category_id": names.index(kind) + 1, "area": int(mask.sum())}
            annotations.append(record | category | {"segmentation": encode_mask(mask)})
    categories = [{"id": k, "name": name} for k, name in enumerate(names, start=1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    folder.mkdir(parents=True)
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder / "annotations.json"


def write_mask_files(folder: Path, found: list[Picture]) -> Path:
    """Write the layout of mask files, with the images in it; return the folder of both."""
    for picture in found:
        place = folder / picture.stem
        (place / "images").mkdir(parents=True)
        (place / "masks").mkdir()
        Image.fromarray(picture.pixels).save(place / "images" / f"{picture.stem}.png")
        for k, mask in enumerate(picture.masks):
            Image.fromarray(mask.astype(np.uint8) * 255).save(place / "masks" / f"{k}.png")
    return folder
