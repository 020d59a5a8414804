"""The panels of figure 1 of DoNet: the layers of the objects of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gains.figures.drawing.colours import colours
from gains.figures.drawing.style import BACKGROUND, outlines
from gains.figures.papers.grid import panels_in_grid
from gains.instances import Instances
from gains.masks.rle import encode_mask

TITLES = ("Image", "Instances", "Intersection layer", "Complement layer")


def intersection_and_complement(objects: Instances) -> tuple[Instances, Instances]:
    """Return the intersection and the complement of each object.

    The intersection has the pixels that belong to other objects too, the complement the others.
    """
    masks = objects.stack()
    several = masks.sum(axis=0) > 1
    return _with_masks(objects, masks & several), _with_masks(objects, masks & ~several)


def _with_masks(objects: Instances, masks: NDArray[np.bool_]) -> Instances:
    codes = [encode_mask(mask) for mask in masks]
    return Instances.from_rles(objects.height, objects.width, codes, objects.categories)


def draw_layers(pixels: NDArray[np.uint8], objects: Instances, note: str, out: str | Path) -> None:
    """Draw an image, its objects, and their two layers; an object keeps its colour.

    Args:
        pixels: uint8 (H, W, 3).
        objects: the objects.
        note: text below the panels.
        out: ``.pdf`` or ``.png``; the other is written beside it.
    """
    chosen, shown = colours(objects), (objects, *intersection_and_complement(objects))
    with panels_in_grid(TITLES, [pixels.shape[0] / pixels.shape[1]], note, out) as (_, places):
        places[0, 0].imshow(pixels)
        for axes, layer in zip(places[0, 1:], shown, strict=True):
            axes.set(facecolor=BACKGROUND, aspect="equal")
            outlines(axes, objects, ["#b0b0b0"] * len(objects), width=0.5)
            outlines(axes, layer, chosen, fill=0.45, width=0.8)
