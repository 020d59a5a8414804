"""Figure 4 of the GAInS paper: methods side by side, with boxes where objects meet."""

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
    paper="GAInS",
    number="4",
    shows="Methods side by side where objects cross, touch or overlap",
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
    """Draw methods side by side, with red boxes where objects of the ground truth meet.

    Each image is a row. A box is around the pixels that two objects of one category share, or that
    lie beside the other object. Everything else is as in `gains figure predictions`.

    \b
    Example:
      gains figure figure4 --coco my.json --predictions a.json.gz --label "Mask R-CNN" \\
        --predictions b.json.gz --label GAInS --scores a.scores.json --worst 2 --out figure4.pdf
    """
    from gains.figures.prediction.side_by_side import Compared

    compared = Compared(
        coco, predictions, label or [], image or [], scores or [], worst, min_score, study
    )
    compared.draw("meetings", out)


FIGURES.register(Figure("figure4", draw, PUBLISHED))
