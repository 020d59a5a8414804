"""Which images are predicted in tiles, and how these lie.

A model sees an image resized to a fixed size. An image with far more pixels than those of the
training would be shrunk, and its objects with it. It is therefore cut into tiles of the size of a
training image, which the model sees at the scale of the training. Tiles overlap by more than the
largest object of the training, so that each object lies whole in at least one tile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from gains.config.recipe import RecipeSettings
from gains.datasets.records import CocoRecord
from gains.models.resize import at_scale, scale_of
from gains.models.scale import TrainingScale

TOLERANCE = 1.25
"""Factor by which an image may be shrunk or enlarged beyond every training image."""
EDGE = 4
"""Distance to the border of a tile within which a mask may end that the border cuts, px at the
model's input: masks are drawn on a coarse grid."""
SMALLEST = 32
"""Shortest side of a tile, px."""

Tiles = Literal["auto", "never"] | int
"""Whether images are cut: if they are larger than those of the training, never, or into tiles of a
side in px."""


class Window(NamedTuple):
    """A rectangle of an image, px: rows from ``top`` to ``bottom``, columns ``left`` to ``right``.

    The last row and the last column do not belong to it.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def place(self) -> tuple[slice, slice]:
        """The rows and columns of the window."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True)
class Tiling:
    """The tiles of one image, all of one size.

    Attributes:
        rows: first and last end of the rows of each row of tiles, px, from top to bottom.
        columns: those of the columns of each column of tiles, from left to right.
        seen: height and width at which the model sees a tile.
        scale: px at the model's input per px of the image.
        overlap: smallest overlap of adjacent tiles, px.
    """

    rows: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]
    seen: tuple[int, int]
    scale: float
    overlap: int

    @cached_property
    def windows(self) -> list[Window]:
        """The tiles, row by row."""
        return [
            Window(top, left, bottom, right)
            for top, bottom in self.rows
            for left, right in self.columns
        ]

    @property
    def image(self) -> tuple[int, int]:
        """Height and width of the image, px."""
        return self.rows[-1][1], self.columns[-1][1]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a tile, px."""
        (top, bottom), (left, right) = self.rows[0], self.columns[0]
        return bottom - top, right - left

    @property
    def edge(self) -> float:
        """Distance to the border of a tile within which a mask counts as cut, px of the image."""
        return EDGE / self.scale

    def to_json(self) -> CocoRecord:
        """Return what the list of predicted images says about an image in tiles."""
        return {
            "rows": len(self.rows),
            "columns": len(self.columns),
            "size": list(self.size),
            "overlap": self.overlap,
            "scale": self.scale,
        }


def parse_tiles(text: str) -> Tiles:
    """Parse the choice of tiles.

    Raises:
        ValueError: the text is neither ``auto`` nor ``never`` nor a side in px.
    """
    named: dict[str, Tiles] = {"auto": "auto", "never": "never"}
    if text in named:
        return named[text]
    if text.isdecimal() and int(text) >= SMALLEST:
        return int(text)
    raise ValueError(
        f"--tiles: found {text!r}; expected auto, never, or the side of a tile in px, at least "
        f"{SMALLEST}, for example --tiles 512"
    )


def is_larger(size: tuple[int, int], recipe: RecipeSettings, training: TrainingScale) -> bool:
    """Return whether an image would be shrunk far more than every training image."""
    whole = scale_of(size, recipe.test_size, recipe.max_size)
    return whole * TOLERANCE < training.smallest


def is_smaller(size: tuple[int, int], recipe: RecipeSettings, training: TrainingScale) -> bool:
    """Return whether an image would be enlarged far more than every training image."""
    whole = scale_of(size, recipe.test_size, recipe.max_size)
    return whole > training.largest * TOLERANCE


def tiling_of(
    size: tuple[int, int], recipe: RecipeSettings, training: TrainingScale | None, tiles: Tiles
) -> Tiling | None:
    """Return the tiles of an image, or None if it is predicted whole.

    Args:
        size: height and width of the image, px.
        recipe: sizes that the model sees.
        training: sizes of the training; None if the model file does not hold them.
        tiles: the choice of tiles.
    """
    if tiles == "never":
        return None
    if tiles == "auto":
        if training is None or not is_larger(size, recipe, training):
            return None
        tile, scale = (training.height, training.width), training.scale
    else:
        tile, scale = (tiles, tiles), scale_of((tiles, tiles), recipe.test_size, recipe.max_size)
    tile = (min(tile[0], size[0]), min(tile[1], size[1]))
    overlap = _overlap(tile, scale, training)
    rows, columns = (_places(*pair, overlap) for pair in zip(size, tile, strict=True))
    return Tiling(rows, columns, at_scale(tile, scale), scale, overlap)


def _overlap(tile: tuple[int, int], scale: float, training: TrainingScale | None) -> int:
    """Return the overlap that holds the largest object; at most half a tile, which is large."""
    half = max(tile) // 2
    if training is None:
        return half
    return min(half, math.ceil((training.largest_object + 2 * EDGE) / scale))


def _places(length: int, side: int, overlap: int) -> tuple[tuple[int, int], ...]:
    """Return begin and end of the tiles along one axis, evenly spaced."""
    overlap = min(overlap, side // 2)
    number = 1 + math.ceil((length - side) / (side - overlap))
    begins = [k * (length - side) // max(1, number - 1) for k in range(number)]
    return tuple((begin, begin + side) for begin in begins)
