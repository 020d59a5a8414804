"""The panels of figures 3 and 5 of layering: layers that a trained model computes on images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.image import AxesImage

from gains.figures.drawing.colours import class_colour, colours
from gains.figures.drawing.images import short
from gains.figures.drawing.style import BACKGROUND, inner_point, outlines
from gains.figures.papers.choice import require_category, true_objects
from gains.figures.papers.grid import bar_beside, panels_in_grid
from gains.figures.papers.layering import Float, LayerOutputs, layer_outputs
from gains.figures.papers.seen import Seen

COLUMNS = 4
"""Number of panels side by side in the figure of all layers."""
PALE = 0.15
"""Opacity of a layer outside of the foreground."""
FRAME = 2.2
"""Width of the frame of a layer in its colour, points."""


def outputs_of(seen: Seen, category: int) -> LayerOutputs:
    """Return what the model computes for a category of the data set.

    Raises:
        ValueError: the model has no layers, or does not know the category.
    """
    every = seen.compute(layer_outputs)
    return every[seen.place_of(category)]


def draw_all_layers(seen: Seen, category: int, out: str | Path) -> None:
    """Draw an image, its ground truth, the foreground, the objects, and every layer.

    Args:
        seen: the model and the image.
        category: category of the objects.
        out: ``.pdf`` or ``.png``; the other is written beside it.

    Raises:
        ValueError: the model has no layers, or does not know the category.
    """
    found = outputs_of(seen, category)
    truth = true_objects(seen.coco, seen.record, category)
    titles = ("Image", "Ground truth", "Foreground", "Objects by layer")
    note = (
        f"{seen.source}; category {seen.coco.categories[category]}, {len(truth)} objects, "
        f"{len(found.objects)} found. (d): the numbers and colours are those of the layers, whose "
        "frames have the same colours. An object is a connected part of the foreground where its "
        "layer is active or the strongest. Layers are pale outside of the foreground, where they "
        "count for nothing."
    )
    rows = -(-len(found.layers) // COLUMNS)
    shapes = [seen.shape] * (1 + rows)
    with panels_in_grid(titles, shapes, note, out, captions=True) as (drawn, places):
        image, true, foreground, objects = places[0]
        image.imshow(seen.pixels)
        true.imshow(seen.pixels)
        outlines(true, truth, colours(truth), fill=0.3)
        shown = _heat(foreground, found.foreground)
        _over_image(objects, seen, found)
        _by_layer(objects, found)
        bar_beside(drawn, shown, places[0], "probability")
        panels: list[Axes] = places[1:].ravel().tolist()
        for layer, place in enumerate(panels):
            if layer < len(found.layers):
                layer_bar = _layer(place, found, layer)
                _framed(place, layer, found.counts[layer])
            else:
                place.remove()
        for row in range(rows):
            present = places[1 + row][: len(found.layers) - row * COLUMNS]
            bar_beside(drawn, layer_bar, present, "activation")


def draw_one_layer(
    every: Sequence[Seen], category: int, layer: int | None, out: str | Path
) -> None:
    """Draw one layer of several images: the image, the activation, and the objects of the layer.

    Args:
        every: the model and each image.
        category: category of the objects.
        layer: number of the layer, counted from 1; None for the one with most objects.
        out: ``.pdf`` or ``.png``; the other is written beside it.

    Raises:
        ValueError: the model has no such layer, or it or the data set lacks the category.
    """
    require_category(every[0].coco, category)
    found = [outputs_of(seen, category) for seen in every]
    counts = np.sum([one.counts for one in found], axis=0)
    chosen = int(counts.argmax()) if layer is None else layer - 1
    if not 0 <= chosen < len(counts):
        raise ValueError(
            f"{every[0].predictor.path}: there is no layer {layer}; the model has the layers 1 to "
            f"{len(counts)}, name one with --layer"
        )
    why = ", the one with most objects in these images" if layer is None else ""
    note = (
        f"{every[0].source}; category {every[0].coco.categories[category]}. Layer {chosen + 1} of "
        f"{len(counts)}{why}. Last row: the {counts[chosen]} of {counts.sum()} objects that are "
        "read off this layer. Outlines in the first row: the ground truth. The layer is pale "
        "outside of the foreground, where it counts for nothing."
    )
    titles = [short(seen.record.file_name) for seen in every]
    shape = max(seen.shape for seen in every)
    with panels_in_grid(titles, [shape] * 3, note, out) as (drawn, places):
        for place, label in zip(places[:, 0], ("image", "activation", "objects"), strict=True):
            place.set_ylabel(label, fontsize=8)
        for seen, one, column in zip(every, found, places.T, strict=True):
            truth = true_objects(seen.coco, seen.record, category)
            column[0].imshow(seen.pixels)
            outlines(column[0], truth, colours(truth), width=0.7)
            shown = _layer(column[1], one, chosen)
            _over_image(column[2], seen, one)
            own = one.in_layer(chosen)
            outlines(column[2], own, colours(own), fill=0.5, width=1.0)
        bar_beside(drawn, shown, places[1], "activation")


def _heat(axes: Axes, values: Float) -> AxesImage:
    return axes.imshow(values, cmap="inferno", vmin=0, vmax=1)


def _layer(axes: Axes, found: LayerOutputs, layer: int) -> ScalarMappable:
    """Show a layer, pale where the foreground ends, and return what its colour bar stands for."""
    axes.set_facecolor(BACKGROUND)
    shown = _heat(axes, found.layers[layer])
    shown.set_alpha(np.where(found.inside, 1.0, PALE))
    # the bar of the picture itself would be as pale as its first pixel
    return ScalarMappable(shown.norm, shown.cmap)


def _over_image(axes: Axes, seen: Seen, found: LayerOutputs) -> None:
    """Show the image in the pixels that the model saw."""
    height, width = found.foreground.shape
    axes.imshow(seen.pixels, extent=(-0.5, width - 0.5, height - 0.5, -0.5))


def _by_layer(axes: Axes, found: LayerOutputs) -> None:
    chosen = [class_colour(layer) for layer in found.layer_of.tolist()]
    outlines(axes, found.objects, chosen, fill=0.45, width=1.0)
    for mask, layer in zip(found.objects.masks, found.layer_of.tolist(), strict=True):
        text = axes.text(*inner_point(mask), str(layer + 1), ha="center", va="center", fontsize=6)
        text.set_bbox({"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0})


def _framed(axes: Axes, layer: int, count: int) -> None:
    axes.set_title(f"Layer {layer + 1}: {count} object{'' if count == 1 else 's'}")
    for spine in axes.spines.values():
        spine.set(edgecolor=class_colour(layer), linewidth=FRAME)
