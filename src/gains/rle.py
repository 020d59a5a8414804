"""Checks of run-length encodings: pycocotools reads a broken one without noticing, or crashes.

COCO's code: a number is a little-endian row of characters, each 48 plus 5 bits, plus 32 where more
follow; bit 16 of the last is the sign. Numbers after the third are differences to the one two
before. The runs alternate between outside and inside, in column order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CHARACTERS = 7
"""Of one number: 35 bits."""


def check_rle(rle: dict[str, Any], height: int, width: int) -> None:
    """Refuse an RLE that does not fill an image of that size, compressed or not.

    Args:
        rle: ``size`` and ``counts``: a list of runs, or their code as ``str`` or ``bytes``.
        height: of the image, px.
        width: of the image, px.

    Raises:
        ValueError: the size is another, a run is not a whole number from 0 up, or the runs do
            not add up to the size.
    """
    size, counts = rle.get("size"), rle.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int for n in size)):
        raise ValueError(f"segmentation: RLE has size {size!r}; expected [height, width]")
    if size != [height, width]:
        raise ValueError(f"segmentation: RLE of size {size} in an image of {[height, width]}")
    total = _filled(counts)
    if total is None:
        raise ValueError("segmentation: RLE counts are not whole numbers from 0 up, or damaged")
    if total != height * width:
        raise ValueError(
            f"segmentation: RLE counts add up to {total}, but an image of {size} has "
            f"{height * width} px; the RLE is damaged"
        )


def _filled(counts: Any) -> int | None:
    """Return how many px the runs cover; None where they are not runs."""
    if isinstance(counts, list):
        return sum(counts) if all(type(n) is int and n >= 0 for n in counts) else None
    if isinstance(counts, bytes):
        counts = counts.decode("latin-1")
    runs = decode_runs(counts) if isinstance(counts, str) else None
    return None if runs is None or (runs < 0).any() else int(runs.sum())


def decode_runs(text: str) -> NDArray[np.int64] | None:
    """Return the runs of compressed RLE, int64 (N,), or None where the text is not such a code."""
    if not text or not text.isascii():
        return None
    characters = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64) - 48
    if characters.min() < 0 or characters.max() > 63 or characters[-1] >= 32:
        return None
    last = np.flatnonzero(characters < 32)
    length = np.diff(last, prepend=-1)
    if length.max() > MAX_CHARACTERS:
        return None
    first = last + 1 - length
    place = np.arange(len(characters)) - np.repeat(first, length)
    runs = np.add.reduceat((characters & 31) << (5 * place), first)
    runs -= np.where(characters[last] & 16, 1 << (5 * length), 0)
    for start in (1, 2):
        runs[start::2] = np.cumsum(runs[start::2])
    return np.asarray(runs)
