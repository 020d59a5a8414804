"""Figure 3 of the DoNet paper: the attention of mask-guided region proposal (MRP)."""

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
    paper="DoNet", number="3", shows="The attention by which the second search is guided"
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
    """Draw the cells that DoNet finds first, the attention that follows, and what it finds then.

    \b
    Example:
      gains figure donet_figure3 --model model.pt --coco my.json --split my-split.json \\
        --out attention.pdf
    """
    from gains.figures.papers.model_maps import draw_attention
    from gains.figures.papers.seen import Seen

    seen = Seen.of(model, coco, split, image, target_category, study)
    draw_attention(seen, target_category, min_score, out)


FIGURES.register(Figure("donet_figure3", draw, PUBLISHED))
