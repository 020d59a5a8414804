"""Figure 5 of the DoNet paper: methods side by side on one of its data sets."""

from __future__ import annotations

from gains.figures.base import FIGURES, Figure
from gains.figures.figure4 import draw
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="DoNet", number="5", shows="Methods side by side on the second data set"
)
FIGURES.register(Figure("donet_figure5", draw, PUBLISHED))
