"""Figure 1 of the GAInS paper: a region where objects meet, its gradient field, and their maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out
from gains.published.papers import PublishedFigure

if TYPE_CHECKING:
    from gains.figures.papers.regions import MeetingRegion

PUBLISHED = PublishedFigure(
    paper="GAInS", number="1", shows="Gradient anomalies where objects cross, touch or overlap"
)


def draw(
    coco: Annotated[
        list[Path],
        typer.Option(
            help="COCO JSON file, with the images in a .zip archive beside it; the option may be "
            "repeated, each file is a row."
        ),
    ],
    out: Out,
    split: Annotated[
        list[Path] | None, typer.Option(help="Split file of each data set, to choose images.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            help="Map settings of each data set as a JSON object; by default all defaults."
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            help="Image of a data set as <data set>=<file name>; by default the first training "
            "image with objects that cross, or else overlap, or else touch."
        ),
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the study, for the note below.")] = "",
) -> None:
    """Draw a region where objects meet, its gradient field, and the anomaly maps of two objects.

    Each data set is a row: the image, the region, its ground truth, the directions in which the
    distance to the centre of each object grows, and the gradient anomaly maps of the two objects
    that meet. The objects are those of the target category of the maps.

    \b
    Example:
      gains figure figure1 --coco data/demo/coco/synthetic-cells.json \\
        --split data/demo/splits/synthetic-cells.json --out figure1.pdf
    """
    from gains.datasets.coco import name_of
    from gains.figures.papers.regions import draw_regions

    for option, values in (("--split", split), ("--settings", settings)):
        if values and len(values) != len(coco):
            raise ValueError(
                f"{len(values)} {option} for {len(coco)} --coco; give one each or none"
            )
    named = dict(_pair(text, [name_of(path) for path in coco]) for text in image or [])
    rows = [
        _region(path, split[k] if split else None, settings[k] if settings else "{}", named)
        for k, path in enumerate(coco)
    ]
    draw_regions(rows, study, out)


def _region(coco: Path, split: Path | None, settings: str, named: dict[str, str]) -> MeetingRegion:
    from gains.config.base import validated
    from gains.config.maps import MapSettings
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.drawing.images import Pictures
    from gains.figures.papers.choice import chosen_image
    from gains.figures.papers.regions import MeetingRegion
    from gains.masks.contacts import Contact
    from gains.support.files import parse_object

    parameters = validated(MapSettings, parse_object(settings, "--settings"), "--settings")
    name, content, target = name_of(coco), read_coco(coco), parameters.target_category
    kinds = (Contact.crossing, Contact.light, Contact.touching)
    record = chosen_image(content, named.get(name), split, "train", target, *kinds)
    pixels = Pictures(coco, []).read(record)
    return MeetingRegion.of(name, content, record, pixels, parameters)


def _pair(text: str, names: list[str]) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if not equals or name not in names:
        raise ValueError(
            f"--image {text}: expected <data set>=<file name> with one of the data sets "
            f"{', '.join(names)}"
        )
    return name, file


FIGURES.register(Figure("figure1", draw, PUBLISHED))
