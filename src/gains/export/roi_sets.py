"""Sets of ROIs for the ROI Manager of ImageJ and Fiji."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np
from roifile import ROI_TYPE, ImagejRoi

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.instances import Instances
from gains.masks.parts import Polygon, parts_of

LARGEST_SIDE = 60_000
"""Longest side of an image whose ROIs can be written, px; ImageJ stores 16 bits of a coordinate."""
MOVE, LINE, CLOSE = 0, 1, 4
"""Steps of the path of a composite ROI."""
BASIC = 0xFFFF
"""Last character that is one unit of UTF-16, by which ImageJ counts the letters of a name."""


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return the ROIs of one image as a zip archive.

    An object of one part without a hole is a traced ROI, any other a composite one.

    Raises:
        ValueError: the image is too large for the format.
    """
    (image,) = images
    record, objects = image.record, image.objects
    if max(record.height, record.width) > LARGEST_SIDE:
        raise ValueError(
            f"{record.file_name}: {record.height} x {record.width} px; a ROI of ImageJ holds "
            f"coordinates up to {LARGEST_SIDE} px: leave out imagej, or cut the image into tiles"
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for k in range(len(objects)):
            roi = _roi(results, objects, k)
            # with a fixed date, equal objects give an archive of equal bytes
            entry = zipfile.ZipInfo(f"{roi.name}.roi", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, roi.tobytes(), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _roi(results: Results, objects: Instances, k: int) -> ImagejRoi:
    category, score = int(objects.categories[k]), float(objects.scores[k])
    title = _plain(results.categories[category])
    parts = parts_of(objects.masks[k])
    roi = _outline([ring for part in parts for ring in (part.outer, *part.holes)])
    roi.name = f"{k + 1:04d}-{title.replace('/', '_')}-{score:.2f}"
    roi.props = f"class: {title}\nscore: {score!r}\n"
    roi.stroke_color = bytes([255, *results.colour(category)])
    return roi


def _plain(name: str) -> str:
    """Return the name of a class in one line and in the characters that ImageJ can count."""
    return "".join(c if c.isprintable() and ord(c) <= BASIC else "_" for c in name)


def _outline(polygons: list[Polygon]) -> ImagejRoi:
    corners = np.concatenate(polygons)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    roi = ImagejRoi(left=int(left), top=int(top), right=int(right), bottom=int(bottom))
    if len(polygons) == 1:
        roi.roitype, roi.n_coordinates = ROI_TYPE.TRACED, len(corners)
        roi.integer_coordinates = (corners - [left, top]).astype(np.int32)
    else:
        path = np.concatenate([_path(polygon) for polygon in polygons]).astype(np.float32)
        roi.roitype, roi.shape_roi_size = ROI_TYPE.RECT, len(path)
        roi.multi_coordinates = path
    return roi


def _path(polygon: Polygon) -> list[int]:
    steps = [[LINE, x, y] for x, y in polygon.tolist()]
    steps[0][0] = MOVE
    return [number for step in steps for number in step] + [CLOSE]


FORMATS.register(ExportFormat("imagej", "ROI sets for ImageJ and Fiji", ".zip", content))
