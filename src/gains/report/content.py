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
NARROWEST = 160
"""Width below which no picture is made smaller, px."""

DATA, KINDS_SHOWN, EXAMPLES, CURVES = 600_000, 400_000, 3_700_000, 400_000
"""Bytes of all pictures of a kind: the more there are, the smaller they are. So a report stays
below 8 MB and can be mailed. As text, pictures need a third more."""


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

    def has_numbers(self, column: int) -> bool:
        """Return whether a column has a number, so that it is sorted by numbers."""
        return any(row[column].order is not None for row in self.rows)


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


def photograph(content: bytes, alt: str, caption: str, most: int) -> Picture:
    """Return a PNG with images of objects as JPEG, which needs less space.

    Args:
        content: the PNG.
        alt: what it shows.
        caption: text below it.
        most: largest size in bytes; what needs more is made smaller, to no less than
            :data:`NARROWEST`.
    """
    return _embedded(Image.open(io.BytesIO(content)).convert("RGB"), "jpeg", alt, caption, most)


def drawing(content: bytes, alt: str, caption: str, most: int) -> Picture:
    """Return a PNG with lines and letters as a PNG of few colours; the arguments are as above."""
    return _embedded(Image.open(io.BytesIO(content)).convert("RGB"), "png", alt, caption, most)


def _embedded(image: Image.Image, kind: str, alt: str, caption: str, most: int) -> Picture:
    scale, shown, found = 1.0, image, _encoded(image, kind)
    while len(found) > most and shown.width > NARROWEST:
        scale = max(scale * min(0.95, (most / len(found)) ** 0.5), NARROWEST / image.width)
        size = round(image.width * scale), max(1, round(image.height * scale))
        shown = image.resize(size, Image.Resampling.LANCZOS)
        found = _encoded(shown, kind)
    text = base64.b64encode(found).decode("ascii")
    return Picture(f"data:image/{kind};base64,{text}", *shown.size, alt, caption)


def _encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "jpeg":
        # `optimize` would fail for noise, which needs more than Pillow's buffer for it
        image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    else:
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
