"""Connected components of per-pixel outputs as objects. Everything here is numpy.

Pixels that touch at a side or at a corner are connected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BLOCK = np.ones((3, 3), dtype=bool)
"""A pixel and its eight neighbours."""


@dataclass(frozen=True)
class Component:
    """An object that was read off an output.

    Attributes:
        top: first row, px.
        left: first column, px.
        mask: bool (h, w), its pixels within its box.
        score: mean foreground probability of its pixels, in [0, 1].
    """

    top: int
    left: int
    mask: NDArray[np.bool_]
    score: float

    def whole(self, height: int, width: int) -> NDArray[np.bool_]:
        """Return its pixels in an image of this size, bool (height, width)."""
        whole = np.zeros((height, width), dtype=bool)
        rows, columns = self.mask.shape
        whole[self.top : self.top + rows, self.left : self.left + columns] = self.mask
        return whole


def connected(mask: NDArray[np.bool_], min_area: int = 0) -> NDArray[np.int32]:
    """Return the components of a mask (H, W) as labels from 1 up; smaller ones become 0.

    Args:
        mask: bool (H, W).
        min_area: smallest area of a component, px.
    """
    labels, _ = ndimage.label(mask, structure=BLOCK)
    return without_small(np.asarray(labels, dtype=np.int32), min_area)


def without_small(labels: NDArray[np.int32], min_area: int) -> NDArray[np.int32]:
    """Return a label image (H, W) in which labels of fewer than ``min_area`` pixels are 0."""
    large = np.bincount(labels.ravel()) >= min_area
    return np.where(large[labels], labels, 0)


def components_of(labels: NDArray[np.int32], probability: NDArray[np.float32]) -> list[Component]:
    """Return the objects of a label image (H, W), with the means of a probability (H, W)."""
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if place is not None:
            mask = labels[place] == number
            score = float(probability[place][mask].mean())
            found.append(Component(place[0].start, place[1].start, mask, score))
    return found


def foreground_region(
    foreground: NDArray[np.float32], threshold: float, min_area: int
) -> NDArray[np.bool_]:
    """Return where layers count, bool (H, W): the foreground without its small components.

    Args:
        foreground: probability (H, W).
        threshold: the foreground lies above it.
        min_area: smallest area of a component, px.
    """
    return connected(foreground > threshold, min_area) > 0


def semantic_components(
    foreground: NDArray[np.float32], threshold: float, min_area: int
) -> list[Component]:
    """Return the components of the foreground, as UNet-2 reads its objects off.

    Args:
        foreground: probability (H, W).
        threshold: the foreground lies above it.
        min_area: smallest area of an object, px.
    """
    return components_of(connected(foreground > threshold, min_area), foreground)


def components_by_layer(
    foreground: NDArray[np.float32],
    layers: NDArray[np.float32],
    threshold: float,
    layer_threshold: float,
    min_area: int,
) -> list[list[Component]]:
    """Return the components of each layer; objects of different layers may overlap.

    Small components of the foreground are left out first. A pixel of the rest belongs to all
    layers above the threshold, and always to its strongest layer.

    Args:
        foreground: probability (H, W).
        layers: activation (L, H, W) in [0, 1].
        threshold: the foreground lies above it.
        layer_threshold: a layer is on above it.
        min_area: smallest area of a component of the foreground and of a layer, px.
    """
    inside = foreground_region(foreground, threshold, min_area)
    strongest = layers.argmax(axis=0)
    found = []
    for number, layer in enumerate(layers):
        on = inside & ((layer > layer_threshold) | (strongest == number))
        found.append(components_of(connected(on, min_area), foreground))
    return found


def contour_components(
    foreground: NDArray[np.float32],
    contour: NDArray[np.float32],
    threshold: float,
    contour_threshold: float,
    min_area: int,
) -> list[Component]:
    """Return the objects between contours, regrown, as UNet-3 reads its objects off.

    Seeds are the components of the foreground without the contours, which are one pixel wider in
    all directions than predicted.

    Args:
        foreground: probability (H, W).
        contour: probability (H, W).
        threshold: the foreground lies above it.
        contour_threshold: contours lie above it.
        min_area: smallest area of a regrown object, px.
    """
    inside = foreground > threshold
    walls = ndimage.binary_dilation(contour > contour_threshold, structure=BLOCK)
    labels = regrown(connected(inside & ~walls), inside)
    return components_of(without_small(labels, min_area), foreground)


def regrown(seeds: NDArray[np.int32], inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return seeds that have grown until they fill what is connected to them.

    In each step all pixels without a label take the largest label of their eight neighbours, at
    once; where two seeds meet in a step, the larger label wins.

    Args:
        seeds: labels (H, W), 0 for none.
        inside: bool (H, W), pixels that take labels.
    """
    framed, unlabelled = np.pad(seeds, 1), np.pad(inside & (seeds == 0), 1)
    beside = ndimage.binary_dilation(unlabelled, structure=BLOCK)
    edge = np.flatnonzero(beside & (framed > 0))
    labels, free, width = framed.ravel(), unlabelled.ravel(), framed.shape[1]
    around = np.add.outer([-width, 0, width], [-1, 0, 1]).ravel()
    while len(edge):
        # only neighbours of what grew last can grow now, so that all steps visit each pixel once
        near = (edge[:, None] + around).ravel()
        edge = np.unique(near[free[near]])
        labels[edge] = labels[edge[:, None] + around].max(axis=1)
        free[edge] = False
    return framed[1:-1, 1:-1]
