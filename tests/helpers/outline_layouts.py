"""Small copies of the layouts of data sets of outlines in JSON files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.image_archive import ImageArchive
from helpers import layouts

H, W = 20, 30


def square(left: int, top: int, side: int) -> list[float]:
    right, bottom = left + side, top + side
    return [left, top, right, top, right, bottom, left, bottom]


def covered(left: int, top: int, side: int) -> np.ndarray:
    mask = np.zeros((H, W), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


class Layout(layouts.Layout):
    """The published files of one data set of outlines, below ``folder / source``."""

    def __init__(self, source: str, folder: Path) -> None:
        super().__init__(source, folder / source, folder)

    def image(self, name: str, value: int = 100, size: tuple[int, int] = (H, W)) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(size, value, np.uint8)).save(self.root / name)

    def json(self, name: str, content: Any) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(json.dumps(content))

    def value(self, name: str) -> int:
        pixels = ImageArchive(self.out.with_suffix(".zip")).read(name)
        assert pixels.shape == (H, W, 3) and np.ptp(pixels) == 0
        return int(pixels[0, 0, 0])


Change = Callable[[Layout], Any]


def refused(layout: Layout, change: Change, message: str) -> None:
    change(layout)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        layout.convert(counts="check")
    assert not layout.out.exists() and not layout.out.with_suffix(".zip").exists()


def nothing(layout: Layout) -> None:
    """Change nothing: the counts already differ from the published ones."""
