"""COCO run-length codes of many cropped masks at once.

pycocotools reads every pixel of the image to encode a mask. This module reads only the pixels of
the crop, and processes the runs of all masks together. The codes equal those of pycocotools.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gains.masks.rle import Rle

Ints = NDArray[np.int64]


def encode_crops(crops: NDArray[np.bool_], corners: Ints, size: tuple[int, int]) -> list[Rle]:
    """Encode masks that are given inside a window of their image and are empty outside it.

    Args:
        crops: bool (N, w, h); the columns come first, as in the code.
        corners: int64 (N, 2), x and y of the first pixel of each window; pixels of a window that
            are outside the image must be False.
        size: height and width of the image.

    Returns:
        N compressed RLEs with ``counts`` as ``str``, as ``gains.masks.rle.encode_mask`` gives.

    Raises:
        ValueError: a mask reaches outside the image.
    """
    count, width, height = crops.shape
    if count == 0:
        return []
    separated = np.zeros((count, width, height + 1), dtype=np.int8)
    separated[:, :, :height] = crops
    edges = np.flatnonzero(np.diff(separated.ravel(), prepend=0))
    first, length = edges[0::2], edges[1::2] - edges[0::2]
    owner, rest = np.divmod(first, width * (height + 1))
    x, y = np.divmod(rest, height + 1)
    x, y = x + corners[owner, 0], y + corners[owner, 1]
    if (x < 0).any() or (y < 0).any() or (x >= size[1]).any() or (y + length > size[0]).any():
        raise ValueError(f"a mask reaches outside its image of (height, width) {size}")
    start = x * size[0] + y
    return _write(*_joined(owner, start, start + length), count, size)


def _joined(owner: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Join touching runs of one mask: the bottom of a column and the top of the next."""
    touching = (owner[1:] == owner[:-1]) & (start[1:] == end[:-1])
    opens = np.concatenate([[True], ~touching])[: len(start)]
    closes = np.concatenate([~touching, [True]])[: len(start)]
    return owner[opens], start[opens], end[closes]


def _write(owner: Ints, start: Ints, end: Ints, count: int, size: tuple[int, int]) -> list[Rle]:
    """Return the codes of ``count`` masks from their runs, which are positions in column order."""
    pixels = size[0] * size[1]
    runs = np.bincount(owner, minlength=count)
    lengths = 2 * runs + 1
    offset = np.cumsum(lengths) - lengths
    place = offset[owner] + 2 * (np.arange(len(owner)) - (np.cumsum(runs) - runs)[owner])
    borders = np.full(lengths.sum(), pixels, dtype=np.int64)
    borders[place], borders[place + 1] = start, end
    counts = np.diff(borders, prepend=0)
    counts[offset] = borders[offset]
    mask = np.repeat(np.arange(count), lengths)
    last = np.zeros(len(counts), dtype=bool)
    last[offset + lengths - 1] = True
    used = ~(last & (counts == 0) & (lengths[mask] > 1))  # no run follows the last pixel
    text, ends = _compress(counts, np.arange(len(counts)) - offset[mask], used)
    ends = ends[offset + lengths - 1]
    begins = np.concatenate([[0], ends[:-1]])
    return [
        {"size": [size[0], size[1]], "counts": text[a:b]}
        for a, b in zip(begins.tolist(), ends.tolist(), strict=True)
    ]


def _compress(counts: Ints, place: Ints, used: NDArray[np.bool_]) -> tuple[str, Ints]:
    """Write counts as pycocotools does: differences to the last but one, 5 bits per character.

    Returns:
        The characters of all counts, and the index at which the characters of each count end.
    """
    value = counts.copy()
    late = np.flatnonzero(place > 2)
    value[late] -= counts[late - 2]
    more = used.copy()
    columns, valid = [], []
    while more.any():
        valid.append(more)
        low = value & 31
        value = value >> 5
        more = more & np.where(low & 16, value != -1, value != 0)
        columns.append(low + 32 * more + 48)
    table, written = np.stack(columns, axis=1), np.stack(valid, axis=1)
    return table[written].astype(np.uint8).tobytes().decode(), np.cumsum(written.sum(axis=1))
