"""Contact sheets: images of data sets, plain and with the outlines of their objects."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.coco import CocoDataset, ImageArchive, read_coco
from gains.files import atomic_path
from gains.instances import Instances

GAP = 4
"""White space between tiles, px."""


def _outlined(pixels: NDArray[np.uint8], instances: Instances) -> NDArray[np.uint8]:
    """Return a copy with a line of 1 px just inside each object, a hue of its own each."""
    result = pixels.copy()
    for k, mask in enumerate(instances.stack()):
        padded = np.pad(mask, 1)
        inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        # steps of the golden ratio keep the hues of neighbours in the list apart
        hue = colorsys.hsv_to_rgb(k * 0.618 % 1, 0.9, 1.0)
        result[mask & ~inner] = np.rint(np.array(hue) * 255)
    return result


def _tiles(coco: CocoDataset, count: int, side: int) -> list[NDArray[np.uint8]]:
    """Return a row of plain and a row of outlined tiles, each uint8 (side, n * side, 3)."""
    archive = ImageArchive(Path(coco.path).with_suffix(".zip"))
    rows: list[list[NDArray[np.uint8]]] = [[], []]
    for image in list(coco.images.values())[:count]:
        pixels, instances = archive.read(image.file_name), coco.instances(image.id)
        for row, tile in zip(rows, (pixels, _outlined(pixels, instances)), strict=True):
            fitted = Image.fromarray(tile)
            fitted.thumbnail((side, side), Image.Resampling.BOX)
            canvas = Image.new("RGB", (side + GAP, side + GAP), "white")
            canvas.paste(fitted, (0, 0))
            row.append(np.asarray(canvas))
    short = count - len(rows[0])
    blank = np.full((side + GAP, (side + GAP) * short, 3), 255, dtype=np.uint8)
    return [np.concatenate([*row, blank], axis=1) for row in rows]


def contact_sheet(
    files: Sequence[str | Path], out: str | Path, columns: int = 6, side: int = 128
) -> None:
    """Write a PNG with two rows per data set: its first images, and the same with outlines.

    Args:
        files: COCO files, their image archives beside them.
        out: the PNG.
        columns: images per data set.
        side: of a tile, px; larger images are reduced, smaller ones are not enlarged.

    Raises:
        FileNotFoundError: a file or its archive is missing.
        ValueError: no file is given, or one is not a data set.
    """
    if not files:
        raise ValueError("no data set to show; name at least one COCO file")
    rows = [row for file in files for row in _tiles(read_coco(file), columns, side)]
    sheet = np.concatenate(rows, axis=0)[:-GAP, :-GAP]
    with atomic_path(out) as temporary:
        # 256 colours: a sheet is looked at, not measured
        Image.fromarray(sheet).quantize(256).save(temporary, format="PNG", optimize=True)
