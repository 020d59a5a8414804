"""Reading of image files as 8-bit grey or RGB by the following rules.

- 8-bit grey, RGB: as they are; 1-bit: 0 and 255.
- 16-bit and other deep grey: scaled linearly, per image, its smallest value to 0 and its largest
  to 255; an image of one value becomes 0.
- palette: its colours as RGB.
- transparency: composed on white; an opaque alpha channel changes nothing.
- anything else (CMYK, several frames, values that are not finite): refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GREY = ("1", "L", "LA", "La")
COLOUR = ("P", "PA", "RGB", "RGBA", "RGBa")
DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


@dataclass(frozen=True)
class Header:
    """Size of an image file in px, and the change that reading makes, or None."""

    height: int
    width: int
    change: str | None


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open an image for the time of the block; an error in the block names the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of such a kind, or it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such image file")
    try:
        with Image.open(path) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise ValueError(f"{path}: holds {frames} frames; expected one image per file")
            if image.mode not in GREY + COLOUR + DEEP:
                raise ValueError(
                    f"{path}: has mode {image.mode!r}; expected grey, RGB, RGBA or palette"
                )
            yield image
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path}: not a readable image ({error}); it may be damaged or cut off"
        ) from error


def read_header(path: Path) -> Header:
    """Return size and kind of an image without decoding it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read.
    """
    with opened(path) as image:
        change = None
        if image.mode in DEEP:
            change = "deep grey was scaled linearly, its smallest value to 0, its largest to 255"
        elif image.has_transparency_data:
            change = "transparency was composed on white"
        elif image.mode == "P":
            change = "palette colours became RGB"
        return Header(image.height, image.width, change)


def read_values(path: Path) -> NDArray[Any]:
    """Return an image as uint8 by the rules above; deep grey is returned unscaled, float64 (H, W).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, or it is damaged.
    """
    with opened(path) as image:
        if image.mode in DEEP:
            return np.asarray(image, dtype=np.float64)
        kind = "L" if image.mode in GREY else "RGB"
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert(kind))
        return np.asarray(image.convert(kind))


def read_pixels(path: Path, window: tuple[slice, slice] | None = None) -> NDArray[np.uint8]:
    """Return an image as uint8, (H, W) grey or (H, W, 3) RGB.

    Args:
        path: the image file.
        window: rows and columns that are kept; deep grey is scaled by the values in them.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, it is damaged, or the window
            leaves it.
    """
    values = read_values(path)
    if window is not None:
        values = cropped(values, window, path)
    return values if values.dtype == np.uint8 else _scaled(path, values)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Return an image as uint8 (H, W, 3) RGB; grey is repeated.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, or it is damaged.
    """
    pixels = read_pixels(path)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def cropped(values: NDArray[Any], window: tuple[slice, slice], path: Path) -> NDArray[Any]:
    """Return rows and columns of an image.

    Raises:
        ValueError: the window leaves the image.
    """
    (rows, columns), (height, width) = window, values.shape[:2]
    if rows.stop > height or columns.stop > width:
        raise ValueError(
            f"{path}: is {height} x {width} px; expected at least {rows.stop} x {columns.stop} px, "
            "since it is cropped; leave out the crop, or fetch the image again"
        )
    return values[rows, columns]


def _scaled(path: Path, values: NDArray[Any]) -> NDArray[np.uint8]:
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: holds values that are not finite; repair the image")
    span = values.max() - values.min()
    scaled = (values - values.min()) * (255 / span if span else 0.0)
    return np.asarray(np.rint(scaled), dtype=np.uint8)
