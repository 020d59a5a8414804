"""Figure 6 of the DoNet paper: heat maps of the intersection, complement and instance masks."""

from __future__ import annotations

from typing import Annotated

import typer

from gains.figures.base import (
    FIGURES,
    Coco,
    Figure,
    MinScore,
    Model,
    Out,
    Split,
    TargetCategory,
    TestImage,
)
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="DoNet", number="6", shows="Heat maps of intersection, complement and instance"
)


def draw(
    model: Model,
    coco: Coco,
    out: Out,
    target_category: TargetCategory = 1,
    split: Split = None,
    image: TestImage = None,
    min_score: MinScore = 0.5,
    study: Annotated[str, typer.Option(help="Name of the study, for the note below.")] = "",
) -> None:
    """Draw the probabilities of the three masks that DoNet computes for each object of an image.

    \b
    Example:
      gains figure donet_figure6 --model model.pt --coco my.json --split my-split.json \\
        --out heat.pdf
    """
    from gains.figures.papers.model_maps import draw_heat
    from gains.figures.papers.seen import Seen

    draw_heat(
        Seen.of(model, coco, split, image, target_category, study), target_category, min_score, out
    )


FIGURES.register(Figure("donet_figure6", draw, PUBLISHED))
