"""The common style of all figures; equal content gives files of equal bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import matplotlib
import numpy as np
from contourpy import FillType, contour_generator
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.path import Path as MplPath
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.windows import window_of
from gains.support.files import atomic_path, require_suffix

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable

BACKGROUND = "#e8e8e8"
DPI, SCREEN = 200, 110
"""Pixels per inch of files, and of pictures in a stream, which are for a screen."""

Target = str | Path | io.BytesIO
"""A file of a figure, with another one beside it, or a stream that takes it as PNG."""

LineStyle = str | tuple[float, tuple[float, ...]]
"""Name of a line style, or its offset and the lengths of its dashes and gaps, line widths."""

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titlepad": 5,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "pdf.fonttype": 42,
    "svg.hashsalt": "gains",
    "image.interpolation": "nearest",
}


@contextmanager
def figure(
    width: float, height: float, out: Target, layout: Literal["constrained"] | None
) -> Iterator[Figure]:
    """Yield an empty figure; save it as ``.pdf`` and ``.png`` when the block succeeds.

    The files hold no dates and no version, so that equal content gives equal bytes.

    Args:
        width: inches.
        height: inches.
        out: path ending in ``.pdf`` or ``.png``; the other is written beside it. A stream gets the
            PNG alone, with fewer pixels.
        layout: ``constrained``, or None if the caller places the panels.

    Raises:
        ValueError: ``out`` has another suffix.
    """
    if not isinstance(out, io.BytesIO):
        out = require_suffix(out, ".pdf", ".png")
    with matplotlib.rc_context(_STYLE):
        drawn = Figure(figsize=(width, height), layout=layout)
        FigureCanvasAgg(drawn)
        yield drawn
        if isinstance(out, io.BytesIO):
            drawn.savefig(out, format="png", dpi=SCREEN, metadata=_METADATA["png"])
            return
        for kind in _METADATA:
            _save(drawn, out.with_suffix(f".{kind}"))


_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Producer": None},
    "png": {"Software": None},
}


def _save(drawn: Figure, path: Path) -> None:
    # on a full disk, Matplotlib's writer of PDF raises an error of its own
    content, kind = io.BytesIO(), path.suffix[1:]
    drawn.savefig(content, format=kind, dpi=DPI, metadata=_METADATA[kind])
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getvalue())


def picture(axes: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    """Show an RGB image (H, W, 3) without ticks."""
    axes.imshow(pixels)
    bare(axes, title)


def bare(axes: Axes, title: str) -> None:
    """Set the title and remove the ticks."""
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])


def colour_bar(axes: Axes, shown: ScalarMappable, label: str) -> Colorbar:
    """Add a colour bar below a panel whose position is fixed, and return it."""
    drawn = cast(Figure, axes.get_figure())
    inch = 1 / (axes.get_position().height * drawn.get_figheight())
    place = axes.inset_axes((0.0, -0.14 * inch, 1.0, 0.07 * inch))
    bar = drawn.colorbar(shown, cax=place, orientation="horizontal")
    bar.set_label(label, fontsize=7, labelpad=1)
    place.tick_params(length=2, width=0.5, pad=1.5)
    bar.outline.set_linewidth(0.4)
    return bar


def outlines(
    axes: Axes,
    instances: Instances,
    colours: list[str],
    fill: float = 0.0,
    width: float | Sequence[float] = 0.9,
    dashes: LineStyle = "-",
) -> None:
    """Draw each mask's outline, and its area with opacity ``fill``; overlaps stay visible.

    Args:
        axes: the panel.
        instances: N objects of the image of this panel.
        colours: N colours.
        fill: opacity of the areas; 0 for none.
        width: width of the outlines or of each of them, points.
        dashes: line style of the outlines.
    """
    shapes = [_shape(rle) for rle in instances.masks]
    if fill:
        # below all outlines, and without antialiasing, which would draw a light line around areas
        areas = PathCollection(shapes, facecolors=colours, linewidths=0, antialiaseds=False)
        areas.set(alpha=fill, zorder=1)
        axes.add_collection(areas, autolim=False)
    lines = PathCollection(
        shapes, facecolors="none", edgecolors=colours, linewidths=width, linestyles=[dashes]
    )
    lines.set(zorder=2)
    axes.add_collection(lines, autolim=False)
    axes.set_xlim(-0.5, instances.width - 0.5)
    axes.set_ylim(instances.height - 0.5, -0.5)


def _shape(rle: Rle) -> MplPath:
    """Return the outline of a mask, halfway between its pixels and those around it."""
    x, y, mask = window_of(rle)
    if mask.size == 0:
        return MplPath(np.zeros((0, 2)))
    # a border of background closes the outlines
    mask = np.pad(mask, 1)
    x_axis, y_axis = x - 1 + np.arange(mask.shape[1]), y - 1 + np.arange(mask.shape[0])
    made = contour_generator(x_axis, y_axis, mask.astype(float), fill_type=FillType.OuterCode)
    points, codes = cast(Any, made.filled(0.5, 1.5))  # one array for each region
    return MplPath(np.concatenate(points), np.concatenate(codes))


def inner_point(rle: Rle) -> tuple[float, float]:
    """Return the pixel (x, y) of a mask that is farthest from its outline, the first of several.

    Unlike the mean of its pixels, it lies in the mask whatever its shape.
    """
    x, y, mask = window_of(rle)
    if mask.size == 0:
        return 0.0, 0.0
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), mask.shape)
    return float(x + column), float(y + row)
