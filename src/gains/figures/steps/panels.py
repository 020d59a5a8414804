"""The panels of figure 3."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gains.anomaly.fields import Float
from gains.config.maps import MapSettings
from gains.figures.drawing.colours import colours
from gains.figures.drawing.style import BACKGROUND, bare, colour_bar, figure, outlines, picture
from gains.figures.steps.fields import Steps
from gains.instances import Instances

# inches
PANEL, GAP, EDGE = 2.0, 0.3, 0.2
TITLE, BAR = 0.27, 0.52
COLUMNS = 4
WRAP = 34
"""Number of characters in a line of the legend."""


def draw_steps(
    pixels: NDArray[np.uint8],
    instances: Instances,
    found: Steps,
    settings: MapSettings,
    labels: list[str],
    out: str | Path,
) -> None:
    """Draw the seven panels and a legend, and save them.

    Args:
        pixels: uint8 (H, W, 3).
        instances: all instances of the image; those of other categories have thin grey outlines.
        found: the fields of the target instances.
        settings: map settings of the fields.
        labels: lines of the legend; the first is in bold.
        out: ``.pdf`` or ``.png``; the other is written beside it.
    """
    panel = PANEL * pixels.shape[0] / pixels.shape[1]
    width, height = COLUMNS * (PANEL + GAP) - GAP + 2 * EDGE, 2 * (TITLE + panel + BAR)
    with figure(width, height, out, None) as drawn:
        axes = [
            drawn.add_axes(
                (
                    (EDGE + column * (PANEL + GAP)) / width,
                    1 - (TITLE + panel + row * (TITLE + panel + BAR)) / height,
                    PANEL / width,
                    panel / height,
                )
            )
            for row in range(2)
            for column in range(COLUMNS)
        ]
        picture(axes[0], pixels, "(a) Image")
        picture(axes[1], pixels, "(b) Instance masks")
        outlines(axes[1], instances, _colours(instances, settings.target_category), fill=0.3)
        outline = instances.select(instances.categories == settings.target_category)
        for place, field in zip(axes[2:6], _fields(found, settings.f_ga + 1), strict=True):
            _show(place, field, outline)
        _overlay(axes[6], pixels, found.anomaly, settings.f_ga + 1)
        _legend(axes[7], settings, labels)


class _Field(NamedTuple):
    """A field and the way in which it is shown."""

    values: Float
    title: str
    unit: str
    colour_map: str
    low: float | None = None
    high: float | None = None


def _fields(found: Steps, top: float) -> list[_Field]:
    deviations = max(float(found.deviation.max()), 0.1)  # above 0 for the scale
    return [
        _Field(found.distance, "(c) Radial distance", "px", "viridis"),
        _Field(found.direction, "(d) Radial direction", "rad", "twilight", -np.pi, np.pi),
        _Field(found.deviation, "(e) Window statistics", "deviation, rad", "magma", 0, deviations),
        _Field(found.anomaly, "(f) Gradient anomaly map", "weight", "inferno", 1, top),
    ]


def _colours(instances: Instances, target: int) -> list[str]:
    chosen = instances.categories == target
    coloured = iter(colours(instances.select(chosen)))
    return [next(coloured) if is_target else "#ffffff" for is_target in chosen]


def _show(axes: Axes, field: _Field, outline: Instances) -> None:
    axes.set_facecolor(BACKGROUND)
    shown = axes.imshow(field.values, cmap=field.colour_map, vmin=field.low, vmax=field.high)
    outlines(axes, outline, ["#9a9a9a"] * len(outline), width=0.5)
    bare(axes, field.title)
    bar = colour_bar(axes, shown, field.unit)
    if field.colour_map == "twilight":
        bar.set_ticks([-np.pi, 0, np.pi], labels=["−π", "0", "π"])


def _overlay(axes: Axes, pixels: NDArray[np.uint8], anomaly: Float, top: float) -> None:
    picture(axes, pixels, "(g) Overlay")
    # opacity follows the map, so that the image is visible where nothing is anomalous
    opacity = np.clip((anomaly - 1) / (top - 1), 0, 1) ** 0.6
    shown = axes.imshow(anomaly, cmap="inferno", vmin=1, vmax=top, alpha=opacity)
    shown.set_clim(1, top)
    colour_bar(axes, shown, "weight")


def _legend(axes: Axes, settings: MapSettings, labels: list[str]) -> None:
    axes.axis("off")
    highlight = f"overlap highlight {settings.overlap_highlight:g}"
    lines = [
        *labels[1:],
        f"program {settings.program}, {settings.mode} mode",
        f"window {settings.window_size} px",
        f"$f_{{GA}}$ = {settings.f_ga:g}",
        "no highlight (nuclei)" if settings.program == "nuclei" else highlight,
        f"target category {settings.target_category}",
    ]
    title = textwrap.wrap(labels[0], WRAP)
    below = [part for line in lines for part in textwrap.wrap(line, WRAP)]
    text: Any = {"va": "top", "linespacing": 1.6, "xycoords": "axes fraction"}
    text |= {"textcoords": "offset points"}
    axes.annotate("\n".join(title), (0, 1), (0, 0), weight="bold", **text)
    # the height of a line is 1.6 times 1.2 font sizes of DejaVu Sans, at 8 points
    axes.annotate("\n".join(below), (0, 1), (0, -15.4 * len(title)), **text)
