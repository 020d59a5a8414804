"""Pictures of the images with the outlines of their objects, in the colours of the classes."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.masks.parts import parts_of

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

LONGEST = 1000
"""Smaller images are enlarged by a whole factor, to at most this longest side in px."""
TEXT = 14
"""Size of letters, px."""
STROKE = 2
"""Width of the dark border of letters, px."""
LEGEND = 24
"""Height of a line with names of classes, px."""


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return one image as PNG: enlarged if it is small, with outlines and the names of classes."""
    (image,) = images
    assert results.pixels is not None
    pixels = Image.fromarray(results.pixels(image.record))
    factor = max(1, LONGEST // max(pixels.size))
    size = (pixels.width * factor, pixels.height * factor)
    entries = _legend(results, size[0])
    lines = 1 + max((line for _, line, _ in entries), default=0)
    shown = Image.new("RGB", (size[0], size[1] + lines * LEGEND), "white")
    shown.paste(pixels.resize(size, Image.Resampling.NEAREST))
    draw = ImageDraw.Draw(shown)
    for k in reversed(range(len(image.objects))):  # the best object is drawn last
        _object(draw, results, image, k, factor)
    for category, line, x in entries:
        y = size[1] + line * LEGEND
        draw.rectangle((x, y + 6, x + 12, y + 18), fill=results.colour(category))
        name = results.categories[category]
        draw.text((x + 18, y + LEGEND // 2), name, "black", _font(), "lm")
    file = io.BytesIO()
    shown.save(file, format="PNG")
    return file.getvalue()


def _object(
    draw: ImageDraw.ImageDraw, results: Results, image: ExportedImage, k: int, factor: int
) -> None:
    objects = image.objects
    colour = results.colour(int(objects.categories[k]))
    width = max(2, factor * max(objects.height, objects.width) // 500)
    for part in parts_of(objects.masks[k]):
        for polygon in (part.outer, *part.holes):
            points = [(x, y) for x, y in (polygon * factor).tolist()]
            draw.line([*points, points[0]], fill=colour, width=width)
    if results.scores:
        x, y = (objects.boxes[k, :2] * factor + width).tolist()
        text = f"{objects.scores[k]:.2f}"
        right = objects.width * factor - _font().getlength(text) - STROKE
        lowest = objects.height * factor - LEGEND
        place = (max(STROKE, min(x, right)), max(0, min(y, lowest)))
        draw.text(place, text, colour, _font(), stroke_width=STROKE, stroke_fill="black")


def _legend(results: Results, width: int) -> list[tuple[int, int, float]]:
    """Return for each class its line in the legend and its place in the line, px."""
    entries, line, x = [], 0, 4.0
    for category, name in results.categories.items():
        needed = 34 + _font().getlength(name)
        if x > 4 and x + needed > width:
            line, x = line + 1, 4.0
        entries.append((category, line, x))
        x += needed
    return entries


def _font() -> Font:
    return ImageFont.load_default(size=TEXT)


FORMATS.register(
    ExportFormat(
        "overlay",
        "PNG pictures of the images with outlines",
        ".png",
        content,
        needs_images=True,
    )
)
