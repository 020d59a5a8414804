"""Masks of shapes that are drawn by rings of points, with holes and several parts.

Coordinates are those of COCO: the pixel in row y and column x covers the square from (x, y) to
(x + 1, y + 1), and the rings are filled by the rule of COCO polygons.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.datasets.findings import Findings
from gains.datasets.readers.coco_annotations import leaves_image
from gains.datasets.readers.coco_checks import SourceImage
from gains.masks.rle import Rle, decode_mask, encode_mask
from gains.masks.segmentation import empty_parts, to_rle
from gains.masks.units import in_first_pixel

FIRST_PIXEL = (
    "outlines between 0 and 1 were read as parts of the first pixel; if they are shares of the "
    "image, multiply them by its width and height"
)
Ring = list[float]
"""Coordinates x0, y0, x1, y1, ... in px."""
Part = list[Ring]
"""Rings that are filled by the even-odd rule: an outline, and its holes."""


def shape_mask(
    parts: list[Part], image: SourceImage, path: Path, record: str, findings: Findings
) -> Rle:
    """Return the mask of a shape: the union of its parts.

    Args:
        parts: the parts.
        image: the image, whose size the mask gets.
        path: the label file, for messages.
        record: what to name in messages.
        findings: records rings that are cut or cover no pixel.

    Raises:
        ValueError: coordinates are no finite numbers, or lie far outside the image.
    """
    size = (image.height, image.width)
    rings: list[Any] = [ring for part in parts for ring in part]
    try:
        mask = to_rle(rings, *size)
        if any(len(part) > 1 for part in parts):
            mask = encode_mask(_union(parts, size))
    except ValueError as error:
        raise ValueError(f"{path}: {record}: {error}") from error
    if in_first_pixel(rings):
        findings.add(FIRST_PIXEL, f"{path.name}, {record}")
    if leaves_image(rings, *size):
        findings.add("polygons were cut at the border of the image", f"{path.name}, {record}")
    for _ in range(empty_parts(rings, *size)):
        findings.add("rings that cover no pixel were left out", f"{path.name}, {record}")
    return mask


def _union(parts: list[Part], size: tuple[int, int]) -> NDArray[np.bool_]:
    whole = np.zeros(size, dtype=bool)
    for part in parts:
        inside = np.zeros(size, dtype=bool)
        for ring in part:
            inside ^= decode_mask(to_rle([ring], *size))
        whole |= inside
    return whole
