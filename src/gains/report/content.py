"""What a report consists of: tables and pictures, ready to be written as HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

QUALITY = 80
"""Quality of JPEG: fine lines stay clear."""
COLOURS = 64
"""Colours of drawings, which have few."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it shows.
        lines: further lines in small letters.
        order: value by which a column is sorted; None for the text itself.
        bold: whether the text is bold.
    """

    text: str
    lines: tuple[str, ...] = ()
    order: float | None = None
    bold: bool = False


@dataclass(frozen=True)
class HtmlTable:
    """A table.

    Attributes:
        caption: what it shows.
        columns: the headings.
        rows: as many cells in each row; the first names the row.
        notes: sentences below it.
        reasons: why published values in it cannot be compared.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        source: its content as a ``data:`` address.
        width: px.
        height: px.
        alt: what it shows, for people who do not see it.
        caption: text below it.
    """

    source: str
    width: int
    height: int
    alt: str
    caption: str


def photograph(content: bytes, alt: str, caption: str, scale: float = 1.0) -> Picture:
    """Return a PNG with images of objects as JPEG, which needs less space.

    Args:
        content: the PNG.
        alt: what it shows.
        caption: text below it.
        scale: factor of its width and height, at most 1.
    """
    image = Image.open(io.BytesIO(content)).convert("RGB")
    if scale < 1:
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, subsampling=0)
    return _embedded(out.getvalue(), "jpeg", image, alt, caption)


def drawing(content: bytes, alt: str, caption: str) -> Picture:
    """Return a PNG with lines and letters as a PNG of few colours; the arguments are as above."""
    image: Image.Image = Image.open(io.BytesIO(content))
    if image.mode != "P":  # a contact sheet has few colours already
        image = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return _embedded(out.getvalue(), "png", image, alt, caption)


def _embedded(content: bytes, kind: str, image: Image.Image, alt: str, caption: str) -> Picture:
    text = base64.b64encode(content).decode("ascii")
    return Picture(f"data:image/{kind};base64,{text}", image.width, image.height, alt, caption)
