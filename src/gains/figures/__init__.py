"""The figures. Importing this package registers all of them."""

from gains.figures import (
    augmentations,
    clusters,
    curves,
    differences,
    donet_figure1,
    donet_figure3,
    donet_figure4,
    donet_figure5,
    donet_figure6,
    figure1,
    figure3,
    figure4,
    layering_figure3,
    layering_figure4,
    layering_figure5,
    predictions,
    ranks,
)
from gains.figures.base import FIGURES, Figure

__all__ = [
    "FIGURES",
    "Figure",
    "augmentations",
    "clusters",
    "curves",
    "differences",
    "donet_figure1",
    "donet_figure3",
    "donet_figure4",
    "donet_figure5",
    "donet_figure6",
    "figure1",
    "figure3",
    "figure4",
    "layering_figure3",
    "layering_figure4",
    "layering_figure5",
    "predictions",
    "ranks",
]
