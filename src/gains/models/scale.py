"""How large the images and objects of a training are, so that other images can be seen alike."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gains.config.base import Settings
from gains.config.recipe import RecipeSettings
from gains.models.resize import scale_of


class TrainingScale(Settings):
    """The scale of a training; a scale is the number of px at the model's input per px of an image.

    Attributes:
        height: height of the training image of median scale, px.
        width: its width, px.
        scale: scale at which prediction shows this image to the model.
        smallest: smallest scale at which training or prediction shows a training image.
        largest: largest one.
        object: median of the longer sides of the objects' boxes, px at the model's input.
        largest_object: maximum of these sides.
    """

    height: int = Field(ge=1)
    width: int = Field(ge=1)
    scale: float = Field(gt=0)
    smallest: float = Field(gt=0)
    largest: float = Field(gt=0)
    object: float = Field(ge=0)
    largest_object: float = Field(ge=0)


def training_scale(
    images: Iterable[tuple[tuple[int, int], Sequence[float]]], recipe: RecipeSettings
) -> TrainingScale:
    """Return the scale of a training.

    Args:
        images: height and width of each training image, px, and the longer sides of the boxes of
            its objects, px; at least one image has an object.
        recipe: sizes at which images are shown.
    """
    shown = [
        (scale_of(size, recipe.test_size, recipe.max_size), size, sides) for size, sides in images
    ]
    scale, (height, width) = sorted((s, size) for s, size, _ in shown)[(len(shown) - 1) // 2]
    every = [
        scale_of(size, short, recipe.max_size)
        for size in {size for _, size, _ in shown}
        for short in (*recipe.train_sizes, recipe.test_size)
    ]
    sides = [float(s * side) for s, _, listed in shown for side in listed]
    return TrainingScale(
        height=height,
        width=width,
        scale=scale,
        smallest=min(every),
        largest=max(every),
        object=statistics.median(sides),
        largest_object=max(sides),
    )


def longer_sides(boxes: NDArray[np.float64]) -> list[float]:
    """Return the longer side of each box, given as float (N, 4), x0 y0 x1 y1."""
    return [float(side) for side in (boxes[:, 2:] - boxes[:, :2]).max(axis=1)]
