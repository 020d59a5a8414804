"""The panels of the curve figure: losses of the trainings, and below them the validations."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gains.figures.curve.files import Curves, Folders, finished
from gains.figures.drawing.colours import PALETTE
from gains.figures.drawing.style import Target, figure

COLUMNS = 4
WIDTH, HEIGHT = 2.6, 1.9
"""Size of a panel, inches."""
SMOOTHED = 0.05
"""Share of the iterations over which the total loss is averaged."""


def draw_curves(folders: Folders, out: Target) -> None:
    """Draw the finished trainings and save them.

    Args:
        folders: folders of the runs by the title of their panel.
        out: ``.pdf`` or ``.png``; the other is written beside it. Or a stream, for a PNG.
    """
    panels = finished(folders)
    columns = min(COLUMNS, len(panels))
    kinds = 1 + any(curves.metric for listed in panels.values() for curves in listed)
    lines = -(-len(panels) // columns)
    with figure(WIDTH * columns, HEIGHT * lines * kinds, out, "constrained") as drawn:
        grid: Any = drawn.subplots(lines * kinds, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for number, (title, listed) in enumerate(panels.items()):
            line, column = divmod(number, columns)
            waiting = len(folders[title]) - len(listed)
            note = f"\n{waiting} of {len(folders[title])} not finished" if waiting else ""
            _losses(grid[line * kinds, column], listed, title + note)
            if kinds == 2:
                _validations(grid[line * kinds + 1, column], listed)


def _losses(axes: Axes, listed: list[Curves], title: str) -> None:
    axes.axis("on")
    axes.set(title=title, xlabel="iteration", ylabel="loss")
    parts = list(dict.fromkeys(n for curves in listed for n in curves.losses if n != "loss"))
    for number, name in enumerate(parts):
        again, place = divmod(number, len(PALETTE))
        style, colour = "--" if again else "-", PALETTE[place]
        having = [curves for curves in listed if name in curves.losses]
        for k, curves in enumerate(having):
            values = smoothed(curves.losses[name])
            shown = name.removeprefix("loss_") if k == 0 else None
            axes.plot(curves.iterations, values, style, color=colour, linewidth=0.4, label=shown)
    totals = [(curves.iterations, smoothed(curves.losses["loss"])) for curves in listed]
    _lines(axes, totals, "total")
    if listed:
        # beside the panel, where it covers no curve
        axes.legend(fontsize=4.5, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _validations(axes: Axes, listed: list[Curves]) -> None:
    having = [curves for curves in listed if curves.picked is not None]
    if not having:
        return
    axes.axis("on")
    metrics = ", ".join(dict.fromkeys(curves.metric for curves in having))
    axes.set(xlabel="iteration", ylabel=f"validation {metrics} (%)")
    _lines(axes, [(c.validations[:, 0], 100 * c.validations[:, 1]) for c in having], "")
    for curves in having:
        x, y = curves.validations[curves.picked]
        axes.plot(x, 100 * y, "o", color=PALETTE[5], markersize=4, markerfacecolor="none")


def _lines(
    axes: Axes, curves: list[tuple[NDArray[np.float64], NDArray[np.float64]]], label: str
) -> None:
    """Draw one thick curve, or several thin ones and their mean over the iterations of all."""
    several = len(curves) > 1
    for x, y in curves:
        width, shown = (0.5, None) if several else (1.2, label)
        axes.plot(x, y, color="#707070" if several else "black", linewidth=width, label=shown)
    if several:
        common = curves[0][0]
        for x, _ in curves[1:]:
            common = np.intersect1d(common, x)
        rows = [y[np.isin(x, common)] for x, y in curves]
        axes.plot(common, np.mean(rows, axis=0), color="black", linewidth=1.2, label=label)


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each value and of those around it, fewer at the ends, float64 (N,)."""
    reach = int(SMOOTHED * len(values) / 2)
    sums = np.cumsum(np.concatenate([[0.0], values]))
    index = np.arange(len(values))
    first, end = np.maximum(index - reach, 0), np.minimum(index + reach + 1, len(values))
    return np.asarray((sums[end] - sums[first]) / (end - first))
