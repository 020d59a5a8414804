"""A folder of two images and its annotations, which tests damage."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.convert import convert
from gains.datasets.image_archive import ImageArchive
from gains.support.files import read_json

H, W = 20, 30
SQUARE = [2.0, 3.0, 8.0, 3.0, 8.0, 9.0, 2.0, 9.0]  # x0 y0 ...: 6 x 6 px
BESIDE = [12.0, 3.0, 18.0, 3.0, 18.0, 9.0, 12.0, 9.0]
MASK = np.zeros((H, W), dtype=bool)
MASK[3:9, 2:8] = True


def uncompressed(mask: np.ndarray) -> dict[str, Any]:
    """Encode without pycocotools: runs of zeros and ones in column order, starting with zeros."""
    flat, counts, value = mask.T.ravel(), [0], False
    for pixel in flat:
        if pixel != value:
            counts.append(0)
            value = bool(pixel)
        counts[-1] += 1
    return {"size": list(mask.shape), "counts": counts}


def annotation(number: int, image: int, **changes: Any) -> dict[str, Any]:
    record = {"id": number, "image_id": image, "category_id": 1, "segmentation": [SQUARE]}
    return record | {"bbox": [2, 3, 6, 6], "area": 36, "iscrowd": 0} | changes


GOOD: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "a.png", "height": H, "width": W},
        {"id": 2, "file_name": "b.png", "height": H, "width": W},
    ],
    "annotations": [annotation(1, 1), annotation(2, 2), annotation(3, 2, segmentation=[BESIDE])],
    "categories": [{"id": 1, "name": "cell"}],
}


class Workshop:
    """A folder of two images and its JSON file, which tests damage."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.content = copy.deepcopy(GOOD)
        (root / "images").mkdir()
        for name in ("a.png", "b.png"):
            self.save(name, np.full((H, W), 100, np.uint8))

    def save(self, name: str, pixels: np.ndarray, mode: str | None = None) -> None:
        image = Image.fromarray(pixels)
        path = self.root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (image.convert(mode) if mode else image).save(path)

    def convert(self, **more: Any) -> CocoDataset:
        (self.root / "ann.json").write_text(json.dumps(self.content))
        options = {"images": str(self.root / "images"), "labels": str(self.root / "ann.json")}
        convert("own", "folder", options | more, self.root / "out" / "own.json")
        return read_coco(self.root / "out" / "own.json")

    @property
    def repairs(self) -> list[str]:
        return read_json(self.root / "out" / "own.json")["info"]["repairs"]

    def pixels(self, name: str) -> np.ndarray:
        return ImageArchive(self.root / "out" / "own.zip").read(name)


def objects(coco: CocoDataset) -> list[int]:
    return [len(found) for found in coco.annotations.values()]
