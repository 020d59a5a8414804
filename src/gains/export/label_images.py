"""Label images as TIFF: object k has the value k. Objects that overlap lie on different layers."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import tifffile

from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.instances import Instances
from gains.masks.overlaps import intersections, mask_areas
from gains.masks.rle import Rle
from gains.masks.windows import window_of


def layers_of(masks: list[Rle]) -> list[list[int]]:
    """Distribute masks over few layers, so that no two masks of a layer share a pixel.

    The masks with most overlaps come first. Each goes to the first layer where it has room.

    Args:
        masks: N masks of one image.

    Returns:
        The indices of the masks of each layer, in rising order. There is at least one layer.
    """
    areas = mask_areas(masks)
    shared = intersections(masks, masks, areas, areas) > 0
    layers: list[list[int]] = [[]]
    for index in np.argsort(-shared.sum(axis=1), kind="stable").tolist():
        free = next((layer for layer in layers if not shared[index, layer].any()), None)
        if free is None:
            layers.append([index])
        else:
            free.append(index)
    return [sorted(layer) for layer in layers]


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return the objects of one image as a TIFF file with a page for each layer.

    The description of the file holds the class of each object and the objects of each layer.
    """
    (image,) = images
    layers = layers_of(image.objects.masks)
    pages = _pages(image.objects, layers)
    names = [results.categories[category] for category in image.objects.categories.tolist()]
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pages if len(layers) > 1 else pages[0],
        photometric="minisblack",
        compression="zlib",
        metadata={
            "axes": "ZYX" if len(layers) > 1 else "YX",
            "gains_labels": 1,
            "classes": {str(number): name for number, name in enumerate(names, start=1)},
            "layers": [[index + 1 for index in layer] for layer in layers],
        },
    )
    return file.getvalue()


def note(results: Results) -> str:
    """Say where objects overlap and so lie on several layers; nothing is lost."""
    found = [len(layers_of(image.objects.masks)) for image in results.images]
    layered = sum(number > 1 for number in found)
    if not layered:
        return "no objects overlap, so every label image has one layer"
    return (
        f"a layer of a label image cannot hold overlaps; objects overlap in {layered} of "
        f"{len(found)} images, whose files have up to {max(found)} layers (pages), and no pixel of "
        "an object is lost. A program that reads the first page alone misses objects"
    )


def _pages(objects: Instances, layers: list[list[int]]) -> np.ndarray:
    """Return a label image per layer, uint16 or uint32 (L, H, W)."""
    kind = np.uint16 if len(objects) <= np.iinfo(np.uint16).max else np.uint32
    pages = np.zeros((len(layers), objects.height, objects.width), dtype=kind)
    for page, layer in zip(pages, layers, strict=True):
        for index in layer:
            window = window_of(objects.masks[index])
            page[window.place][window.mask] = index + 1
    return pages


FORMATS.register(
    ExportFormat("labels", "label images as TIFF for Fiji and napari", ".tif", content, note=note)
)
