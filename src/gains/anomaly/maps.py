"""Gradient anomaly maps of the instances of one image (GAInS paper, section II-C).

A map is high where the directions of an instance disagree with those of its neighbours: at
crossings, touching borders and overlaps. ``docs/anomaly-maps.md`` describes the steps and modes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.anomaly_map import AnomalyMap, constant_map
from gains.anomaly.fields import Float
from gains.anomaly.neighbours import Neighbourhood, neighbours_by_boxes, neighbours_in_image
from gains.anomaly.patch import Patch, pair_deviation
from gains.anomaly.region import Region
from gains.config.maps import MapSettings

EPSILON = 1e-7
"""A small number that keeps the normalisation finite where the response is zero everywhere."""


def anomaly_maps(
    masks: Iterable[NDArray[np.bool_]],
    categories: Sequence[int],
    settings: MapSettings,
    boxes: Float | None = None,
) -> list[AnomalyMap]:
    """Return the gradient anomaly maps of the instances of one image, in annotation order.

    Args:
        masks: N masks, bool (H, W), made by the rule ``settings.rasterize``.
        categories: N category ids.
        settings: program, parameters and mode.
        boxes: float64 (N, 4), x y width height as stored in the file; only `nuclei` needs them.

    Returns:
        N maps. A map is 1 everywhere if its instance belongs to another category, has no pixels, or
        has no instance to compare with. In mode `as_published` the map of a `nuclei` instance
        without neighbours is 0 everywhere.

    Raises:
        ValueError: the window exceeds the image, or numbers of masks, categories and boxes differ.

    Example:
        >>> rows, columns = np.indices((32, 40))
        >>> masks = [(rows - 16) ** 2 + (columns - x) ** 2 <= 64 for x in (14, 24)]
        >>> maps = anomaly_maps(masks, [1, 1], MapSettings(window_size=3))
        >>> full = maps[0].full((32, 40))
        >>> full.shape, float(full.min())
        ((32, 40), 1.0)
        >>> overlap = masks[0] & masks[1]
        >>> bool(full[overlap].mean() > full[masks[0] & ~overlap].mean())
        True
    """
    target = np.asarray(categories, dtype=np.int64) == settings.target_category
    patches: dict[int, Patch] = {}
    number = 0
    for i, mask in enumerate(masks):
        _check_size(mask, settings.window_size)
        number += 1
        if i < len(target) and target[i] and (patch := Patch.from_mask(mask, settings.window_size)):
            patches[i] = patch
    if number != len(target):
        raise ValueError(
            f"{number} masks but {len(target)} categories; expected one category for each mask"
        )
    isolated: list[int] = []
    if settings.program == "nuclei":
        if boxes is None or boxes.shape != (number, 4):
            found = None if boxes is None else boxes.shape
            raise ValueError(f"program 'nuclei' needs a box per mask, ({number}, 4), found {found}")
        near, isolated = neighbours_by_boxes(boxes, target, patches, settings.window_size)
    else:
        near = neighbours_in_image(patches, int(target.sum()))
    result = [constant_map(1.0)] * number
    if settings.mode == "as_published":
        for i in isolated:
            result[i] = constant_map(0.0)
    for i, block in _blocks(patches, near, settings).items():
        result[i] = AnomalyMap(1.0, patches[i].block.y0, patches[i].block.x0, block)
    return result


def _check_size(mask: NDArray[np.bool_], window: int) -> None:
    if min(mask.shape) < window:
        raise ValueError(
            f"window_size {window} px does not fit into an image of {mask.shape[0]} x "
            f"{mask.shape[1]} px; choose a window of at most {min(mask.shape)} px"
        )


def _blocks(
    patches: Mapping[int, Patch], near: Mapping[int, Neighbourhood], settings: MapSettings
) -> dict[int, Float]:
    """Return the blocks of the maps that are not constant."""
    self_terms = {i: patches[i].paint(_self_term(i, patches, near, settings)) for i in near}
    pairs: dict[tuple[int, int], Float] = {}
    result = {}
    for i, neighbourhood in near.items():
        for k in neighbourhood.near:
            pair = (min(i, k), max(i, k))
            if pair not in pairs:
                with_joint = settings.program != "nuclei"
                pairs[pair] = pair_deviation(patches[i], patches[k], with_joint)
        response = patches[i].paint(_pair_term(i, patches, neighbourhood, pairs, settings))
        _subtract_and_highlight(response, i, patches, neighbourhood.order, self_terms, settings)
        block = _normalise(response * patches[i].influence, settings.f_ga)
        if (block != 1.0).any():
            result[i] = block
    return result


def _self_term(
    i: int,
    patches: Mapping[int, Patch],
    near: Mapping[int, Neighbourhood],
    settings: MapSettings,
) -> Float:
    """Compute step 3, by window origin (2, *origins): the deviation of an instance alone."""
    sums = patches[i].sums
    term = sums.over_window
    if settings.program != "chrom":
        term = np.minimum(term, sums.over_mask)
    return _restrict(term, patches[i].origins, near[i].self_origins)


def _pair_term(
    i: int,
    patches: Mapping[int, Patch],
    neighbourhood: Neighbourhood,
    pairs: Mapping[tuple[int, int], Float],
    settings: MapSettings,
) -> Float:
    """Compute step 4, by window origin (2, *origins): the mean deviation from the peers.

    Where a peer has no pixel in a window, it contributes exactly the deviation of the instance
    alone. So the mean starts from that value, and only peers that share a window change it.
    """
    patch = patches[i]
    alone = patch.sums.over_window
    if settings.program != "nuclei":
        alone = np.minimum(alone, patch.sums.over_mask)
    change = np.zeros_like(alone)
    for k in neighbourhood.near:
        rows, columns = patch.origins.meet(patches[k].origins).within(patch.origins)
        change[:, rows, columns] += pairs[min(i, k), max(i, k)] - alone[:, rows, columns]
    term = (alone + change / neighbourhood.peers) * (patch.sums.count > 0)
    return _restrict(term, patch.origins, neighbourhood.pair_origins)


def _restrict(term: Float, origins: Region, allowed: Region) -> Float:
    """Return the term with zeros outside the allowed window origins."""
    rows, columns = origins.meet(allowed).within(origins)
    result = np.zeros_like(term)
    result[:, rows, columns] = term[:, rows, columns]
    return result


def _subtract_and_highlight(
    response: Float,
    i: int,
    patches: Mapping[int, Patch],
    order: Sequence[int],
    self_terms: Mapping[int, Float],
    settings: MapSettings,
) -> None:
    """Apply step 6 in place, by pixel (2, *block).

    As published, an instance's highlight is added directly after the subtraction of its self term,
    so that later subtractions reduce it. In mode `clean` all highlights come after all
    subtractions.
    """
    block, published = patches[i].block, settings.mode == "as_published"
    for k in order:
        shared = block.meet(patches[k].block)
        rows, columns = shared.within(block)
        part = response[:, rows, columns]
        other_rows, other_columns = shared.within(patches[k].block)
        part -= self_terms[k][:, other_rows, other_columns]
        np.maximum(part, 0.0, out=part)
        if published and k != i:
            _highlight(response, patches[i], patches[k], settings.overlap_highlight)
    for k in order:
        if not published and k != i:
            _highlight(response, patches[i], patches[k], settings.overlap_highlight)


def _highlight(response: Float, patch: Patch, other: Patch, amount: float) -> None:
    shared = patch.box.meet(other.box)
    if shared.empty:
        return
    overlap = patch.mask[shared.within(patch.box)] & other.mask[shared.within(other.box)]
    rows, columns = shared.within(patch.block)
    response[:, rows, columns] += amount * overlap


def _normalise(response: Float, f_ga: float) -> Float:
    """Apply steps 7 and 8: scale each sign to [1, 1 + f_ga] by its maximum, then take the mean."""
    peak = response.max(axis=(1, 2), keepdims=True)
    return np.asarray((1.0 + f_ga * response / (peak + EPSILON)).mean(axis=0))
