"""Contact sheets: images of data sets without and with the outlines of their objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from gains.datasets.coco import CocoDataset, name_of, read_coco
from gains.datasets.image_archive import ImageArchive
from gains.figures.drawing.colours import PALETTE, colours
from gains.instances import Instances
from gains.masks.windows import MaskWindow, window_of
from gains.support.files import atomic_path, require_suffix

GAP = 6
"""Width of the white space between tiles, px."""

TITLE = 24
"""Height of the line with a data set's name, px."""

LINE = 2.2
"""Width of an outline, px."""

SMOOTHING = 1.0
"""Standard deviation of the blur that smooths the border of an enlarged mask, px."""


class _Outline(NamedTuple):
    """The outline of an object in a part of a tile.

    Attributes:
        place: rows and columns of the part.
        opacity: float64 of the shape of the part, in [0, 1].
    """

    place: tuple[slice, slice]
    opacity: NDArray[np.float64]


def _outline(window: MaskWindow, image: tuple[int, int], tile: tuple[int, int]) -> _Outline:
    """Return the outline of a mask in a tile.

    Args:
        window: the mask.
        image: height and width of its image, px.
        tile: height and width of the tile, px.
    """
    axes = zip(window.place, image, tile, strict=True)
    spans = [_span(place, before, after) for place, before, after in axes]
    (top, rows, y_box), (left, columns, x_box) = ((s.first, s.part, s.box) for s in spans)
    crop = np.zeros([s.length for s in spans], dtype=np.float32)
    height, width = window.mask.shape
    crop[window.y - top :, window.x - left :][:height, :width] = window.mask
    size = columns.stop - columns.start, rows.stop - rows.start
    scaled = Image.fromarray(crop).resize(
        size, Image.Resampling.BICUBIC, (x_box[0], y_box[0], x_box[1], y_box[1])
    )
    # a border of background closes the outlines of masks at the edge of the image
    level = scipy.ndimage.gaussian_filter(
        np.pad(np.asarray(scaled, dtype=np.float64), 4), SMOOTHING
    )
    slope = np.hypot(*np.gradient(level))
    distance = np.abs(level - 0.5) / np.maximum(slope, 1e-6)
    opacity = np.clip((LINE + 1) / 2 - distance, 0, 1)[4:-4, 4:-4]
    return _Outline((rows, columns), np.asarray(opacity))


class _Span(NamedTuple):
    """What of one axis an outline needs.

    Attributes:
        first: first pixel of the crop in the image.
        length: length of the crop, px.
        part: the part of the tile.
        box: begin and end of this part in the crop, px of the image.
    """

    first: int
    length: int
    part: slice
    box: tuple[float, float]


def _span(place: slice, before: int, after: int) -> _Span:
    scale = after / before
    # what smoothing and the interpolation of an enlarged mask reach
    margin = 8 + math.ceil(2 * max(scale, 1))
    begin = max(math.floor(place.start * scale) - margin, 0)
    end = min(math.ceil(place.stop * scale) + margin, after)
    first, last = math.floor(begin / scale), min(math.ceil(end / scale), before)
    box = begin / scale - first, min(end / scale, before) - first
    return _Span(first, last - first, slice(begin, end), box)


def _outlined(tile: NDArray[np.uint8], instances: Instances) -> NDArray[np.uint8]:
    """Return a copy of a tile, uint8 (h, w, 3), with a smooth line around each object."""
    result = tile.astype(np.float64)
    image, size = (instances.height, instances.width), (tile.shape[0], tile.shape[1])
    for rle, colour in zip(instances.masks, colours(instances), strict=True):
        window = window_of(rle)
        if window.mask.size:
            place, opacity = _outline(window, image, size)
            result[place] += opacity[..., None] * (ImageColor.getrgb(colour) - result[place])
    return np.rint(result).astype(np.uint8)


def _tile(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return an image scaled so that its longer side has ``side`` px."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # in an enlarged image the original pixels stay visible
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    return np.asarray(Image.fromarray(pixels).resize(size, how))


def _few_colours(sheet: Image.Image) -> Image.Image:
    """Return a sheet in 256 colours, which makes the file small.

    White and the colours of the outlines are kept exactly, because they are too rare to be chosen.
    """
    exact = [value for colour in ("#ffffff", *PALETTE) for value in ImageColor.getrgb(colour)]
    count = 256 - len(exact) // 3
    palette = Image.new("P", (1, 1))
    palette.putpalette(exact + (sheet.quantize(count).getpalette() or [])[: 3 * count])
    return sheet.quantize(palette=palette, dither=Image.Dither.NONE)


def _block(coco: CocoDataset, sheet: Image.Image, top: int, columns: int, side: int) -> None:
    """Draw the name, a row of plain tiles and a row of outlined tiles of a data set at ``top``."""
    font = ImageFont.load_default(size=16)
    ImageDraw.Draw(sheet).text((0, top + TITLE // 2), name_of(coco.path), "black", font, "lm")
    archive = ImageArchive(Path(coco.path).with_suffix(".zip"))
    for column, image in enumerate(list(coco.images.values())[:columns]):
        plain = _tile(archive.read(image.file_name), side)
        x, y = column * (side + GAP), top + TITLE
        sheet.paste(Image.fromarray(plain), (x, y))
        outlined = _outlined(plain, coco.instances(image.id))
        sheet.paste(Image.fromarray(outlined), (x, y + side + GAP))


def contact_sheet(
    files: Sequence[str | Path], out: str | Path, columns: int = 6, side: int = 256
) -> None:
    """Write a PNG with the name, the first images and the outlined images of each data set.

    Neighbouring objects have outlines of different colours.

    Args:
        files: COCO files, with their image archives beside them.
        out: path ending in ``.png``.
        columns: images per data set.
        side: longer side of a tile, px; images are reduced or enlarged to it.

    Raises:
        FileNotFoundError: a file or its archive is missing.
        ValueError: no file is given, a file is not a data set, or ``out`` has another suffix.
    """
    if not files:
        raise ValueError("no data set to show; name at least one COCO file")
    require_suffix(out, ".png")
    block = TITLE + 2 * (side + GAP)
    sheet = Image.new("RGB", (columns * (side + GAP) - GAP, len(files) * block - GAP), "white")
    for number, file in enumerate(files):
        _block(read_coco(file), sheet, number * block, columns, side)
    with atomic_path(out) as temporary:
        _few_colours(sheet).save(temporary, format="PNG", optimize=True)
