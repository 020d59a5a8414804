"""Ground truth of EDF images that holds outlines of nuclei where filled nuclei are expected.

The rules for the 8-connected regions of an image:

- An outline is a region that is narrow everywhere and encloses a gap wider than itself. In an image
  with such an outline, every narrow region with a gap is one. The border of the image closes a gap
  too. Each gap is a nucleus, together with the pixels of the line that are nearer to it than to
  another gap, so nuclei that share a line stay apart.
- Of several gaps, one that is much smaller than its convex hull lies between nuclei, and is
  background. So is a gap that holds a nucleus.
- A piece is a region that looks like a line but encloses nothing. If the pieces have more than a
  tenth of the pixels of the outlines, nuclei are missing, and the image is left out.
- All other regions are filled nuclei and stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.datasets.catalogue.isbi2014.checks import nuclei
from gains.datasets.findings import Findings
from gains.masks.rle import Rle, encode_mask

Mask = NDArray[np.bool_]
Place = tuple[slice, slice]

LINE = 4.0
"""Largest distance from a pixel of a line to the nearest pixel beside the line, px."""

DISCS = 10
"""How many times the area of the largest disc inside it a piece of a wide line has."""

SOLIDITY = 0.75
"""Smallest share of its convex hull that a nucleus fills."""

FEWEST = 30
"""Smallest number of pixels in pieces that, without an outline, are a sign of outlines."""

EIGHT = np.ones((3, 3), dtype=bool)


class _Outline(NamedTuple):
    """A line in a window of the image, and the regions that it encloses."""

    place: Place
    line: Mask
    gaps: NDArray[np.int32]
    wide: list[int]
    narrow: list[int]

    def of_small_nuclei(self) -> _Outline:
        """Return the outline with its narrow gaps as nuclei, if it has no others."""
        return self if self.wide else self._replace(wide=self.narrow, narrow=[])


def nuclei_of(drawn: Mask, name: str, findings: Findings) -> list[Rle] | None:
    """Return the nuclei of an image, or None if its outlines are not closed.

    Args:
        drawn: bool (H, W), the ground truth.
        name: name of the image, for the findings.
        findings: records what was filled, dropped and left out.
    """
    outlines, pieces = _lines(drawn)
    solid = drawn & ~pieces
    for outline in outlines:
        solid[outline.place] &= ~outline.line
    closed = sum(int(np.count_nonzero(outline.line)) for outline in outlines)
    loose = int(np.count_nonzero(pieces))
    if not outlines and loose < max(FEWEST, int(np.count_nonzero(solid))):
        return nuclei(drawn, name, findings)
    if 10 * loose > closed:
        findings.add("images with outlines of nuclei that are not closed were left out", name)
        return None
    if loose:
        findings.add("pieces of lines beside closed outlines were dropped in these images", name)
    whole = nuclei(solid, name, findings)
    return [*whole, *_filled(outlines, solid, name, findings)]


def _lines(drawn: Mask) -> tuple[list[_Outline], Mask]:
    """Return the outlines, inner ones first, and the pixels of the pieces."""
    labels, _ = scipy.ndimage.label(drawn, EIGHT)
    found: list[tuple[_Outline, bool]] = []
    for number, box in enumerate(scipy.ndimage.find_objects(labels), start=1):
        rows, columns = (slice(max(side.start - 1, 0), side.stop + 1) for side in box)
        line = labels[rows, columns] == number
        width, area = scipy.ndimage.distance_transform_edt(line).max(), np.count_nonzero(line)
        if width > LINE:
            continue
        is_line = width < 2 or area > DISCS * math.pi * width**2
        found.append((_outline((rows, columns), line, width), is_line))
    if any(outline.wide for outline, _ in found):
        found = [(outline.of_small_nuclei(), is_line) for outline, is_line in found]
    pieces = np.zeros_like(drawn)
    for outline, is_line in found:
        if is_line and not (outline.wide or outline.narrow):
            pieces[outline.place] |= outline.line
    outlines = [outline for outline, _ in found if outline.wide]
    return sorted(outlines, key=lambda outline: outline.line.size), pieces


def _outline(place: Place, line: Mask, width: float) -> _Outline:
    """Find the gaps that a line encloses, and which of them are wider than the line."""
    gaps, count = scipy.ndimage.label(~line)
    # a side of the window without a pixel of the line is beside it, the others are the image's
    sides = (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1])
    outside = {int(side[0]) for side in sides if side.all()}
    enclosed = [number for number in range(1, count + 1) if number not in outside]
    depth = scipy.ndimage.distance_transform_edt(~line)
    depths = scipy.ndimage.maximum(depth, gaps, enclosed) if enclosed else []
    wide = [number for number, deepest in zip(enclosed, depths, strict=True) if deepest > width]
    return _Outline(place, line, gaps, wide, [n for n in enclosed if n not in wide])


def _filled(outlines: list[_Outline], solid: Mask, name: str, findings: Findings) -> Iterator[Rle]:
    """Yield the nuclei inside the outlines, with their part of the line."""
    taken = solid.copy()
    for place, line, gaps, wide, narrow in outlines:
        free = [n for n in wide if not taken[place][gaps == n].any()]
        inside = [n for n in free if len(wide) == 1 or _is_solid(gaps == n)]
        for _ in range(len(wide) - len(inside)):
            findings.add("gaps between nuclei, or around them, were not filled", name)
        if not inside:
            continue
        core = np.isin(gaps, inside)
        rows, columns = scipy.ndimage.distance_transform_edt(
            ~core, return_distances=False, return_indices=True
        )
        nearest = np.where(line | core | np.isin(gaps, narrow), gaps[rows, columns], 0)
        for number in inside:
            nucleus = np.zeros_like(solid)
            nucleus[place] = nearest == number
            taken |= nucleus
            findings.add("outlines of nuclei were filled", name)
            yield encode_mask(nucleus)


def _is_solid(gap: Mask) -> bool:
    """Return whether a gap fills most of its convex hull."""
    corners = [np.argwhere(gap) + shift for shift in ((0, 0), (0, 1), (1, 0), (1, 1))]
    hull = scipy.spatial.ConvexHull(np.concatenate(corners)).volume
    return bool(np.count_nonzero(gap) >= SOLIDITY * hull)
