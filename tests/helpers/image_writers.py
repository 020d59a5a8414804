"""Sample pixels, and writers of small TIFF and PNG files; only :func:`tiffs` uses a library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

FORMATS = {"u": 1, "i": 2, "f": 3}
H, W = 20, 30
RNG = np.random.default_rng(0)
DEEP = RNG.integers(0, 4096, (H, W)).astype(np.uint16)  # 12 bits in 16
COLOUR = RNG.integers(100, 4000, (H, W, 3)).astype(np.uint16)
BYTES = RNG.integers(0, 256, (H, W)).astype(np.uint8)
FIRST = np.arange(H * W).reshape(H, W) < W  # the first row
MIN_IS_WHITE, MIN_IS_BLACK, RGB = 0, 1, 2
Write = Callable[[Path], Any]


def write_tiff(
    path: Path,
    pixels: np.ndarray,
    photometric: int,
    *,
    order: Literal["<", ">"] = "<",
    extra: tuple[int, ...] = (),
    orientation: int | None = None,
    planar: bool = False,
) -> None:
    """Write (H, W) or (H, W, C) pixels of 8 bits or more.

    Args:
        path: the file.
        pixels: the samples, in the depth that is written.
        photometric: photometric interpretation.
        order: ``<`` for little-endian, ``>`` for big-endian.
        extra: meaning of the channels beyond the colours; without a tag if empty.
        orientation: value of the orientation tag, if any.
        planar: whether the channels are stored one after the other.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    values = np.moveaxis(pixels, -1, 0) if planar else pixels
    data = values.astype(pixels.dtype.newbyteorder(order)).tobytes()
    bits = 8 * pixels.dtype.itemsize
    strips = channels if planar else 1
    size = len(data) // strips
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [bits] * channels),
        259: ("H", [1]),
        262: ("H", [photometric]),
        273: ("I", [8 + k * size for k in range(strips)]),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [size] * strips),
        284: ("H", [2 if planar else 1]),
        339: ("H", [FORMATS[pixels.dtype.kind]] * channels),
    }
    if extra:
        tags[338] = ("H", list(extra))
    if orientation is not None:
        tags[274] = ("H", [orientation])
    start = 8 + len(data) + len(data) % 2
    behind = start + 2 + 12 * len(tags) + 4
    entries, long = b"", b""
    for number, (kind, content) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(content)}{kind}", *content)
        if len(packed) > 4:
            field = struct.pack(f"{order}I", behind + len(long))
            long += packed
        else:
            field = packed.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", number, {"H": 3, "I": 4}[kind], len(content)) + field
    magic = b"II" if order == "<" else b"MM"
    path.write_bytes(
        magic
        + struct.pack(f"{order}HI", 42, start)
        + data
        + b"\0" * (len(data) % 2)
        + struct.pack(f"{order}H", len(tags))
        + entries
        + struct.pack(f"{order}I", 0)
        + long
    )


def write_png(
    path: Path,
    pixels: np.ndarray,
    *,
    bits: int = 16,
    before: tuple[tuple[bytes, bytes], ...] = (),
    behind: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Write (H, W) or (H, W, C) pixels as PNG; grey may have 1, 2 or 4 bits.

    Args:
        path: the file.
        pixels: whole numbers.
        bits: bits per sample.
        before: further chunks (type, content) before the pixels.
        behind: further chunks behind the pixels.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    colours = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    if bits == 16:
        rows = [row.astype(">u2").tobytes() for row in pixels]
    else:
        flat = pixels.reshape(height, -1, 1)
        single = (flat >> np.arange(bits)[::-1]) & 1
        rows = [np.packbits(row.ravel()).tobytes() for row in single]
    image = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    chunks = ((b"IHDR", header), *before, (b"IDAT", image), *behind, (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
            for kind, content in chunks
        )
    )


def with_alpha(pixels: np.ndarray, alpha: np.ndarray | int) -> np.ndarray:
    """Return sample pixels (H, W) or (H, W, 3) with a plane of alpha."""
    plane = np.broadcast_to(np.asarray(alpha, pixels.dtype), (H, W))
    return np.dstack([pixels, plane])


def tiffs(**options: Any) -> Callable[[Path, np.ndarray], None]:
    """Return a function that writes pixels with tifffile."""
    import tifffile

    return lambda path, pixels: tifffile.imwrite(path, pixels, **options)
