"""The figures. Importing this package registers all of them."""

from gains.figures import augmentations, curves, figure3, predictions, ranks
from gains.figures.base import FIGURES, Figure

__all__ = ["FIGURES", "Figure", "augmentations", "curves", "figure3", "predictions", "ranks"]
