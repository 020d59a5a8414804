"""Panels in rows and columns with titles, captions and a note below them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gains.figures.drawing.style import figure
from gains.masks.meetings import Box

PANEL = 1.75
"""Width of a panel, inches."""
TALLEST = 1.5
"""Largest height of a panel, in widths."""
TITLE, CAPTION, GAP, NOTE = 0.3, 0.22, 0.08, 0.15
"""Heights of a title, of a caption or the gap without one, and of a line of the note, inches."""
BAR = 0.7
"""Width of a colour bar with its label, inches."""
LETTERS = 15
"""Number of characters of the note per inch."""


@contextmanager
def panels_in_grid(
    titles: Sequence[str],
    shapes: Sequence[float],
    note: str,
    out: str | Path,
    captions: bool = False,
) -> Iterator[tuple[Figure, NDArray[np.object_]]]:
    """Yield a figure and its panels (rows, columns) without ticks; save it when the block succeeds.

    Args:
        titles: titles of the columns.
        shapes: height of a panel over its width, for each row.
        note: text below the panels.
        out: ``.pdf`` or ``.png``; the other is written beside it.
        captions: whether there is a line below each panel.
    """
    heights = [PANEL * min(shape, TALLEST) + (CAPTION if captions else GAP) for shape in shapes]
    width = PANEL * len(titles) + BAR
    lines = textwrap.wrap(note, int(LETTERS * width))
    height = TITLE + sum(heights) + NOTE * (len(lines) + 1)
    with figure(width, height, out, "constrained") as drawn:
        places: Any = drawn.subplots(
            len(shapes), len(titles), squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for place in places.flat:
            place.set(xticks=[], yticks=[])
            place.xaxis.label.set_fontsize(7)
        for k, (place, title) in enumerate(zip(places[0], titles, strict=True)):
            place.set_title(f"({chr(ord('a') + k)}) {title}")
        drawn.supxlabel("\n".join(lines), fontsize=6.5)
        yield drawn, places


def bar_beside(
    drawn: Figure, shown: ScalarMappable, places: NDArray[np.object_], label: str
) -> None:
    """Add a colour bar at the right of some panels of one row."""
    share = BAR / (2 * PANEL * len(places))
    bar = drawn.colorbar(shown, ax=places.tolist(), fraction=share, pad=share / 3, shrink=0.85)
    bar.set_label(label, fontsize=7)


def look_at(axes: Axes, box: Box) -> None:
    """Show only a box of the image."""
    left, top, right, bottom = box
    axes.set_xlim(left - 0.5, right - 0.5)
    axes.set_ylim(bottom - 0.5, top - 0.5)


def square_around(box: Box, height: int, width: int) -> Box:
    """Return the smallest square around a box with a margin, moved into the image, or cut by it."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    side += 2 * max(2, side // 10)
    edges = []
    for low, high, length in ((left, right, width), (top, bottom, height)):
        begin = min(max((low + high - side) // 2, 0), max(length - side, 0))
        edges.append((begin, min(begin + side, length)))
    (x0, x1), (y0, y1) = edges
    return x0, y0, x1, y1
