"""A published data set in a temporary folder, for the tests of its conversion."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.convert import convert
from gains.datasets.image_archive import ImageArchive
from gains.support.files import read_json

RNG = np.random.default_rng(0)


def save(path: Path, pixels: np.ndarray) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(np.uint8)


def box(height: int, width: int, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((height, width), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


class Published:
    """A data set below its root, which tests convert."""

    def __init__(self, source: str, root: Path) -> None:
        self.source, self.root, self.out = source, root, root.parent / "out" / "set.json"
        self.root.mkdir(parents=True, exist_ok=True)

    def json(self, path: str, content: Any) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(json.dumps(content))

    def convert(self, **options: Any) -> CocoDataset:
        options = {"root": str(self.root), "counts": "report"} | options
        convert("set", self.source, options, self.out)
        found = read_coco(self.out)
        numbers = [a["id"] for image in found.annotations.values() for a in image]
        assert numbers == list(range(1, len(numbers) + 1))
        assert list(found.images) == list(range(1, len(found.images) + 1))
        return found

    def refused(self, message: str, **options: Any) -> None:
        self.out.unlink(missing_ok=True)
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            self.convert(**options)
        assert not self.out.exists()

    @property
    def info(self) -> dict[str, Any]:
        return read_json(self.out)["info"]

    def pixels(self, name: str) -> np.ndarray:
        return ImageArchive(self.out.with_suffix(".zip")).read(name)
