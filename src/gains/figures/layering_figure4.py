"""Figure 4 of the layering paper: methods side by side, with a sign for each error."""

from __future__ import annotations

from gains.figures.base import (
    FIGURES,
    Cocos,
    Figure,
    Labels,
    LeastScore,
    NamedImages,
    Out,
    ResultLists,
    ScoreFiles,
    StudyTitle,
    Worst,
)
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="Layering", number="4", shows="Methods side by side, with their errors by kind"
)


def draw(
    coco: Cocos,
    predictions: ResultLists,
    out: Out,
    label: Labels = None,
    image: NamedImages = None,
    worst: Worst = 1,
    scores: ScoreFiles = None,
    min_score: LeastScore = 0.5,
    study: StudyTitle = "",
) -> None:
    """Draw methods side by side, with a sign on each object that is not found, or not well.

    Each image is a row. The signs are of the kinds that the legend names; docs/tables.md defines
    them. Images are chosen as in `gains figure figure4`.

    \b
    Example:
      gains figure layering_figure4 --coco my.json --predictions a.json.gz --label StarDist \\
        --predictions b.json.gz --label Layering --scores a.scores.json --worst 2 --out errors.pdf
    """
    from gains.figures.prediction.side_by_side import Compared

    compared = Compared(
        coco, predictions, label or [], image or [], scores or [], worst, min_score, study
    )
    compared.draw("errors", out)


FIGURES.register(Figure("layering_figure4", draw, PUBLISHED))
