"""Anomaly maps by a literal loop over every window of the whole image.

This program is slow and simple. It was written from the description of the eight steps, and the
tests compare the package with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gains.config.maps import MapSettings

SENTINEL = -4.0

Limits = tuple[range, range]


def loop_maps(
    given: Sequence[npt.NDArray[np.bool_]],
    categories: list[int],
    settings: MapSettings,
    boxes: Any = None,
) -> list[npt.NDArray[np.float64]]:
    """Return full-size maps, one per mask."""
    masks = np.asarray(given, dtype=bool)
    target = np.array([c == settings.target_category for c in categories])
    nuclei = settings.program == "nuclei"
    members = dict.fromkeys(range(len(masks)), np.flatnonzero(target).tolist())
    result = []
    for i in range(len(masks)):
        if nuclei:
            members = {i: box_members(i, boxes, settings.window_size)}
            if len(members[i]) == 1:
                value = 0.0 if settings.mode == "as_published" else 1.0
                result.append(np.full(masks.shape[1:], value))
                continue
        peers = [k for k in members[i] if target[k] and k != i]
        if not target[i] or not masks[i].any() or not peers:
            result.append(np.ones(masks.shape[1:]))
            continue
        limits = box_limits(boxes[members[i]], settings.window_size) if nuclei else None
        signs = [one_sign(i, peers, masks, s, settings, limits) for s in (1, -1)]
        result.append((signs[0] + signs[1]) / 2)  # step 8
    return result


def box_members(i: int, boxes: Any, w: int) -> list[int]:
    """Return the list of neighbours in the program nuclei, beginning with i."""
    grown = [(x - w, y - w, x + bw + w, y + bh + w) for x, y, bw, bh in boxes]
    found = [i]
    for k in range(len(boxes)):
        a, b = grown[i], grown[k]
        # boxes that share only a border or a corner intersect
        apart = a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
        a_holds = a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2] and a[3] >= b[3]
        b_holds = b[0] <= a[0] and b[1] <= a[1] and b[2] >= a[2] and b[3] >= a[3]
        if k != i and not apart and not a_holds and not b_holds:
            found.append(k)
    return found


def box_limits(boxes: Any, w: int) -> tuple[Limits, Limits]:
    """Return the allowed rows and columns of windows for the self term and the pair term."""
    x0, y0 = boxes[:, 0].min(), boxes[:, 1].min()
    bw, bh = (boxes[:, 0] + boxes[:, 2]).max() - x0, (boxes[:, 1] + boxes[:, 3]).max() - y0
    x0, y0, bw, bh = int(x0), int(y0), int(bw), int(bh)
    rows, columns = range(y0, y0 + bh), range(x0, x0 + bw)
    wide = range(y0 - w + 1, y0 + bh), range(x0 - w + 1, x0 + bw)
    return (rows, columns), wide


def field(
    mask: npt.NDArray[np.bool_], s: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Compute step 2: directions with sentinel, and gradient magnitude, of the whole image."""
    grid: Any = np.indices(mask.shape)
    y, x = grid
    cy, cx = y[mask].mean(), x[mask].mean()
    g_y, g_x = np.gradient((y - cy) ** 2 + (x - cx) ** 2)
    return np.where(mask, np.arctan2(g_y, s * g_x), SENTINEL), np.sqrt(g_y**2 + g_x**2)


def self_term(
    mask: npt.NDArray[np.bool_],
    direction: npt.NDArray[np.float64],
    settings: MapSettings,
    limits: Limits | None,
) -> npt.NDArray[np.float64]:
    """Compute step 3."""
    w = settings.window_size
    height, width = mask.shape
    result = np.zeros((height - w + 1, width - w + 1))
    for r in range(height - w + 1):
        for c in range(width - w + 1):
            inside = mask[r : r + w, c : c + w]
            if not inside.any() or (limits and (r not in limits[0] or c not in limits[1])):
                continue
            window = direction[r : r + w, c : c + w]
            result[r, c] = window.std()
            if settings.program != "chrom":
                result[r, c] = min(result[r, c], window[inside].std())
    return result


def pair_term(
    mask: npt.NDArray[np.bool_],
    direction: npt.NDArray[np.float64],
    others: list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]],
    settings: MapSettings,
    limits: Limits | None,
) -> npt.NDArray[np.float64]:
    """Compute step 4; ``others`` is a list of (mask, direction)."""
    w = settings.window_size
    height, width = mask.shape
    result = np.zeros((height - w + 1, width - w + 1))
    for r in range(height - w + 1):
        for c in range(width - w + 1):
            at = np.s_[r : r + w, c : c + w]
            if not mask[at].any() or (limits and (r not in limits[0] or c not in limits[1])):
                continue
            found = []
            for other_mask, other_direction in others:
                value = (other_direction[at] - direction[at]).std()
                if settings.program != "nuclei":
                    both = np.r_[other_direction[at][other_mask[at]], direction[at][mask[at]]]
                    value = min(value, both.std())
                found.append(value)
            result[r, c] = np.mean(found)
    return result


def paint(
    values: npt.NDArray[np.float64], shape: tuple[int, ...], w: int
) -> npt.NDArray[np.float64]:
    """Apply step 5 literally: later windows overwrite earlier ones."""
    result = np.zeros(shape)
    for r in range(values.shape[0]):
        for c in range(values.shape[1]):
            result[r : r + w, c : c + w] = values[r, c]
    return result


def one_sign(
    i: int,
    peers: list[int],
    masks: npt.NDArray[np.bool_],
    s: int,
    settings: MapSettings,
    limits: tuple[Limits, Limits] | None,
) -> npt.NDArray[np.float64]:
    """Apply steps 2 to 7 for one sign."""
    w, shape = settings.window_size, masks.shape[1:]
    fields = {k: field(masks[k], s) for k in [i, *peers] if masks[k].any()}
    empty = np.full(shape, SENTINEL)
    self_limits, pair_limits = limits or (None, None)
    others = [(masks[k], fields[k][0] if k in fields else empty) for k in peers]
    m = paint(pair_term(masks[i], fields[i][0], others, settings, pair_limits), shape, w)
    order = [i] if limits else sorted([i, *peers])
    highlights = np.zeros(shape)
    for k in order:  # step 6
        if k in fields:
            own = self_term(masks[k], fields[k][0], settings, self_limits)
            m = np.maximum(m - paint(own, shape, w), 0)
        if k != i:
            highlight = settings.overlap_highlight * (masks[i] & masks[k])
            if settings.mode == "as_published":
                m = m + highlight
            else:
                highlights += highlight
    m = (m + highlights) * fields[i][1] / fields[i][1].max()  # step 7
    return 1 + settings.f_ga * m / (m.max() + 1e-7)
