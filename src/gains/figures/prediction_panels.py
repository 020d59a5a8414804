"""The panels of the prediction figure: each row has an image, the ground truth and the methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.figures.colours import colours
from gains.figures.images import Pictures, told_apart
from gains.figures.prediction_columns import Column
from gains.figures.style import bare, figure, outlines
from gains.instances import Instances

PANEL = 1.9
"""Width of a panel, inches."""


@dataclass(frozen=True)
class Row:
    """One image with its masks.

    Attributes:
        name: file name.
        pixels: uint8 (H, W, 3).
        masks: instances of the ground truth, then those of each method.
    """

    name: str
    pixels: NDArray[np.uint8]
    masks: list[Instances]


def rows(
    coco: CocoDataset,
    records: list[ImageRecord],
    pictures: Pictures,
    columns: list[Column],
    min_score: float,
) -> list[Row]:
    """Return the rows of the figure."""
    return [
        Row(
            record.file_name,
            pictures.read(record),
            [
                coco.instances(record.id),
                *(column.instances_of(record, min_score) for column in columns),
            ],
        )
        for record in records
    ]


def draw_rows(found: list[Row], titles: list[str], out: str | Path) -> None:
    """Draw the rows and save them.

    Args:
        found: at least one image.
        titles: titles of the methods' columns.
        out: ``.pdf`` or ``.png``; the other is written beside it.
    """
    heights = [PANEL * row.pixels.shape[0] / row.pixels.shape[1] + 0.2 for row in found]
    headings = ["Image", "Ground truth", *titles]
    labels = told_apart([row.name for row in found])
    with figure(PANEL * len(headings), sum(heights) + 0.2, out, "constrained") as drawn:
        grid: Any = drawn.subplots(
            len(found), len(headings), squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for number, (row, axes) in enumerate(zip(found, grid, strict=True)):
            _row(axes, row, labels[number], headings if number == 0 else [""] * len(headings))


def _row(axes: list[Axes], row: Row, label: str, headings: list[str]) -> None:
    for place, heading in zip(axes, headings, strict=True):
        place.imshow(row.pixels)
        bare(place, heading)
    axes[0].set_ylabel(label, fontsize=7)
    for place, instances in zip(axes[1:], row.masks, strict=True):
        outlines(place, instances, colours(instances), fill=0.25)
        count = len(instances)
        place.set_xlabel(f"{count} object{'' if count == 1 else 's'}", fontsize=7, labelpad=2)
