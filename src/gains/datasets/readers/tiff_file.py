"""What a TIFF file is, and its samples, by tifffile, which reads every depth exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gains.datasets.readers.image_file import (
    COLOURED,
    ImageFile,
    StoredImage,
    chosen_frame,
    refuse_channels,
    unpacked,
)
from gains.datasets.readers.orientation import TAG, valid_tag

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, YCBCR = 0, 1, 2, 3, 6
COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, YCBCR: 3}
"""Channels of colour by photometric interpretation."""

OTHERS = {4: "transparency mask", 5: "CMYK", 8: "CIELab", 9: "ICCLab", 10: "ITULab"}
NONE, OLD_JPEG, JPEG = 1, 6, 7
ASSOCIATED, UNASSOCIATED = 1, 2
WHOLE = ("b", "u")
"""Kinds of numpy's whole numbers without sign."""


def is_tiff(start: bytes) -> bool:
    """Return whether a file that begins so is TIFF or BigTIFF."""
    return start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@contextmanager
def opened_tiff(path: Path, frame: int | None) -> Iterator[ImageFile]:
    """Open an image of a TIFF file for the time of the block.

    Args:
        path: the file.
        frame: which of its frames is read, from 0; None if it must hold one.

    Raises:
        ValueError: it has several images and no frame is named, or pages that are channels; it has
            colours or samples that are not read, or channels without a meaning; or it is damaged.
    """
    import tifffile

    with unpacked(path, lambda: tifffile.TiffFile(path)) as tiff:
        every = unpacked(path, lambda: list(tiff.pages))
        full = [page for page in every if not page.is_reduced] or every
        number = max(len(full), unpacked(path, lambda: _planes(tiff, full[0])))
        refuse_fewer_images(path, tiff, number)
        if frame is not None:
            _refuse_stack(path, unpacked(path, lambda: _axes(tiff)), number, len(full))
        page = full[chosen_frame(path, number, frame)]
        if page.compression not in tifffile.TIFF.DECOMPRESSORS:
            raise ValueError(
                f"{path}: is compressed by method {page.compression}, which cannot be decoded; "
                "save it with LZW or without compression"
            )
        _check_samples(path, page)
        check_length(path, page)
        alpha = _alpha(path, page)
        tag = page.tags.get(TAG)
        yield ImageFile(
            page.imagelength,
            page.imagewidth,
            valid_tag(tag.value if tag else 1),
            page.compression in (OLD_JPEG, JPEG),
            _changes(page, reduced=len(every) - len(full)),
            number,
            lambda: _decoded(page, alpha),
        )


def refuse_fewer_images(path: Path, tiff: TiffFile, held: int) -> None:
    """Refuse a file that holds fewer images than ImageJ's description in it states.

    Raises:
        ValueError: it does.
    """
    described = unpacked(path, lambda: tiff.imagej_metadata) or {}
    stated = described.get("images", 1)
    if isinstance(stated, int) and stated > held:
        raise ValueError(
            f"{path}: states that it holds {stated} images, but holds {held}; it is cut off or "
            "damaged: copy it again, or save it as TIFF again"
        )


def _planes(tiff: TiffFile, page: TiffPage) -> int:
    """Return the number of planes in a page, and behind it where one page stands for a stack."""
    # an OME file may describe planes that lie in other files
    stacked = 1 if tiff.is_ome else tiff.series[0].size // page.size
    return int(max(page.imagedepth, stacked))


def _axes(tiff: TiffFile) -> dict[str, int]:
    """Return the lengths of the axes along the pages of a file, by tifffile's letter."""
    series = tiff.series[0]
    page = series.keyframe
    along = len(series.axes) - len(page.axes)
    return dict(zip(series.axes[:along], series.shape[:along], strict=True))


def _refuse_stack(path: Path, axes: dict[str, int], number: int, pages: int) -> None:
    """Refuse a file whose pages are not images of one kind, each with all its channels."""
    if axes.get("C", 1) > 1:
        raise ValueError(
            f"{path}: its {number} pages are {axes['C']} channels of each image, and which of them "
            "the model should see is not known; save the channel to use, or an RGB image, as a "
            "file of its own"
        )
    if pages < number:
        raise ValueError(
            f"{path}: holds {number} planes behind {pages} page{'s' * (pages > 1)}; expected a "
            "page for each frame: open it in Fiji, and save it with File > Save As > Image Sequence"
        )


def _check_samples(path: Path, page: TiffPage) -> None:
    """Refuse colours and samples that are not read."""
    if page.photometric == YCBCR and page.compression != JPEG:
        found = "YCbCr without JPEG"
    elif page.photometric not in COLOURS:
        found = OTHERS.get(page.photometric, f"photometric interpretation {page.photometric}")
    elif (
        not isinstance(page.bitspersample, int)
        or page.dtype is None
        or page.dtype.kind not in (*WHOLE, "i", "f")
    ):
        found = f"samples of {page.bitspersample} bits and format {page.sampleformat}"
    else:
        return
    raise ValueError(
        f"{path}: has mode {found!r}; expected grey, RGB or palette colours in whole numbers or "
        "floats; convert it"
    )


def check_length(path: Path, page: TiffPage) -> None:
    """Refuse a file that ends before its packed pixels do, which some decoders fill up.

    Raises:
        ValueError: it ends too early.
    """
    if page.compression == NONE:
        return
    ends = (at + n for at, n in zip(page.dataoffsets, page.databytecounts, strict=True))
    size, needed = path.stat().st_size, max(ends, default=0)
    if needed > size:
        raise ValueError(
            f"{path}: not a readable image: it is cut off after {size} of at least {needed} bytes; "
            "copy it again"
        )


def _alpha(path: Path, page: TiffPage) -> int:
    """Return the kind of the last channel if it is alpha, else 0; refuse other channels."""
    channels, colours = page.samplesperpixel, COLOURS[page.photometric]
    extra = tuple(int(kind) for kind in page.extrasamples)
    if channels == colours:
        return 0
    if channels == colours + 1 and extra in ((ASSOCIATED,), (UNASSOCIATED,)):
        return extra[0]
    name = {1: "grey", 3: "RGB"}[colours] if page.photometric != PALETTE else "palette"
    refuse_channels(path, channels, f"declared as {name}, the others without a meaning")


def _changes(page: TiffPage, reduced: int) -> tuple[str, ...]:
    rules = {
        "smaller copies in the file (thumbnails or a pyramid) were left out": reduced,
        "grey whose smallest value is white (MinIsWhite) was inverted": page.photometric
        == MIN_IS_WHITE,
        COLOURED: page.photometric == PALETTE,
        "palettes of 16 bits that hold 8-bit colours were taken as 8-bit": _small(page),
    }
    return tuple(rule for rule, holds in rules.items() if holds)


def _small(page: TiffPage) -> bool:
    """Return whether a palette holds colours of 8 bits, as early writers did; libtiff's rule."""
    return bool(page.photometric == PALETTE and page.colormap.max() < 256)


def _decoded(page: TiffPage, alpha: int) -> StoredImage:
    planes, depth, height, width, channels = page.shaped
    values = page.asarray().reshape(page.shaped)[:, 0]
    values = np.moveaxis(values, 0, -1).reshape(height, width, planes * channels)
    colour = values[..., : COLOURS[page.photometric]]
    colour = colour[..., 0] if colour.shape[2] == 1 else colour
    shares = values[..., -1] if alpha else None
    top = 2**page.bitspersample - 1 if values.dtype.kind in WHOLE else 1
    indices = None
    if page.photometric == PALETTE:
        indices, table = colour, page.colormap if _small(page) else page.colormap >> 8
        colour = table.T.astype(np.uint8)[colour.astype(np.intp)]
    elif page.photometric == MIN_IS_WHITE:
        colour = top - colour if values.dtype.kind in WHOLE else -colour.astype(np.float64)
    if values.dtype.kind in WHOLE and top <= 255:
        scale = np.rint(np.arange(top + 1) * (255 / top)).astype(np.uint8)
        colour = colour if page.photometric == PALETTE else scale[colour.astype(np.uint8)]
        shares, top = None if shares is None else scale[shares.astype(np.uint8)], 255
    return StoredImage(colour, shares, top, alpha == ASSOCIATED, indices)
