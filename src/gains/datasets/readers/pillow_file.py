"""Image files that Pillow opens: PNG, JPEG, BMP, GIF and WebP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from gains.datasets.readers.image_file import (
    COLOURED,
    ImageFile,
    StoredImage,
    chosen_frame,
    refuse_channels,
    unpacked,
)
from gains.datasets.readers.orientation import TAG, valid_tag

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
"""The formats that Pillow may open, so that no other decoder sees a file from elsewhere."""

GREY = ("1", "L", "LA")
COLOUR = ("P", "PA", "RGB", "RGBA")
DEEP = ("I", "I;16")


@contextmanager
def opened_by_pillow(path: Path, start: bytes, frame: int | None) -> Iterator[ImageFile]:
    """Open an image file that is not TIFF for the time of the block.

    Args:
        path: the file.
        start: its first 34 bytes.
        frame: which of its frames is read, from 0; None if it must hold one.

    Raises:
        ValueError: it is of another kind, holds several frames or other colours, or is damaged.
    """
    image = unpacked(path, lambda: _image(path))
    if image is None:
        raise ValueError(
            f"{path}: not a readable image, since it begins with {start[:8]!r}; expected PNG, "
            "TIFF, JPEG (8 bits per channel), BMP, GIF or WebP, whatever its name; save it as PNG "
            "or TIFF, or copy it again if it should be one of these"
        )
    with image:
        number = unpacked(path, lambda: getattr(image, "n_frames", 1))
        chosen = chosen_frame(path, number, frame)
        if number > 1:
            unpacked(path, lambda: image.seek(chosen))
        if image.mode not in GREY + COLOUR + DEEP:
            raise ValueError(
                f"{path}: has mode {image.mode!r}; expected grey, RGB, RGBA or palette; convert "
                "its colours to RGB"
            )
        if image.format == "BMP":
            _check_bmp(path, image, start)
        if image.format == "PNG" and number > 1 and start[24] == 16:
            raise ValueError(
                f"{path}: is an animation of 16 bits, which cannot be read frame by frame; save "
                "each frame as a PNG or TIFF file of its own"
            )
        bits, colours = start[24:26] if image.format == "PNG" else (8, -1)
        orientation, changes = _orientation(path, image)
        if image.mode in ("P", "PA"):
            changes += (COLOURED,)
        yield ImageFile(
            image.height,
            image.width,
            orientation,
            image.format == "JPEG",
            changes,
            number,
            lambda: _png16(path) if bits == 16 else _decoded(image, bits, colours),
        )


def _image(path: Path) -> Image.Image | None:
    try:
        return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        return None


def _check_bmp(path: Path, image: Image.Image, start: bytes) -> None:
    """Refuse a BMP of 32 bits without masks of channels whose fourth bytes are no padding."""
    pixels_at, header = struct.unpack("<II", start[10:18])
    if header >= 40 and struct.unpack("<HI", start[28:34]) == (32, 0):  # bits, packing
        count = 4 * image.width * image.height
        fourth = np.fromfile(path, np.uint8, count, offset=pixels_at)[3::4]
        if fourth.size and fourth.min() != fourth.max():
            refuse_channels(path, 4, "the fourth without a meaning in a BMP of this kind")


def _decoded(image: Image.Image, bits: int, colours: int) -> StoredImage:
    """Return the samples of an image of at most 8 bits."""
    indices = np.asarray(image) if image.mode in ("P", "PA") else None
    indices = indices[..., 0] if image.mode == "PA" and indices is not None else indices
    if not image.has_transparency_data:
        colour = np.asarray(image.convert("L" if image.mode in GREY else "RGB"))
        return StoredImage(colour, indices=indices)
    if bits < 8 and colours == 0:  # Pillow scales the grey of these PNG files, but not this value
        image.load()
        image.info["transparency"] = image.info["transparency"] * 255 // (2**bits - 1)
    pixels = np.asarray(image.convert("RGBA"))
    colour = pixels[..., 0] if image.mode in GREY else pixels[..., :3]
    return StoredImage(colour, pixels[..., 3], indices=indices)


def _png16(path: Path) -> StoredImage:
    """Return the samples of a PNG of 16 bits, of which Pillow keeps only the upper 8 in colour."""
    from imagecodecs import png_decode

    values = png_decode(path.read_bytes())
    values = values[:, :, None] if values.ndim == 2 else values
    channels = values.shape[2]
    colour = values[..., 0] if channels < 3 else values[..., :3]
    return StoredImage(colour, values[..., -1] if channels in (2, 4) else None, opaque=65535)


def _orientation(path: Path, image: Image.Image) -> tuple[int, tuple[str, ...]]:
    """Return the orientation tag of EXIF or XMP, and a sentence if its block cannot be read."""
    try:
        # the method of PngImageFile would decode the pixels, to find a block behind them
        tag = Image.Image.getexif(image).get(TAG)
        if tag is None and image.format == "PNG":
            exif = Image.Exif()
            exif.load(_png_exif(path))
            tag = exif.get(TAG)
    except Exception:  # the block is from elsewhere, and the pixels can be read without it
        return 1, ("the EXIF block cannot be read, so a tag of orientation would be unknown",)
    return valid_tag(tag), ()


def _png_exif(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"eXIf":
                return file.read(length)
            file.seek(length + 4, 1)
    return b""
