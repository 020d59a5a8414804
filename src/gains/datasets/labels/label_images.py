"""Label images: each value but 0 is the number of an object.

A file may hold several layers (pages or planes), so that objects can overlap: each layer is a label
image, and the same number in two layers means two objects. `gains export` writes such files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.readers.image_file import unpacked
from gains.datasets.readers.images import IMAGE_SUFFIXES, opened
from gains.datasets.readers.mask_values import is_label_image
from gains.datasets.readers.tiff_file import (
    MIN_IS_BLACK,
    PALETTE,
    check_length,
    refuse_fewer_images,
)
from gains.masks.crops import encode_crops

if TYPE_CHECKING:
    from tifffile import TiffPageSeries

TIFF, NPY = (".tif", ".tiff"), ".npy"
SUFFIXES = (".png", *TIFF, NPY)
ENDINGS = ("_masks", "_cp_masks", "_mask", "_labels", "_label")
WHITE = (255, 65535)
"""Values of white, which masks of all objects together have in place of numbers."""
FLAT = (
    "A label image of one layer cannot hold overlaps: a pixel belongs to one object only. If "
    "objects of these images overlap, their hidden parts are missing"
)
FILLED = (
    "objects in all four corners of the image were kept; check that the value of the background "
    "is 0, or black"
)
CORNERS = np.ix_((0, -1), (0, -1))
EIGHT = np.ones((3, 3), dtype=bool)
BASE = 1 << 16


class Layers(NamedTuple):
    """The label images in a file.

    Attributes:
        values: the layers, each (H, W) whole numbers.
        classes: names of classes by the number of the object, as `gains export` records them.
    """

    values: list[NDArray[Any]]
    classes: Mapping[str, str] = {}


def objects_of(layers: Layers, path: Path, findings: Findings) -> list[LabelObject]:
    """Return the objects of label images, in order of number and then of layer.

    Args:
        layers: the label images.
        path: the file, for messages.
        findings: records objects of several pieces.

    Raises:
        ValueError: values are negative or no whole numbers, or those of a photograph or of a mask
            of all objects together.
    """
    found: list[tuple[int, int, LabelObject]] = []
    for index, values in enumerate(layers.values):
        numbers, ranks = _ranks(values, path)
        if numbers.size and not is_label_image(ranks, np.zeros(ranks.shape, dtype=bool)):
            raise ValueError(
                f"{path}: most areas of equal values are crumbs, as in a photograph or a resized "
                "image; expected a label image: one number in the area of each object, saved and "
                "resized without smoothing"
            )
        _refuse_white(numbers, ranks, path)
        for rank, place in enumerate(scipy.ndimage.find_objects(ranks), start=1):
            crop = ranks[place] == rank
            corner = np.array([[place[1].start, place[0].start]])
            mask = encode_crops(crop.T[None], corner, values.shape)[0]
            number = int(numbers[rank - 1])
            found.append((number, index, LabelObject(mask, layers.classes.get(str(number)))))
            if crop.shape == values.shape and crop[CORNERS].all():
                findings.add(FILLED, path.name)
            if scipy.ndimage.label(crop, EIGHT)[1] > 1:
                findings.add("objects of several pieces were kept as one object", path.name)
    return [item for *_, item in sorted(found, key=lambda entry: entry[:2])]


def _ranks(values: NDArray[Any], path: Path) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the numbers of a label image in order, and its pixels by rank; background is 0."""
    if values.dtype.kind not in "buif":
        raise ValueError(f"{path}: holds values of type {values.dtype}; expected whole numbers")
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values % 1 == 0).all()):
        raise ValueError(f"{path}: holds values that are no whole numbers; expected a label image")
    if values.dtype.kind in "if" and values.min() < 0:
        raise ValueError(
            f"{path}: holds the value {values.min():g}; expected 0 for background and positive "
            "numbers for objects"
        )
    inside = values != 0
    numbers, order = np.unique(values[inside], return_inverse=True)
    ranks = np.zeros(values.shape, dtype=np.int64)
    ranks[inside] = order + 1
    return numbers, ranks


def _refuse_white(numbers: NDArray[Any], ranks: NDArray[np.int64], path: Path) -> None:
    if len(numbers) == 1 and (numbers[0] in WHITE or numbers.dtype == bool):
        pieces = scipy.ndimage.label(ranks, EIGHT)[1]
        if pieces > 1:
            raise ValueError(
                f"{path}: holds the value {numbers[0]} alone, in {pieces} pieces, so it is a mask "
                "of all objects together, in which touching objects cannot be told apart; expected "
                "a number of its own for each object"
            )


def layers_in(values: NDArray[Any], size: tuple[int, int], path: Path) -> list[NDArray[Any]]:
    """Return the layers of an array, whose last two axes are rows and columns.

    Raises:
        ValueError: it has another size than the image.
    """
    check_shape(values.shape, size, path)
    return list(values.reshape(-1, *size))


def check_shape(shape: tuple[int, ...], size: tuple[int, int], path: Path) -> None:
    """Refuse labels of another size than their image.

    Raises:
        ValueError: they have another size.
    """
    if tuple(shape[-2:]) != size or 0 in shape:
        raise ValueError(
            f"{path}: the labels have the shape {list(shape)}, but the image has {list(size)} px "
            "(height, width); expected this size, and layers as further pages or planes before it"
        )


def _problem(path: Path, folders: OwnFolders) -> str:
    if path.suffix.lower() not in SUFFIXES:
        return "its format may change values; save the numbers as PNG, TIFF or NPY"
    if folders.is_image(path):
        return "it lies among the images; put the label images in a folder of their own"
    if path in folders.masks:
        return "it is a mask file in a folder of its image"
    if path.name.lower().endswith("_seg.npy"):
        return "it is named as files of Cellpose are"
    return ""


def _read(path: Path, image: SourceImage, _: LabelSet, findings: Findings) -> list[LabelObject]:
    size, suffix = (image.height, image.width), path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: {suffix} may change values; save the labels as PNG or TIFF")
    if suffix == NPY:
        layers = Layers(layers_in(_numpy(path), size, path))
    else:
        layers = _tiff(path, size) if suffix in TIFF else Layers([_picture(path, size, findings)])
    return objects_of(layers, path, findings)


def _numpy(path: Path) -> NDArray[Any]:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"{path}: not a readable NPY file of numbers ({error}); save the label image with "
            "numpy.save"
        ) from error
    if not isinstance(values, np.ndarray):
        raise ValueError(f"{path}: is an archive of arrays; expected one array in a NPY file")
    return values


def _tiff(path: Path, size: tuple[int, int]) -> Layers:
    import tifffile

    with unpacked(path, lambda: tifffile.TiffFile(path)) as tiff:
        every = unpacked(path, lambda: list(tiff.series))
        series = [found for found in every if not found.keyframe.is_reduced]
        if not series:
            raise ValueError(f"{path}: holds no image; copy it again, or save it as TIFF again")
        for found in series:
            _check_series(found, size, path)
        described = unpacked(path, lambda: (tiff.shaped_metadata or [{}])[0])
        arrays = [unpacked(path, found.asarray).reshape(-1, *size) for found in series]
        values = [layer for array in arrays for layer in array]
        refuse_fewer_images(path, tiff, len(values))
    classes = described.get("classes") if "gains_labels" in described else None
    if not isinstance(classes, dict | None) or not all(
        isinstance(name, str) for name in (classes or {}).values()
    ):
        raise ValueError(
            f"{path}: names the classes {str(classes)[:60]!r}; expected a record of the name for "
            "each number, as gains export writes it"
        )
    return Layers(values, classes or {})


def _check_series(series: TiffPageSeries, size: tuple[int, int], path: Path) -> None:
    photometric = series.keyframe.photometric
    if photometric not in (MIN_IS_BLACK, PALETTE):
        raise ValueError(
            f"{path}: has {photometric.name} colours; expected a label image in grey, whose value "
            "0 is black"
        )
    check_shape(series.shape, size, path)
    for page in unpacked(path, lambda: list(series.pages)):
        if page is not None:
            check_length(path, page)


def _picture(path: Path, size: tuple[int, int], findings: Findings) -> NDArray[Any]:
    """Return the numbers in a PNG: grey, the indices of a palette, or one number per colour."""
    with opened(path) as file:
        check_shape((file.height, file.width), size, path)
        if file.orientation != 1:
            findings.add("orientation tags of label images were not applied", path.name)
        stored = unpacked(path, file.decode)
    values = stored.colour if stored.indices is None else stored.indices
    if values.ndim == 3:
        values = values.astype(np.int64) @ np.array([BASE**2, BASE, 1])
        findings.add("label images in colours were read with one object per colour", path.name)
    return values if stored.alpha is None else np.where(stored.alpha > 0, values, 0)


LABELS.register(
    LabelFormat(
        name="label images",
        layout=f"one {', '.join(SUFFIXES)} per image, with a number for each object",
        suffixes=(*IMAGE_SUFFIXES, NPY),
        problem=_problem,
        read=reader_of(_read, ENDINGS),
        note=FLAT,
    )
)
