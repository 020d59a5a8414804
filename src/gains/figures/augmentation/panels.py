"""The panels of the augmentation figure: samples, above their anomaly maps if there are any."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from gains.config.maps import MapSettings
from gains.config.recipe import RecipeSettings
from gains.figures.drawing.colours import colours
from gains.figures.drawing.style import bare, figure, outlines
from gains.instances import Instances
from gains.masks.rle import encode_mask

if TYPE_CHECKING:
    from gains.training.samples import Sample

COLUMNS = 5
PANEL, TITLE, LINE = 1.8, 0.22, 0.15
"""Width of a panel, height of its title and height of a line of the legend, inches."""
GREY = "#9a9a9a"
LETTERS = 16
"""Number of characters of the legend per inch."""


@dataclass(frozen=True)
class Panel:
    """A sample as numpy arrays.

    Attributes:
        title: title of the panel.
        pixels: uint8 (H, W, 3).
        objects: its objects, with boxes.
        anomaly: float32 (H, W), the largest value of all maps; None without maps.
    """

    title: str
    pixels: NDArray[np.uint8]
    objects: Instances
    anomaly: NDArray[np.float32] | None

    @staticmethod
    def of(title: str, sample: Sample) -> Panel:
        """Return the panel of a sample."""
        target = sample.target
        height, width = sample.image.shape[1:]
        objects = Instances.from_rles(
            height,
            width,
            [encode_mask(mask > 0) for mask in target.masks.numpy()],
            target.labels.numpy(),
            boxes=target.boxes.numpy().astype(np.float64),
        )
        anomaly = None if target.maps is None else target.maps.planes().amax(dim=0).numpy()
        return Panel(title, sample.image.permute(1, 2, 0).numpy(), objects, anomaly)


def draw_panels(
    panels: list[Panel],
    labels: list[str],
    recipe: RecipeSettings,
    maps: MapSettings | None,
    out: str | Path,
) -> None:
    """Draw the panels at one scale, and save them.

    Args:
        panels: the sample without augmentation, then augmented ones.
        labels: names of data set and image.
        recipe: recipe of the training.
        maps: settings of the maps, or None without maps.
        out: ``.pdf`` or ``.png``; the other is written beside it.
    """
    shape = [max(panel.pixels.shape[axis] for panel in panels) for axis in (0, 1)]
    rows, kinds = -(-len(panels) // COLUMNS), 1 if maps is None else 2
    columns = min(COLUMNS, len(panels))
    width = max(columns, 3) * PANEL
    legend = textwrap.wrap(", ".join(labels) + "; " + _words(recipe), int(LETTERS * width))
    height = rows * (TITLE + kinds * PANEL * shape[0] / shape[1]) + LINE * (len(legend) + 1)
    with figure(width, height, out, "constrained") as drawn:
        grid: Any = drawn.subplots(rows * kinds, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for number, panel in enumerate(panels):
            row, column = divmod(number, columns)
            _image(grid[row * kinds, column], panel)
            if maps is not None:
                _map(grid[row * kinds + 1, column], panel, 1 + maps.f_ga)
        for axes in grid.flat:
            # one scale, so that crops are smaller
            axes.set_xlim(-0.5, shape[1] - 0.5)
            axes.set_ylim(shape[0] - 0.5, -0.5)
        drawn.supxlabel("\n".join(legend), fontsize=6.5)


def _image(axes: Axes, panel: Panel) -> None:
    axes.imshow(panel.pixels)
    bare(axes, panel.title)
    chosen = colours(panel.objects)
    outlines(axes, panel.objects, chosen, width=0.7)
    height, width = panel.pixels.shape[:2]
    # the frame shows where a white image ends
    boxes = [(0, 0, width, height), *panel.objects.boxes.tolist()]
    for (x0, y0, x1, y1), colour in zip(boxes, [GREY, *chosen], strict=True):
        # a pixel reaches half a unit to each side of its centre
        corner, sides = (x0 - 0.5, y0 - 0.5), (x1 - x0, y1 - y0)
        axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=colour, linewidth=0.3))


def _map(axes: Axes, panel: Panel, top: float) -> None:
    assert panel.anomaly is not None
    axes.imshow(panel.anomaly, cmap="inferno", vmin=1, vmax=top)
    bare(axes, "")
    outlines(axes, panel.objects, [GREY] * len(panel.objects), width=0.4)


def _words(recipe: RecipeSettings) -> str:
    flips = {"horizontal flip": recipe.horizontal_flip, "vertical flip": recipe.vertical_flip}
    words = [f"{name} (p {share:g})" for name, share in flips.items() if share]
    words += [recipe.augmented_by] if recipe.augmented_by else []
    return ", ".join(words) or "no augmentation"
