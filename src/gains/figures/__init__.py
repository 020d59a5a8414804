"""The figures. Importing this package registers all of them."""

from gains.figures import augmentations, figure3, predictions
from gains.figures.base import FIGURES, Figure

__all__ = ["FIGURES", "Figure", "augmentations", "figure3", "predictions"]
