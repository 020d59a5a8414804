"""Figure 4 of the DoNet paper: methods side by side on one of its data sets."""

from __future__ import annotations

from gains.figures.base import FIGURES, Figure
from gains.figures.figure4 import draw
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="DoNet", number="4", shows="Methods side by side on the first data set"
)
FIGURES.register(Figure("donet_figure4", draw, PUBLISHED))
