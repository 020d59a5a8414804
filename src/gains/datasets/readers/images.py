"""Reading of image files as 8-bit grey or RGB by the following rules.

- 8-bit grey, RGB: as they are; 1, 2 and 4 bits: stretched to 0 to 255.
- more bits, values with sign, floats: scaled linearly, per image and by one rule for all channels,
  the smallest value to 0 and the largest to 255; an image of one value becomes 0.
- palette: its colours as RGB.
- transparency: composed on white; an opaque alpha channel changes nothing.
- anything else (CMYK, channels without a meaning, several frames, values that are not finite):
  refused.

Every change is a sentence beside the pixels. ``docs/own-data.md`` has the table of all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import AfterValidator, Field

from gains.config.base import Settings
from gains.datasets.pixel_bound import check_pixels
from gains.datasets.readers.deep import Percentiles, scaled
from gains.datasets.readers.image_file import ImageFile, StoredImage, unpacked
from gains.datasets.readers.orientation import sentence, turns, upright
from gains.datasets.readers.pillow_file import opened_by_pillow
from gains.datasets.readers.tiff_file import is_tiff, opened_tiff

IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def has_image_suffix(path: PurePath) -> bool:
    """Return whether a name ends like that of an image, in any case."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def _ordered(percentiles: Percentiles | None) -> Percentiles | None:
    if percentiles and not 0 <= percentiles[0] < percentiles[1] <= 100:
        raise ValueError(
            f"found {list(percentiles)}; expected two percentages from 0 to 100, the smaller one "
            "first, for example [0.1, 99.9]"
        )
    return percentiles


class Reading(Settings):
    """How image files are read."""

    orientation: Literal["stored", "apply"] = Field(
        "stored",
        description="stored: pixels as stored, which masks made by most programs refer to; apply: "
        "turned as the orientation tag of the file says",
    )
    percentiles: Annotated[Percentiles | None, AfterValidator(_ordered)] = Field(
        None,
        description="percentages of an image of more than 8 bits whose values become 0 and 255, "
        "for example `[0.1, 99.9]`; none: the smallest and the largest value",
    )


STORED = Reading()


@dataclass(frozen=True)
class Header:
    """Size of an image as it is read, and the tag of its orientation.

    Attributes:
        height: height, px.
        width: width, px.
        orientation: value of the orientation tag, 1 to 8; 1 without a tag.
    """

    height: int
    width: int
    orientation: int


class Pixels(NamedTuple):
    """An image as it was read.

    Attributes:
        values: uint8 (H, W) grey or (H, W, 3) RGB.
        changes: sentences about the changes that reading made.
    """

    values: NDArray[np.uint8]
    changes: tuple[str, ...]


@contextmanager
def opened(path: Path, frame: int | None = None) -> Iterator[ImageFile]:
    """Open an image file for the time of the block.

    Args:
        path: the image file.
        frame: which of its frames is read, from 0; None if it must hold one.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, of a kind that is not read, of several frames, larger than the
            bound, or damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such image file")
    with path.open("rb") as file:
        start = file.read(34)
    if not start:
        raise ValueError(
            f"{path}: not a readable image: the file is empty (0 bytes); copy it again"
        )
    tiff = is_tiff(start)
    with opened_tiff(path, frame) if tiff else opened_by_pillow(path, start, frame) as found:
        check_pixels(found.height, found.width, path)
        yield found


def frames_of(path: Path) -> int:
    """Return the number of frames in an image file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, or its pages are channels.
    """
    with opened(path, frame=0) as image:
        return image.frames


def read_header(path: Path, reading: Reading = STORED) -> Header:
    """Return the size of an image without decoding it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read.
    """
    with opened(path) as image:
        size, tag = (image.height, image.width), image.orientation
    turned = reading.orientation == "apply" and turns(tag)
    return Header(*(size[::-1] if turned else size), tag)


def read_samples(path: Path) -> StoredImage:
    """Return the samples of an image as they are stored, without any rule above.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, or it is damaged.
    """
    with opened(path) as image:
        return unpacked(path, image.decode)


def read_drawn(path: Path) -> NDArray[Any]:
    """Return what a mask file shows as it is stored, (H, W) or (H, W, 3); nothing drawn is 0.

    A pixel that is fully transparent is 0 in every channel, since nothing is drawn there. If all
    that is drawn is black, the values of alpha are returned. An alpha that is the same everywhere
    says nothing and is ignored.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, or it is damaged.
    """
    samples = read_samples(path)
    colour, alpha = samples.colour, samples.alpha
    if alpha is None or alpha.min() == alpha.max():
        return colour
    drawn = colour * (alpha > 0 if colour.ndim == 2 else alpha[..., None] > 0)
    return drawn if drawn.any() else alpha


def read_image(
    path: Path,
    reading: Reading = STORED,
    window: tuple[slice, slice] | None = None,
    frame: int | None = None,
) -> Pixels:
    """Return an image by the rules above, and what they changed.

    Args:
        path: the image file.
        reading: the options.
        window: rows and columns that are kept; deep images are scaled by the values in them.
        frame: which frame of the file is read, from 0; None if it must hold one.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an image of a kind that can be read, it is damaged, or the window
            leaves it.
    """
    with opened(path, frame) as image:
        samples, changes, tag = unpacked(path, image.decode), image.changes, image.orientation
    if tag != 1:
        apply = reading.orientation == "apply"
        changes += (sentence(tag, apply),)
        samples = _each(samples, lambda values: upright(values, tag)) if apply else samples
    if window is not None:
        samples = _each(samples, lambda values: cropped(values, window, path))
    transparency = _transparency(samples)
    if not transparency:
        samples = replace(samples, alpha=None)
    if samples.colour.dtype == np.uint8:
        values = _composed(samples)
    else:
        values, done = scaled(samples, reading.percentiles, path)
        changes += done
    return Pixels(values, changes + transparency)


def read_pixels(path: Path, window: tuple[slice, slice] | None = None) -> NDArray[np.uint8]:
    """Return an image as uint8, (H, W) grey or (H, W, 3) RGB; see :func:`read_image`."""
    return read_image(path, window=window).values


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Return an image as uint8 (H, W, 3) RGB; grey is repeated. See :func:`read_image`."""
    return as_rgb(read_pixels(path))


def as_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (H, W) grey or (H, W, 3) RGB as RGB."""
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


def _transparency(samples: StoredImage) -> tuple[str, ...]:
    """Return what becomes of transparent pixels, or nothing if there is none."""
    alpha = samples.alpha
    if alpha is None or not (alpha < samples.opaque).any():
        return ()
    if not alpha.any():
        return (
            "images that are fully transparent became white; if they should be seen, remove their "
            "alpha channel",
        )
    return ("transparency was composed on white",)


def _each(samples: StoredImage, change: Callable[[NDArray[Any]], NDArray[Any]]) -> StoredImage:
    alpha = None if samples.alpha is None else change(samples.alpha)
    return replace(samples, colour=change(samples.colour), alpha=alpha, indices=None)


def _composed(samples: StoredImage) -> NDArray[np.uint8]:
    """Return an image of 8 bits on white."""
    colour, alpha = samples.colour, samples.alpha
    if alpha is None:
        return colour
    layers = [colour] * 3 if colour.ndim == 2 else list(np.moveaxis(colour, -1, 0))
    image = Image.frombytes(
        "RGBa" if samples.premultiplied else "RGBA",
        alpha.shape[::-1],
        np.stack([*layers, alpha], axis=-1).tobytes(),
    )
    white = Image.new("RGBA", image.size, "white")
    composed = np.asarray(Image.alpha_composite(white, image.convert("RGBA")))
    return composed[..., 0] if colour.ndim == 2 else composed[..., :3]
