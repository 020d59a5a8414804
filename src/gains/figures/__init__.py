"""The figures; importing this package registers them all."""

from gains.figures import figure3, predictions
from gains.figures.base import FIGURES, Figure

__all__ = ["FIGURES", "Figure", "figure3", "predictions"]
