"""A folder of images and a folder of labels in any format, which tests write and read."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gains.datasets.findings import Findings
from gains.datasets.labels.recognise import read_labels
from gains.datasets.labels.settings import FolderSettings
from gains.masks.rle import decode_mask

H, W = 20, 30


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return a mask that covers the columns left to right - 1 and the rows top to bottom - 1."""
    mask = np.zeros((H, W), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def corners(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    """Return the points of a closed rectangle, in px from the corner of the first pixel."""
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


RING = box(2, 3, 12, 13) & ~box(5, 6, 8, 9)
"""A square with a hole."""
RING_POINTS = [corners(2, 3, 12, 13), corners(5, 6, 8, 9)]


class Own:
    """Images and labels of one person.

    Args:
        root: folder that gets the folders ``images`` and ``labels``.
        names: names of the images.
    """

    def __init__(self, root: Path, *names: str) -> None:
        self.images, self.labels = root / "images", root / "labels"
        self.labels.mkdir()
        for name in names or ("a.png",):
            path = self.images / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((H, W), 90, np.uint8)).save(path)

    def place(self, name: str) -> Path:
        path = self.labels / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def text(self, name: str, content: Any) -> None:
        """Write text, or anything else as JSON."""
        text = content if isinstance(content, str) else json.dumps(content)
        self.place(name).write_text(text)

    def picture(self, name: str, values: np.ndarray, **options: Any) -> None:
        Image.fromarray(values).save(self.place(name), **options)

    def settings(self, **options: Any) -> FolderSettings:
        given = {"images": str(self.images), "labels": str(self.labels)} | options
        return FolderSettings.model_validate(given)

    def read(self, **options: Any) -> Read:
        return Read(self.settings(**options))


class Read:
    """What was read: the format, the masks and classes by name of the image, and the repairs."""

    def __init__(self, settings: FolderSettings) -> None:
        findings = Findings()
        format_, (sources, names) = read_labels(settings, findings)
        self.format, self.names, self.repairs = format_.name, names, findings.sentences()
        self.masks = {source.name: [decode_mask(rle) for rle in source.masks] for source in sources}
        self.classes = {s.name: [names[number] for number in s.categories] for s in sources}

    def equals(self, *masks: np.ndarray, image: str = "a.png") -> bool:
        found = self.masks[image]
        return len(found) == len(masks) and all(map(np.array_equal, found, masks))


def feature(geometry: Any, name: str | None = None) -> dict[str, Any]:
    """Return a feature as QuPath writes it."""
    properties: dict[str, Any] = {"objectType": "annotation"}
    if name:
        properties["classification"] = {"name": name, "color": [200, 0, 0]}
    return {"type": "Feature", "id": "1-2", "geometry": geometry, "properties": properties}


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def shape(label: str, points: list[list[float]], **more: Any) -> dict[str, Any]:
    """Return a shape as LabelMe writes it."""
    return {"label": label, "points": points, "group_id": None, "shape_type": "polygon"} | more


def labelme(*shapes: dict[str, Any], height: int = H) -> dict[str, Any]:
    return {"version": "5.4", "shapes": list(shapes), "imageHeight": height, "imageWidth": W}


def zipped(rois: dict[str, bytes]) -> bytes:
    """Return a RoiSet."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in rois.items():
            archive.writestr(name, data)
    return buffer.getvalue()
