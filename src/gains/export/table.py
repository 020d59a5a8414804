"""One CSV table with the size, shape and neighbours of every object of all images."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.export.shape import Shape, shape_of
from gains.masks.contacts import KINDS, contacts_of
from gains.masks.windows import window_of

COLUMNS = (
    *("image", "number", "class", "score"),
    *Shape._fields,
    *("neighbours_overlapped", "neighbours_touched", "overlap_area", "contact"),
)


def _rows(results: Results, images: Sequence[ExportedImage]) -> Iterator[list[object]]:
    """Yield the cells of each object."""
    for image in images:
        objects = image.objects
        windows = [window_of(rle) for rle in objects.masks]
        beside = contacts_of(objects.masks)
        columns = (beside.overlapped, beside.touched, beside.shared_areas)
        kinds = [KINDS[number] for number in beside.kinds.tolist()]
        for k, window in enumerate(windows):
            name = results.categories[int(objects.categories[k])]
            shape = [
                f"{value:.4f}" if isinstance(value, float) else value for value in shape_of(window)
            ]
            score = f"{objects.scores[k]:.6f}"
            counts = [int(column[k]) for column in columns]
            yield [image.record.file_name, k + 1, name, score, *shape, *counts, kinds[k]]


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
