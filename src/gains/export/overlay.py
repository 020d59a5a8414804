"""Pictures of the images with the outlines of their objects, in the colours of the classes."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.masks.parts import parts_of

LONGEST = 1000
"""Smaller images are enlarged by a whole factor, to at most this longest side in px."""
TEXT = 14
"""Size of letters, px."""
LEGEND = 24
"""Height of the line with the names of the classes, px."""


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return one image as PNG: enlarged if it is small, with outlines and the names of classes."""
    (image,) = images
    assert results.pixels is not None
    pixels = Image.fromarray(results.pixels(image.record))
    factor = max(1, LONGEST // max(pixels.size))
    size = (pixels.width * factor, pixels.height * factor)
    shown = Image.new("RGB", (size[0], size[1] + LEGEND), "white")
    shown.paste(pixels.resize(size, Image.Resampling.NEAREST))
    draw = ImageDraw.Draw(shown)
    for k in reversed(range(len(image.objects))):  # the best object is drawn last
        _object(draw, results, image, k, factor)
    _legend(draw, results, size[1])
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
        x, y = (objects.boxes[k, :2] * factor).tolist()
        text = f"{objects.scores[k]:.2f}"
        font = ImageFont.load_default(size=TEXT)
        draw.text((x + width, y + width), text, colour, font, stroke_width=2, stroke_fill="black")


def _legend(draw: ImageDraw.ImageDraw, results: Results, top: int) -> None:
    font, x = ImageFont.load_default(size=TEXT), 4.0
    for category, name in results.categories.items():
        draw.rectangle((x, top + 6, x + 12, top + 18), fill=results.colour(category))
        draw.text((x + 18, top + LEGEND // 2), name, "black", font, "lm")
        x += 34 + draw.textlength(name, font)


FORMATS.register(
    ExportFormat(
        "overlay",
        "PNG pictures of the images with outlines",
        ".png",
        content,
        needs_images=True,
    )
)
