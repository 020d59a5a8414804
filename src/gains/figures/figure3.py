"""Figure 3 of the GAInS paper: the steps from an image and its masks to the anomaly map."""

from __future__ import annotations

from typing import Annotated

import typer

from gains.figures.base import FIGURES, Coco, Figure, Images, Out, Split
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="GAInS", number="3", shows="From an image and its masks to the gradient anomaly map"
)


def draw(
    coco: Coco,
    out: Out,
    settings: Annotated[
        str, typer.Option(help="Map settings as a JSON object; other keys have their defaults.")
    ] = "{}",
    split: Split = None,
    image: Annotated[
        str | None,
        typer.Option(help="File name of the image; by default the first of the training part."),
    ] = None,
    images: Images = None,
    study: Annotated[
        str, typer.Option(help="Name of the study, for the label of the figure.")
    ] = "",
) -> None:
    """Draw the steps from one image to its anomaly map: image, masks, fields, map, overlay.

    \b
    Examples:
      gains figure figure3 --coco data/demo/coco/synthetic-cells.json --out figure3.pdf
      gains figure figure3 --coco my.json --images my_images --image 07.png \\
        --settings '{"program": "nuclei", "window_size": 8, "f_ga": 0.8}' --out map07.png
    """
    from gains.config.base import validated
    from gains.config.maps import MapSettings
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.drawing.images import Pictures, candidates, short
    from gains.figures.steps.fields import steps
    from gains.figures.steps.panels import draw_steps
    from gains.support.files import parse_object

    parameters = validated(MapSettings, parse_object(settings, "--settings"), "--settings")
    content = read_coco(coco)
    record = content.by_name([image])[0] if image else candidates(content, split, "train")[0]
    found = steps(record, content.annotations[record.id], parameters)
    pixels = Pictures(coco, [images] if images else []).read(record)
    labels = [name_of(coco), *([f"study {study}"] if study else []), short(record.file_name)]
    draw_steps(pixels, content.instances(record.id), found, parameters, labels, out)


FIGURES.register(Figure("figure3", draw, PUBLISHED))
