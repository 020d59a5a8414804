"""Checks of run-length codes, because pycocotools accepts a broken code silently or crashes.

In COCO's code each number is a sequence of characters, the lowest bits first. A character is 48
plus 5 bits, plus 32 if more characters follow; bit 16 of the last character is the sign. From the
fourth number on, a number is the difference to the number two places before. The runs alternate
between outside and inside, in column order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.masks.rle import Rle

CODE = re.compile("(?:[P-o]{0,6}[0-O])+")
"""Numbers of at most 7 characters (35 bits), all but the last of which say that more follow."""
BATCH = 4096
"""Number of codes that are checked in one pass."""


def check_rle(rle: Rle, height: int, width: int) -> None:
    """Refuse an RLE, compressed or not, that does not fill an image of the given size.

    Args:
        rle: ``size`` and ``counts``: a list of runs, or their code as ``str`` or ``bytes``.
        height: height of the image, px.
        width: width of the image, px.

    Raises:
        ValueError: the size differs, a run is not a whole number from 0 up, or the runs do not add
            up to the size.
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
    """Return the total length of the runs in px, or None if they are not runs."""
    if isinstance(counts, list):
        return sum(counts) if all(type(n) is int and n >= 0 for n in counts) else None
    if isinstance(counts, bytes):
        counts = counts.decode("latin-1")
    runs = decode_runs(counts) if isinstance(counts, str) else None
    return None if runs is None or (runs < 0).any() else int(runs.sum())


def decode_runs(text: str) -> NDArray[np.int64] | None:
    """Return the runs of a compressed RLE, int64 (N,), or None if the text is not a code."""
    if not CODE.fullmatch(text):
        return None
    characters = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64) - 48
    runs = _numbers(characters, np.flatnonzero(characters < 32))
    for start in (1, 2):
        runs[start::2] = np.cumsum(runs[start::2])
    return np.asarray(runs)


def valid(codes: Sequence[str], pixels: Sequence[int]) -> NDArray[np.bool_]:
    """Return which of many compressed codes fill their image, bool (N,); see :func:`check_rle`.

    Args:
        codes: ``counts`` of N compressed RLEs.
        pixels: number of pixels of each RLE's image.
    """
    parts = [
        _valid(codes[start : start + BATCH], pixels[start : start + BATCH])
        for start in range(0, len(codes), BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _valid(codes: Sequence[str], pixels: Sequence[int]) -> NDArray[np.bool_]:
    found = _together(codes)
    if found is None:
        readable = np.array([CODE.fullmatch(code) is not None for code in codes])
        kept = np.flatnonzero(readable).tolist()
        if kept:
            readable[kept] = _valid([codes[k] for k in kept], [pixels[k] for k in kept])
        return readable
    runs, numbers = found
    begin = np.cumsum(numbers) - numbers
    place = np.arange(len(runs)) - np.repeat(begin, numbers)
    owner = np.repeat(np.arange(len(codes)), numbers)
    for parity in (0, 1):
        chain = np.flatnonzero((place > 0) & (place % 2 == parity))
        runs[chain] = _sums_within(runs[chain], owner[chain])
    positive = np.minimum.reduceat(runs, begin) >= 0
    return np.asarray(positive & (np.add.reduceat(runs, begin) == np.asarray(pixels)))


def _together(codes: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the numbers of all codes and their count per code; None if one is no :data:`CODE`.

    The test gives the same result as the expression, but checks all characters at once.
    """
    text = "".join(codes)
    if not all(codes) or not text.isascii():
        return None
    characters = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64) - 48
    ends = np.cumsum([len(code) for code in codes])
    last = np.flatnonzero(characters < 32)
    if (
        characters.min() < 0
        or characters.max() > 63
        or (characters[ends - 1] > 31).any()
        or np.diff(last, prepend=-1).max() > 7
    ):
        return None
    numbers = np.diff(np.searchsorted(last, ends - 1, side="right"), prepend=0)
    return _numbers(characters, last), numbers


def _sums_within(values: NDArray[np.int64], owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return running sums that start again with each owner; the items of an owner are adjacent."""
    sums = np.cumsum(values)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    before = sums[first] - values[first]
    return np.asarray(sums - np.repeat(before, np.diff(first, append=len(owner))))


def _numbers(characters: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of a code; ``last`` holds the index of each number's last character."""
    length = np.diff(last, prepend=-1)
    first = last + 1 - length
    place = np.arange(len(characters)) - np.repeat(first, length)
    values = np.add.reduceat((characters & 31) << (5 * place), first)
    return np.asarray(values - np.where(characters[last] & 16, 1 << (5 * length), 0))
