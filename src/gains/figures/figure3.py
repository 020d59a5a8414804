"""Figure 3 of the GAInS paper: from an image and its masks to the gradient anomaly map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Coco, Figure, Images, Out, Split

if TYPE_CHECKING:
    from gains.config.maps import MapSettings


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
        --settings '{"variant": "nuclei", "window_size": 8, "f_ga": 0.8}' --out map07.png
    """
    from gains.datasets.coco import read_coco
    from gains.figures.colours import name_of
    from gains.figures.figure3_fields import steps
    from gains.figures.figure3_panels import show
    from gains.figures.images import Pictures, candidates, named, short

    parameters, content = parse(settings), read_coco(coco)
    record = named(content, [image])[0] if image else candidates(content, split, "train")[0]
    found = steps(record, content.annotations[record.id], parameters)
    pixels = Pictures(coco, images).read(record)
    labels = [name_of(coco), *([f"study {study}"] if study else []), short(record.file_name)]
    show(pixels, content.instances(record.id), found, parameters, labels, out)


def parse(text: str) -> MapSettings:
    """Parse map parameters.

    Raises:
        ValueError: not JSON, an unknown key (the nearest is named), or a value out of range.
    """
    from pydantic import ValidationError

    from gains.config.base import explain
    from gains.config.maps import MapSettings

    try:
        return MapSettings.model_validate(json.loads(text))
    except ValidationError as error:
        raise explain(error, "--settings") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"--settings: not JSON: {error}; found {text[:80]!r}") from error


FIGURES.register(Figure("figure3", draw))
