"""ROIs of ImageJ: one ``.roi``, or one ``.zip`` of several, per image.

ROIs of areas refer to the corners of pixels: the point (0, 0) is the upper left corner of the first
pixel (``ij.gui.Roi``: the convention of pixel centres holds for lines and points only). An oval
holds the pixels whose centre lies in the ellipse, as ``ij.gui.OvalRoi`` says.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.labels.shapes import Part, shape_mask
from gains.datasets.readers.coco_checks import SourceImage
from gains.masks.rle import Rle, encode_mask
from gains.support.names import is_junk
from gains.support.too_large import beyond_memory

if TYPE_CHECKING:
    from roifile import ImagejRoi

T = TypeVar("T")

STARTS = {".roi": b"Iout", ".zip": b"PK"}
OUTLINES = ("POLYGON", "FREEHAND", "TRACED")
LARGEST = 2**28
"""Largest size of one ROI in bytes."""
Box = tuple[float, float, float, float]


def _read(path: Path, image: SourceImage, _: LabelSet, findings: Findings) -> list[LabelObject]:
    return [
        LabelObject(_mask(roi, image, path, name, findings), _class(roi), _score(roi))
        for name, roi in _rois(path)
    ]


def _rois(path: Path) -> Iterator[tuple[str, ImagejRoi]]:
    if path.suffix.lower() == ".roi":
        yield path.stem, _roi(path.read_bytes, path)
        return
    with _decoded(lambda: zipfile.ZipFile(path), path) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or is_junk(PurePosixPath(entry.filename)):
                continue
            if not entry.filename.lower().endswith(".roi") or entry.file_size > LARGEST:
                raise ValueError(
                    f"{path}: holds {entry.filename!r}, which is no .roi file; remove it from the "
                    "set"
                )
            at = f"{path}: ROI {entry.filename!r}"
            yield entry.filename, _roi(partial(archive.read, entry), at)


def _roi(content: Callable[[], bytes], at: object) -> ImagejRoi:
    from roifile import ImagejRoi

    return _decoded(lambda: ImagejRoi.frombytes(content()), at)


def _decoded(decode: Callable[[], T], at: object) -> T:
    try:
        return decode()
    except MemoryError as error:
        raise beyond_memory(at) from error
    except Exception as error:  # damaged archives and ROIs raise errors of any kind
        raise ValueError(
            f"{at}: not readable ROIs of ImageJ ({error}); save them again with the ROI manager"
        ) from error


def _class(roi: ImagejRoi) -> str | None:
    """Return the class: the property ``class``, as `gains export` writes it, or the group."""
    if named := _property(roi, "class"):
        return named
    return f"group {roi.group}" if roi.group > 0 else None


def _score(roi: ImagejRoi) -> float | None:
    """Return the property ``score``, as `gains export` writes it."""
    try:
        return float(_property(roi, "score"))
    except ValueError:  # none, or another program's
        return None


def _property(roi: ImagejRoi, name: str) -> str:
    """Return a property of a ROI, or nothing if it has none of this name."""
    for line in (roi.props or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name and value.strip():
            return value.strip()
    return ""


def _mask(roi: ImagejRoi, image: SourceImage, path: Path, name: str, findings: Findings) -> Rle:
    at = f"ROI {name!r}"
    if max(roi.position, roi.c_position, roi.z_position, roi.t_position) > 1:
        raise ValueError(f"{path}: {at} belongs to another plane of a stack than the first")
    kind = roi.roitype.name
    if roi.composite or kind in OUTLINES:
        return shape_mask([_rings(roi, f"{path}: {at}")], image, path, at, findings)
    plain = roi.subtype.name in ("UNKNOWN", "UNDEFINED") and not roi.rounded_rect_arc_size
    if kind in ("RECT", "OVAL") and plain:
        left, top, right, bottom = _box(roi)
        ring = [left, top, right, top, right, bottom, left, bottom]
        rectangle = shape_mask([[ring]], image, path, at, findings)
        return rectangle if kind == "RECT" else _oval(_box(roi), image)
    found = kind if plain else f"{kind} of the kind {roi.subtype.name}, or rounded"
    raise ValueError(
        f"{path}: {at} is a {found}; expected an area: polygon, freehand, traced, rectangle, oval "
        "or a combination of these. Convert it in ImageJ, or remove it"
    )


def _rings(roi: ImagejRoi, at: str) -> Part:
    try:
        rings = roi.coordinates(multi=True)
    except (RuntimeError, NotImplementedError) as error:
        raise ValueError(
            f"{at}: {error}; convert its curves with Edit > Selection > Interpolate"
        ) from error
    return [[float(value) for value in np.ravel(ring)] for ring in rings]


def _box(roi: ImagejRoi) -> Box:
    if roi.subpixelrect:
        return roi.xd, roi.yd, roi.xd + roi.widthd, roi.yd + roi.heightd
    return roi.left, roi.top, roi.right, roi.bottom


def _oval(box: Box, image: SourceImage) -> Rle:
    left, top, right, bottom = box
    width, height = max(right - left, 1e-9), max(bottom - top, 1e-9)
    x = (2 * (np.arange(image.width) + 0.5) - left - right) / width
    y = (2 * (np.arange(image.height) + 0.5) - top - bottom) / height
    return encode_mask(x[None] ** 2 + y[:, None] ** 2 <= 1)


def _problem(path: Path, _: OwnFolders) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(STARTS[path.suffix.lower()]):
        return ""
    return f"it begins with {start!r}"


LABELS.register(
    LabelFormat(
        name="ImageJ ROIs",
        layout="one .roi, or .zip of .roi files, per image",
        suffixes=(".roi", ".zip"),
        problem=_problem,
        read=reader_of(_read, ("_RoiSet",)),
    )
)
