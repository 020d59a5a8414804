"""Figure 5 of the layering paper: one layer on several images."""

from __future__ import annotations

from typing import Annotated

import typer

from gains.figures.base import (
    FIGURES,
    Coco,
    Figure,
    LayeringModel,
    Out,
    Split,
    TargetCategory,
)
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(paper="Layering", number="5", shows="One layer on several images")


def draw(
    model: LayeringModel,
    coco: Coco,
    out: Out,
    target_category: TargetCategory = 1,
    split: Split = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            help="File name of an image, with --split one of its test part; the option may be "
            "repeated."
        ),
    ] = None,
    number: Annotated[
        int,
        typer.Option(min=1, max=8, help="Number of images of the test part, if none is named."),
    ] = 4,
    layer: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of the layer, counted from 1; by default the one with most objects in "
            "these images.",
        ),
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the study, for the note below.")] = "",
) -> None:
    """Draw one layer of a model of layering on several images, with the objects of that layer.

    \b
    Example:
      gains figure layering_figure5 --model model.pt --coco my.json --split my-split.json \\
        --layer 3 --out layer.pdf
    """
    from gains.figures.papers.choice import require_in_part
    from gains.figures.papers.layer_maps import draw_one_layer
    from gains.figures.papers.seen import Seen

    require_in_part(image or [], split, "test")
    every = Seen.several(model, coco, split, image or [], number, study)
    draw_one_layer(every, target_category, layer, out)


FIGURES.register(Figure("layering_figure5", draw, PUBLISHED))
