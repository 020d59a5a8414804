"""Small copies of the official layouts of data sets of mask files and arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.convert import convert
from gains.datasets.image_archive import ImageArchive
from gains.support.files import read_json
from helpers.shapes import rectangle

RNG = np.random.default_rng(0)


class Layout:
    """The published files of one data set below ``root``, which tests convert or damage."""

    def __init__(self, source: str, root: Path, out: Path) -> None:
        self.source, self.root, self.out = source, root, out / "x.json"

    def save(self, name: str, pixels: np.ndarray) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npy":
            np.save(path, pixels)
        else:
            Image.fromarray(pixels).save(path)

    def convert(self, counts: str = "report", **options: Any) -> CocoDataset:
        options |= {"root": str(self.root), "counts": counts}
        convert("x", self.source, options, self.out)
        return read_coco(self.out)

    def pixels(self, name: str) -> np.ndarray:
        return ImageArchive(self.out.with_suffix(".zip")).read(name)[..., 0]

    @property
    def info(self) -> dict[str, Any]:
        return read_json(self.out)["info"]

    @property
    def repairs(self) -> str:
        return "\n".join(self.info["repairs"])


def file_names(coco: CocoDataset) -> list[str]:
    return [image.file_name for image in coco.images.values()]


def scaled(values: np.ndarray) -> np.ndarray:
    values = values.astype(float)
    return np.rint((values - values.min()) * 255 / (values.max() - values.min()))


WELL = "1649_1109_0003_Amp5-1_B_20070424_{}_{}_9E84F49F-1B25-4E7E-8040-D1BB2D7E73EA.tif"
SIZE = (520, 696)
WORMS = [
    rectangle(SIZE, (60, 90), (130, 200)),
    rectangle(SIZE, (80, 120), (180, 220)),  # overlaps the first
    rectangle(SIZE, (5, 40), (5, 60)),  # outside of Layering's crop
]
FIELD = RNG.integers(20_000, 40_000, SIZE).astype(np.uint16)
FIELD[np.any(WORMS, axis=0)] -= 15_000
CELLS = (40, 60)
FIRST = rectangle(CELLS, (2, 14), (2, 14)) | rectangle(CELLS, (14, 24), (14, 24))  # corners touch
FIRST |= rectangle(CELLS, (30, 39), (40, 51))  # 99 px
SECOND = rectangle(CELLS, (10, 30), (10, 30))


def colour(mask: np.ndarray, *channels: int) -> np.ndarray:
    image = np.zeros((*mask.shape, 3), np.uint8)
    image[..., list(channels or (0, 1, 2))] = mask[..., None] * 255
    return image


def make_fold(layout: Layout, number: int, patches: int, kind: Any = np.float64) -> None:
    images = RNG.integers(0, 256, (patches, 256, 256, 3)).astype(kind)
    masks = np.zeros((patches, 256, 256, 6), kind)
    for k in range(1, patches):  # the first is empty
        masks[k, :40, :40, 0] = 7
        masks[k, 50:60, 50:60, 0] = 3
        masks[k, 30:50, 30:50, 4] = 7  # another object, and it overlaps the first
    masks[..., 5] = masks[..., :5].max(axis=-1) == 0
    layout.save(f"Fold {number}/images/fold{number}/images.npy", images)
    layout.save(f"Fold {number}/images/fold{number}/types.npy", np.array(["Breast"] * patches))
    layout.save(f"Fold {number}/masks/fold{number}/masks.npy", masks)
