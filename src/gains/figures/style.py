"""The common style of all figures; equal content gives files of equal bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gains.instances import Instances
from gains.support.files import atomic_path, require_suffix

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable

BACKGROUND = "#e8e8e8"
DPI = 200

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
    width: float, height: float, out: str | Path, layout: Literal["constrained"] | None
) -> Iterator[Figure]:
    """Yield an empty figure; save it as ``.pdf`` and ``.png`` when the block succeeds.

    Args:
        width: inches.
        height: inches.
        out: path ending in ``.pdf`` or ``.png``; the other is written beside it.
        layout: ``constrained``, or None if the caller places the panels.

    Raises:
        ValueError: ``out`` has another suffix.
    """
    out = require_suffix(out, ".pdf", ".png")
    with matplotlib.rc_context(_STYLE):
        drawn = Figure(figsize=(width, height), layout=layout)
        FigureCanvasAgg(drawn)
        yield drawn
        # the files hold no dates and no version, so that equal content gives equal bytes
        _save(drawn, out.with_suffix(".pdf"), {"CreationDate": None, "Producer": None})
        _save(drawn, out.with_suffix(".png"), {"Software": None})


def _save(drawn: Figure, path: Path, metadata: dict[str, Any]) -> None:
    # on a full disk, Matplotlib's writer of PDF raises an error of its own
    content = io.BytesIO()
    drawn.savefig(content, format=path.suffix[1:], dpi=DPI, metadata=metadata)
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
    axes: Axes, instances: Instances, colours: list[str], fill: float = 0.0, width: float = 0.9
) -> None:
    """Draw each mask's outline, and its area with opacity ``fill``; overlaps stay visible."""
    for mask, colour in zip(instances.stack(), colours, strict=True):
        if not mask.any():
            continue
        # a border of background closes the outlines of masks at the edge of the image
        padded = np.pad(mask, 1).astype(float)
        x, y = np.arange(-1, mask.shape[1] + 1), np.arange(-1, mask.shape[0] + 1)
        if fill:
            axes.contourf(x, y, padded, levels=[0.5, 1.5], colors=[colour], alpha=fill)
        axes.contour(x, y, padded, levels=[0.5], colors=[colour], linewidths=width)
    axes.set_xlim(-0.5, instances.width - 0.5)
    axes.set_ylim(instances.height - 0.5, -0.5)
