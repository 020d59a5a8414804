"""The objects in one mask file, by the values of its pixels.

Black and transparent pixels are background. An alpha channel that is the same everywhere says
nothing and is ignored. If every colour is black, the opaque pixels are the object.

- One value besides the background: one object.
- Several values in areas: a label image with one object per value, or per colour.
- Several values at edges only, as after saving as JPEG or after resizing: a mask with a soft edge.
  The pixels that are at least half as bright as the brightest one are the object.
- Anything else is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.readers.image_file import COLOURED, StoredImage, unpacked
from gains.datasets.readers.images import opened, read_header
from gains.masks.crops import encode_crops
from gains.masks.rle import Rle

Mask = NDArray[np.bool_]
Place = tuple[slice, slice]

SCALES = (1, 255, 65535)
"""Values of white: of fractions, and of 8-bit and 16-bit numbers."""

EIGHT = np.ones((3, 3), dtype=bool)
SMOOTHED = np.ones((5, 5), dtype=bool)
"""An area that is too large to be a soft edge."""

FAINT = 16
BRIGHT = 7 / 8
"""Noise is darker than the brightest pixel / FAINT, an object at least BRIGHT of that pixel."""

SWAPPED = "; check that black is the background"

BASE = 1 << 16
PLACES = (BASE**2, BASE, 1)
"""Places of red, green and blue in the number of a colour."""

ONE_COLOUR = 96
"""Largest difference, in a channel of 8 bits, between bright pixels of one colour."""


class Found(NamedTuple):
    """What a mask file holds: its objects, and the rules that were applied, one entry per use."""

    masks: list[Rle]
    rules: list[str]


class _Pixels(NamedTuple):
    """Pixels of a mask file, 0 in the background, as (H, W) arrays.

    Attributes:
        values: grey values, or numbers of the colours.
        light: brightness.
        rules: the rules that gave them.
    """

    values: NDArray[Any]
    light: NDArray[Any]
    rules: list[str]


def read_objects(path: Path, image: Path, size: tuple[int, int]) -> Found:
    """Return the objects of a mask file.

    Args:
        path: the mask file.
        image: its image, for messages.
        size: height and width of the image, px.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file cannot be read, has another size than its image, or the values of its
            pixels fit no rule.
    """
    with opened(path) as file:
        if (file.height, file.width) != size:
            raise ValueError(
                f"{path}: the mask has size {[file.height, file.width]}, but the image "
                f"{image.name} has size {list(size)}; expected the same size"
                f"{_tags(image, file.orientation)}"
            )
        mask = unpacked(path, file.decode)
    box = (0, 0, size[1], size[0])
    if _is_plain(mask):
        drawn = Image.fromarray(mask.colour).getbbox()
        if drawn is None:
            return Found([], [])
        box = drawn
        mask = StoredImage(mask.colour[box[1] : box[3], box[0] : box[2]])
    pixels = _pixels(mask, path)
    crops, rules = _objects(pixels, file.lossy, path)
    changes = [change for change in file.changes if change != COLOURED]
    if file.orientation != 1:
        changes.append("orientation tags of masks were not applied")
    found = Found([], changes + pixels.rules + rules)
    for place, crop in crops:
        corner = np.array([[box[0] + place[1].start, box[1] + place[0].start]])
        found.masks.append(encode_crops(crop.T[None], corner, size)[0])
        found.rules.extend(_remarks(crop, size))
    return found


def _tags(image: Path, of_mask: int) -> str:
    """Return a remark on the orientation tags of a mask and its image, or nothing."""
    of_image = read_header(image).orientation
    if of_image == of_mask == 1:
        return ""
    return (
        f". Their orientation tags, which are not applied, are {of_mask} (mask) and {of_image} "
        "(image): save both upright and without a tag"
    )


def _is_plain(mask: StoredImage) -> bool:
    return mask.colour.ndim == 2 and mask.colour.dtype == np.uint8 and mask.alpha is None


def _pixels(mask: StoredImage, path: Path) -> _Pixels:
    colour, alpha = mask.colour, mask.alpha
    if colour.dtype != np.uint8 and (not np.isfinite(colour).all() or colour.min() < 0):
        raise ValueError(
            f"{path}: holds values that are negative or not finite; expected 0 for background "
            "and positive numbers for objects"
        )
    if alpha is not None and alpha.min() == alpha.max():
        if not alpha.any() and (colour == colour[0, 0]).all():  # an empty layer
            colour = np.zeros_like(colour)
        alpha = None
    if colour.ndim == 2 and alpha is None:
        return _Pixels(colour, colour, [])
    if colour.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f"{path}: holds colours or alpha of {colour.dtype}; expected 8 or 16 bits per channel "
            "in a mask of colours or with alpha; save it as grey without alpha"
        )
    _check_palette(mask, path)
    colours = colour.astype(np.int64)
    colours = np.repeat(colours[..., None], 3, axis=2) if colours.ndim == 2 else colours
    rules = []
    if alpha is not None:
        opaque, share = int(mask.opaque), alpha.astype(np.int64)[..., None]
        if not mask.premultiplied:
            colours = (colours * share + opaque // 2) // opaque
        if not colours.any():
            rules = ["masks that are black were read from their transparency"]
            colours = np.repeat(share, 3, axis=2)
    return _Pixels(colours @ np.array(PLACES), colours.max(axis=2), rules)


def _check_palette(mask: StoredImage, path: Path) -> None:
    """Refuse a palette that gives several values of the file one colour."""
    if mask.indices is None:
        return
    used, first = np.unique(mask.indices, return_index=True)
    colours = np.unique(mask.colour.reshape(-1, 3)[first], axis=0)
    if len(colours) < len(used):
        raise ValueError(
            f"{path}: holds {len(used)} values, but its palette gives them only {len(colours)} "
            "colours, so objects would merge; save it as a grey label image"
        )


def _objects(
    pixels: _Pixels, lossy: bool, path: Path
) -> tuple[list[tuple[Place, Mask]], list[str]]:
    """Return the objects with their places, and the rule that was applied, if any."""
    values, light = pixels.values, pixels.light
    whole = (slice(0, values.shape[0]), slice(0, values.shape[1]))
    plain = bool(((values == 0) | (values == values.max())).all())
    if plain and not (lossy and values.any()):
        return ([(whole, values != 0)] if values.any() else []), []
    ranks = _ranks(values)
    faint = light < light.max() / FAINT if _is_white(light) else np.zeros_like(light, dtype=bool)
    if not lossy and is_label_image(ranks, faint):
        return _split(ranks), ["label images were split into one object per value"]
    if _is_soft(pixels):
        rules = [] if plain else ["soft edges of masks were cut at half of the largest brightness"]
        return [(whole, 2.0 * light >= light.max())], rules
    numbers = np.unique(light[light != 0])
    raise ValueError(
        f"{path}: holds {len(numbers)} values besides 0, {numbers[0]:g} to {numbers[-1]:g}, and is "
        "neither a mask of one object (one value, or a soft edge from dark to bright) nor a label "
        "image (one value in the area of each object, not saved as JPEG); save one of the two"
    )


def _ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the values numbered from 1 in ascending order; the background stays 0."""
    ranks = np.zeros(values.shape, dtype=np.int64)
    ranks[values != 0] = np.unique(values[values != 0], return_inverse=True)[1] + 1
    return ranks


def is_label_image(ranks: NDArray[np.int64], faint: Mask) -> bool:
    """Return whether most regions, or those of most values, are areas, not crumbs of edges.

    A region is 4-connected. It is an area if it contains a block of 2 x 2 px, or if none of its
    pixels is faint or beside another value.
    """
    inside = ranks != 0
    down, right = ranks[1:] == ranks[:-1], ranks[:, 1:] == ranks[:, :-1]
    # between two pixels of this grid lies their connection, if they are equal
    grid = np.zeros([2 * side - 1 for side in ranks.shape], dtype=bool)
    grid[::2, ::2] = inside
    grid[1::2, ::2], grid[::2, 1::2] = down & inside[1:], right & inside[:, 1:]
    labels, count = scipy.ndimage.label(grid)
    regions = labels[::2, ::2]
    block = down[:, 1:] & down[:, :-1] & right[1:] & right[:-1]
    lowest = scipy.ndimage.minimum_filter(np.where(inside, ranks, ranks.max() + 1), 3)
    beside = (scipy.ndimage.maximum_filter(ranks, 3) != ranks) | (lowest != ranks)
    crumbs = np.setdiff1d(regions[inside & (beside | faint)], regions[:-1, :-1][block])
    if 2 * len(crumbs) < count:
        return True
    # an object that lies under others may show as an area and many crumbs, but few objects do
    rank_of = np.zeros(count + 1, dtype=np.int64)
    rank_of[regions[inside]] = ranks[inside]
    every = np.bincount(rank_of[1:], minlength=ranks.max() + 1)[1:]
    broken = 2 * np.bincount(rank_of[crumbs], minlength=ranks.max() + 1)[1:] >= every
    return bool(2 * broken.sum() < len(every))


def _split(ranks: NDArray[np.int64]) -> list[tuple[Place, Mask]]:
    """Return the pixels of each value, in order of the values."""
    places = scipy.ndimage.find_objects(ranks)
    return [(place, ranks[place] == rank) for rank, place in enumerate(places, start=1)]


def _is_white(light: NDArray[Any]) -> bool:
    """Return whether the brightest pixel is at least half as bright as white."""
    return any(scale / 2 <= light.max() <= scale for scale in SCALES)


def _is_soft(pixels: _Pixels) -> bool:
    """Return whether dark and bright pixels of one colour have only edges between them."""
    light = pixels.light
    brightest = light.max()
    between = (light > brightest / FAINT) & (light < brightest * BRIGHT)
    if not _is_white(light) or scipy.ndimage.binary_erosion(between, SMOOTHED).any():
        return False
    bright = pixels.values[light >= brightest * BRIGHT]
    if pixels.values is pixels.light:
        return True
    colours = np.stack([bright // place % BASE for place in PLACES])
    white = next(scale for scale in SCALES if brightest <= scale)
    return bool(np.ptp(colours, axis=1).max() <= ONE_COLOUR * white / 255)


def _remarks(crop: Mask, size: tuple[int, int]) -> list[str]:
    """Return what is unusual about an object."""
    remarks = []
    if crop.shape == size and crop[[0, 0, -1, -1], [0, -1, 0, -1]].all() and not crop.all():
        remarks.append(f"objects in all four corners of the image were kept{SWAPPED}")
    if scipy.ndimage.label(crop, EIGHT)[1] > 1:
        remarks.append("objects of several pieces were kept as one object")
    return remarks
