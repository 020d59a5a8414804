"""The panels of figure 1 of GAInS: a region where two objects meet, and their fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gains.anomaly.build import maps_of_image
from gains.anomaly.fields import Float, centre_of, gradient
from gains.anomaly.region import Region
from gains.config.maps import MapSettings
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.figures.drawing.colours import colours
from gains.figures.drawing.images import short
from gains.figures.drawing.style import BACKGROUND, outlines
from gains.figures.papers.choice import strongest, true_objects
from gains.figures.papers.grid import bar_beside, look_at, panels_in_grid, square_around
from gains.figures.prediction.signs import boxes
from gains.instances import Instances
from gains.masks.contacts import Contact
from gains.masks.meetings import Box, box_of, enclosing, meetings_of

ARROWS = 13
"""Number of arrows along the longer side of a region."""
TITLES = (
    "Image",
    "Region",
    "Ground truth",
    "Gradient field",
    "Anomaly map of A",
    "Anomaly map of B",
)
OUTLINE = "#9a9a9a"


@dataclass(frozen=True)
class MeetingRegion:
    """A region of an image where two objects meet.

    Attributes:
        dataset: name of the data set.
        file_name: name of the image.
        pixels: uint8 (H, W, 3).
        objects: the objects of the target category.
        pair: indices of the two objects.
        kind: kind of their contact.
        box: the region.
        maps: float64 (2, H, W), their gradient anomaly maps.
        top: largest value that the maps can have.
    """

    dataset: str
    file_name: str
    pixels: NDArray[np.uint8]
    objects: Instances
    pair: tuple[int, int]
    kind: Contact
    box: Box
    maps: Float
    top: float

    @staticmethod
    def of(
        dataset: str,
        coco: CocoDataset,
        image: ImageRecord,
        pixels: NDArray[np.uint8],
        settings: MapSettings,
    ) -> MeetingRegion:
        """Return the region of the strongest contact of an image.

        Raises:
            ValueError: no two objects of the target category are in contact.
        """
        objects = true_objects(coco, image, settings.target_category)
        meeting = strongest(meetings_of(objects.masks))
        if meeting is None:
            raise ValueError(
                f"image {image.file_name!r}: no two of its {len(objects)} objects of the category "
                f"{coco.categories[settings.target_category]!r} touch or overlap; name another one "
                "with --image"
            )
        pair = meeting.first, meeting.second
        both = enclosing(box_of(objects.masks[k]) for k in pair)
        found = {
            number: record.full(size)
            for number, size, record in maps_of_image((image, coco.annotations[image.id], settings))
        }
        return MeetingRegion(
            dataset,
            image.file_name,
            pixels,
            objects,
            pair,
            meeting.kind,
            square_around(both, image.height, image.width),
            np.stack([found[int(objects.ids[k])] for k in pair]).astype(np.float64),
            1 + settings.f_ga,
        )


def draw_regions(rows: Sequence[MeetingRegion], study: str, out: str | Path) -> None:
    """Draw a row for each region, and save the figure.

    Args:
        rows: the regions.
        study: name of the study, or "".
        out: ``.pdf`` or ``.png``; the other is written beside it.
    """
    images = "; ".join(f"{row.dataset}: {short(row.file_name)}, {row.kind.value}" for row in rows)
    note = (
        f"{f'Study {study}, ' if study else ''}ground truth of training images. {images}. Red: the "
        "region. Arrows: direction in which the distance to the centre of an object grows. Grey "
        "outlines: all objects of the target category."
    )
    shapes = [row.pixels.shape[0] / row.pixels.shape[1] for row in rows]
    with panels_in_grid(TITLES, shapes, note, out) as (drawn, places):
        for axes, row in zip(places, rows, strict=True):
            axes[0].set_ylabel(row.dataset, fontsize=8)
            _image(axes[:3], row)
            _field(axes[3], row)
            for place, values in zip(axes[4:], row.maps, strict=True):
                shown = place.imshow(values, cmap="inferno", vmin=1, vmax=row.top)
                outlines(place, row.objects, [OUTLINE] * len(row.objects), width=0.6)
                look_at(place, row.box)
            bar_beside(drawn, shown, axes[4:], "weight")


def _image(axes: Sequence[Axes], row: MeetingRegion) -> None:
    for place in axes:
        place.imshow(row.pixels)
    boxes(axes[0], [row.box], 1.0)
    outlines(axes[2], row.objects, colours(row.objects), fill=0.3, width=1.0)
    for place in axes[1:]:
        look_at(place, row.box)
    for k, letter in zip(row.pair, "AB", strict=True):
        y, x = centre_of(row.objects.select(np.array([k])).stack()[0])
        text = axes[2].text(x, y, letter, ha="center", va="center", weight="bold", fontsize=9)
        text.set_bbox({"facecolor": "white", "alpha": 0.7, "pad": 1, "linewidth": 0})


def _field(axes: Axes, row: MeetingRegion) -> None:
    """Draw the gradient of the distance to the centre of each object, in its pixels."""
    axes.set_facecolor(BACKGROUND)
    chosen = colours(row.objects)
    outlines(axes, row.objects, chosen, fill=0.15, width=0.8)
    x0, y0, x1, y1 = row.box
    step = max(1, round(max(x1 - x0, y1 - y0) / ARROWS))
    size = row.objects.height, row.objects.width
    for mask, colour in zip(row.objects.stack(), chosen, strict=True):
        seen = np.zeros_like(mask)
        seen[y0 + step // 2 : y1 : step, x0 + step // 2 : x1 : step] = True
        y, x = np.nonzero(mask & seen)
        if not y.size:
            continue
        along_y, along_x = gradient(Region(0, 0, *size), centre_of(mask), size)
        length = np.maximum(np.hypot(along_y, along_x), 1e-9)
        axes.quiver(
            x,
            y,
            (along_x / length)[y, x],
            (along_y / length)[y, x],
            color=colour,
            angles="xy",
            scale_units="xy",
            scale=1 / (0.9 * step),
            width=0.008,
            pivot="mid",
            zorder=3,
        )
    look_at(axes, row.box)
    axes.set_aspect("equal")
