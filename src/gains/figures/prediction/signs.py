"""The signs of the prediction figure: outlines, crosses, and their legend."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from gains.figures.drawing.style import LineStyle, outlines
from gains.instances import Instances
from gains.masks.meetings import Box

FILL = 0.25
"""Opacity of the area of an object."""

THINNEST, CLEAR, WIDEST = 0.35, 0.6, 0.9
"""Widths of the outlines of small objects, small objects without a filled area, and large ones,
points."""

THICKNESS = 0.07
"""Width of an outline between these, as a share of the diameter of its object."""

MISSED = (0.0, (2.5, 1.5))
"""Dashes of the outline of a missed object."""

LETTER, SIGN = 0.0083, 7
"""Usual width of a letter, inches per point of its size, and width of a sign, letters."""

RED = "#FF0000"
GREY = "#707070"


def object_outlines(
    axes: Axes,
    instances: Instances,
    colours: list[str],
    point: float,
    fill: float = FILL,
    dashes: LineStyle = "-",
) -> None:
    """Draw objects with outlines that are thinner for small ones.

    Args:
        axes: the panel.
        instances: N objects.
        colours: N colours.
        point: number of points of a pixel.
        fill: opacity of the areas.
        dashes: line style of the outlines.
    """
    sides = instances.boxes[:, 2:] - instances.boxes[:, :2]
    diameters = point * np.sqrt(np.prod(sides, axis=1))
    thinnest = THINNEST if fill else CLEAR
    widths = np.clip(THICKNESS * diameters, thinnest, WIDEST).tolist()
    outlines(axes, instances, colours, fill, widths, dashes)


def cross(axes: Axes, instances: Instances, point: float) -> None:
    """Draw a cross in the middle of each box; a pixel of the image has ``point`` points."""
    sides = instances.boxes[:, 2:] - instances.boxes[:, :2]
    # a pixel reaches half a unit to each side of its centre
    centres = instances.boxes[:, :2] + sides / 2 - 0.5
    sizes = np.clip(0.4 * point * sides.min(axis=1, initial=np.inf), 2.0, 5.0)
    for (x, y), size in zip(centres, sizes, strict=True):
        axes.add_line(_cross(x, y, size))


def boxes(axes: Axes, places: Sequence[Box], width: float = 0.8) -> None:
    """Draw red boxes."""
    for left, top, right, bottom in places:
        # a pixel reaches half a unit to each side of its centre
        corner, sides = (left - 0.5, top - 0.5), (right - left, bottom - top)
        made = Rectangle(corner, *sides, fill=False, edgecolor=RED, linewidth=width, zorder=4)
        axes.add_patch(made)


def _cross(x: float, y: float, size: float) -> Line2D:
    found = Line2D([x], [y], linestyle="", color=RED, marker="X", markersize=size)
    found.set(markeredgecolor="white", markeredgewidth=0.3)
    return found


@dataclass(frozen=True)
class Legend:
    """The legend below the panels.

    Attributes:
        named: colours of each class that is named.
        compared: whether predictions are compared with the ground truth.
        marked: whether places where objects meet are marked.
        errors: signs of the kinds of error by their names; none if they are not marked.
        width: width of the figure, inches.
        size: size of the letters, points.
    """

    named: Mapping[str, Sequence[str]]
    compared: bool
    marked: bool
    errors: Mapping[str, Any]
    width: float
    size: float

    @property
    def columns(self) -> int:
        """Number of entries that fit side by side."""
        widest = (
            (max((len(name) for name, _ in self._entries), default=0) + SIGN) * LETTER * self.size
        )
        return max(1, int(self.width / widest))

    @property
    def height(self) -> float:
        """Its height, inches."""
        rows = -(-len(self._entries) // self.columns)
        return (1.5 * rows + 1) * self.size / 72

    @functools.cached_property
    def _entries(self) -> list[tuple[str, Any]]:
        entries: list[tuple[str, Any]] = [
            (name, tuple(Patch(facecolor=colour) for colour in palette))
            for name, palette in self.named.items()
        ]
        if self.errors:
            entries += [
                ("detection of an object", Patch(facecolor="#d0d0d0", edgecolor=GREY)),
                ("true outline of an error", Line2D([], [], color=GREY, linestyle=MISSED)),
                *self.errors.items(),
                ("false find", _cross(0, 0, 5)),
            ]
        elif self.compared:
            entries += [
                ("found (IoU > 0.5)", Patch(facecolor="#d0d0d0", edgecolor=GREY)),
                ("missed", Line2D([], [], color=GREY, linestyle=MISSED)),
                ("false find", _cross(0, 0, 5)),
            ]
        if self.marked:
            sign = Patch(facecolor="none", edgecolor=RED)
            entries.append(("objects cross, overlap or touch", sign))
        return entries

    def add(self, drawn: Figure) -> None:
        """Draw the legend; nothing if there is nothing to explain."""
        if not self._entries:
            return
        drawn.legend(
            [sign for _, sign in self._entries],
            [name for name, _ in self._entries],
            loc="outside lower center",
            ncols=self.columns,
            fontsize=self.size,
            frameon=False,
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0.1)},
        )
