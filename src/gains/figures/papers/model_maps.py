"""The panels of figures 3 and 6 of DoNet: maps that a trained model computes on an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from gains.figures.drawing.colours import colours
from gains.figures.drawing.style import outlines
from gains.figures.papers.choice import true_objects
from gains.figures.papers.donet import PARTS, attention, regions
from gains.figures.papers.grid import bar_beside, panels_in_grid
from gains.figures.papers.seen import Seen, largest_probability
from gains.instances import Instances

OUTLINE = "#d8d8d8"


def draw_attention(seen: Seen, category: int, min_score: float, out: str | Path) -> None:
    """Draw an image, the cells found first, the attention, and the objects found second.

    Args:
        seen: the model and the image.
        category: category of the cells.
        min_score: lowest score of the detections that are drawn.
        out: ``.pdf`` or ``.png``; the other is written beside it.

    Raises:
        ValueError: the model has no mask-guided region proposal.
    """
    found = seen.compute(attention)
    predicted = seen.predicted(min_score)
    is_cell = predicted.categories == category
    titles = ("Image", "Cells found first", "Attention", "Objects found second")
    note = (
        f"{seen.source}. (b), (d): detections with a score of at least {min_score:g}. (c): the map "
        "by which the finest level of the pyramid is multiplied before the second search, from all "
        f"{len(found.cells.scores)} cells that the first one keeps; 0.5 outside of cells."
    )
    with panels_in_grid(titles, [seen.shape], note, out) as (drawn, places):
        image, first, weights, second = places[0]
        for place in (image, first, second):
            place.imshow(seen.pixels)
        _filled(first, predicted.select(is_cell))
        _filled(second, predicted.select(~is_cell))
        (across, down), sides = seen.scale, found.weights.shape
        extent = (
            -0.5,
            sides[1] * found.stride * across - 0.5,
            sides[0] * found.stride * down - 0.5,
            -0.5,
        )
        shown = weights.imshow(
            found.weights.float().cpu().numpy(), cmap="viridis", vmin=0.5, vmax=1, extent=extent
        )
        weights.set(xlim=image.get_xlim(), ylim=image.get_ylim())
        bar_beside(drawn, shown, places[0], "attention")


def draw_heat(seen: Seen, category: int, min_score: float, out: str | Path) -> None:
    """Draw an image with its ground truth, and the probabilities of the three masks of DoNet.

    Args:
        seen: the model and the image.
        category: category of the objects that overlap.
        min_score: lowest score of the detections whose masks are drawn.
        out: ``.pdf`` or ``.png``; the other is written beside it.

    Raises:
        ValueError: the model has no such masks, or detects no such object in the image.
    """
    place = seen.place_of(category)
    found = seen.compute(regions)
    kept = (found.scores >= min_score) & (found.labels == place)
    if not kept.any():
        best = max(found.scores[found.labels == place].tolist(), default=None)
        least = "" if best is None else f"lower the score with --min-score (best: {best:.2f}), or "
        raise ValueError(
            f"{seen.predictor.path}: no object of the category {seen.coco.categories[category]!r} "
            f"in {seen.record.file_name!r} has a score of at least {min_score:g}; {least}name "
            "another image with --image"
        )
    boxes = found.boxes[kept].double().cpu().numpy() * np.tile(seen.scale, 2)
    titles = ("Ground truth", *(name.capitalize() for name in PARTS[:2]), "Refined instance")
    note = (
        f"{seen.source}. (b) to (d): largest probability of the masks of {len(boxes)} detections "
        f"of the category {seen.coco.categories[category]} with a score of at least {min_score:g}. "
        "Outlines: the objects of the ground truth."
    )
    objects = true_objects(seen.coco, seen.record, category)
    with panels_in_grid(titles, [seen.shape], note, out) as (drawn, places):
        places[0, 0].imshow(seen.pixels)
        _filled(places[0, 0], objects)
        for axes, name in zip(places[0, 1:], PARTS, strict=True):
            heat = largest_probability(found.masks[name][kept], boxes, seen.pixels.shape[:2])
            shown = axes.imshow(heat, cmap="inferno", vmin=0, vmax=1)
            outlines(axes, objects, [OUTLINE] * len(objects), width=0.5)
        bar_beside(drawn, shown, places[0], "probability")


def _filled(axes: Axes, objects: Instances) -> None:
    outlines(axes, objects, colours(objects), fill=0.3)
