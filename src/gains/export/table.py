"""One CSV table with the size, shape and neighbours of every object of all images."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.export.shape import Shape, shape_of
from gains.masks.overlaps import grown, intersections, mask_areas
from gains.masks.rle import Rle, decode_mask, encode_mask

COLUMNS = (
    *("image", "number", "class", "score"),
    *Shape._fields,
    *("neighbours_overlapped", "neighbours_touched", "overlap_area"),
)


class Neighbours(NamedTuple):
    """The other objects beside each of N objects of one image, of any class; int64 (N,) each.

    Attributes:
        overlapped: how many share a pixel with it.
        touched: how many share none, but lie in one of the eight pixels around one of its pixels.
        overlap_area: number of its pixels that belong to another object too.
    """

    overlapped: NDArray[np.int64]
    touched: NDArray[np.int64]
    overlap_area: NDArray[np.int64]


def neighbours_of(masks: list[Rle]) -> Neighbours:
    """Count the neighbours of the objects of one image."""
    areas = mask_areas(masks)
    near, count = [], np.zeros(masks[0]["size"] if masks else (0, 0), dtype=np.int32)
    for rle in masks:
        mask = decode_mask(rle)
        count += mask
        near.append(encode_mask(grown(mask, 1)))
    overlapped = intersections(masks, masks, areas, areas) > 0
    touched = (intersections(near, masks, mask_areas(near), areas) > 0) & ~overlapped
    twice = [encode_mask(count > 1)] if masks else []
    shared = intersections(masks, twice, areas, mask_areas(twice)).sum(axis=1)
    np.fill_diagonal(overlapped, False)
    return Neighbours(overlapped.sum(axis=1), touched.sum(axis=1), shared)


def _rows(results: Results, images: Sequence[ExportedImage]) -> Iterator[list[object]]:
    """Yield the cells of each object."""
    for image in images:
        objects = image.objects
        beside = neighbours_of(objects.masks)
        for k, rle in enumerate(objects.masks):
            name = results.categories[int(objects.categories[k])]
            shape = [
                f"{value:.4f}" if isinstance(value, float) else value
                for value in shape_of(decode_mask(rle))
            ]
            score = f"{objects.scores[k]:.6f}"
            counts = [int(column[k]) for column in beside]
            yield [image.record.file_name, k + 1, name, score, *shape, *counts]


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return the table in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(results, images))
    return text.getvalue().encode()


FORMATS.register(
    ExportFormat(
        "csv",
        "one table of all objects, with size, shape and neighbours",
        ".csv",
        content,
        file="objects.csv",
    )
)
