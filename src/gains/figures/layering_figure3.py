"""Figure 3 of the layering paper: the activation of every layer on an image."""

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

PUBLISHED = PublishedFigure(
    paper="Layering", number="3", shows="The activation of every layer on an image"
)


def draw(
    model: LayeringModel,
    coco: Coco,
    out: Out,
    target_category: TargetCategory = 1,
    split: Split = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="File name of the image, with --split one of its test part; by default the first "
            "of the test part in which objects of the category overlap, or else touch."
        ),
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the study, for the note below.")] = "",
) -> None:
    """Draw the foreground and all layers that a model of layering sees, and its objects by layer.

    \b
    Example:
      gains figure layering_figure3 --model model.pt --coco my.json --split my-split.json \\
        --out layers.pdf
    """
    from gains.figures.papers.choice import require_in_part
    from gains.figures.papers.layer_maps import draw_all_layers
    from gains.figures.papers.seen import Seen
    from gains.masks.contacts import Contact

    require_in_part([image] if image else [], split, "test")
    least = (Contact.light, Contact.touching)
    seen = Seen.of(model, coco, split, image, target_category, study, least)
    draw_all_layers(seen, target_category, out)


FIGURES.register(Figure("layering_figure3", draw, PUBLISHED))
