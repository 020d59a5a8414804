"""Checks of run-length codes, because pycocotools accepts a broken code silently or crashes.

In COCO's code each number is a sequence of characters, the lowest bits first. A character is 48
plus 5 bits, plus 32 if more characters follow; bit 16 of the last character is the sign. From the
fourth number on, a number is the difference to the number two places before. The runs alternate
between outside and inside, in column order.

The memory of a check is bounded by the size of the image, because a code that is longer than its
image allows is refused before it is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.masks.rle import Rle

BATCH = 2**19
"""Number of characters or numbers that are checked in one pass, which bounds the memory."""
LONGEST_NUMBER = 7
"""Largest number of characters of a number of a code; they hold 35 bits."""


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
        hint = "; are height and width swapped?" if size == [width, height] else ""
        raise ValueError(f"segmentation: RLE of size {size} in an image of {[height, width]}{hint}")
    pixels = height * width
    limit, unit = _limit(counts, pixels)
    if isinstance(counts, list | str | bytes) and len(counts) > limit:
        raise ValueError(
            f"segmentation: RLE counts have {len(counts)} {unit}, but an image of {size} needs at "
            f"most {limit}; the RLE is damaged"
        )
    total = _filled(counts)
    if total is None:
        raise ValueError("segmentation: RLE counts are not whole numbers from 0 up, or damaged")
    if total != pixels:
        raise ValueError(
            f"segmentation: RLE counts add up to {total}, but an image of {size} has "
            f"{pixels} px; the RLE is damaged"
        )


def _limit(counts: Any, pixels: int) -> tuple[int, str]:
    """Return the largest length of the counts of an image, and what is counted."""
    return (pixels + 1, "runs") if isinstance(counts, list) else (_longest(pixels), "characters")


def _longest(pixels: int) -> int:
    """Return the largest number of characters of a code of an image.

    Apart from the first, no run is empty, so there are at most ``pixels + 1``, of one character
    each. A number has more characters only if it, or the number two places before, belongs to a
    run of 16 px, of 512 px and so on: these are at most 2/16 + 2/512 + ... < 1/7 of the pixels.
    """
    return pixels + 1 + max(pixels, 0) // 7


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
    found = _characters(text)
    if found is None:
        return None
    runs = _numbers(*found)
    for start in (1, 2):
        runs[start::2] = np.cumsum(runs[start::2])
    return runs


def valid(codes: Sequence[str], pixels: Sequence[int]) -> NDArray[np.bool_]:
    """Return which of many compressed codes fill their image, bool (N,); see :func:`check_rle`.

    Args:
        codes: ``counts`` of N compressed RLEs.
        pixels: number of pixels of each RLE's image.
    """
    # a code that is too long is damaged, like an empty one, and is not decoded
    fitting = [c if len(c) <= _longest(n) else "" for c, n in zip(codes, pixels, strict=True)]
    parts = [_valid(fitting[part], pixels[part]) for part in _batches(fitting)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _batches(codes: list[str]) -> Iterator[slice]:
    """Yield adjacent parts of the codes, each of about :data:`BATCH` characters."""
    batch = np.cumsum([len(code) for code in codes]) // BATCH
    borders = [0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), len(codes)]
    yield from (slice(a, b) for a, b in zip(borders, borders[1:], strict=False) if a < b)


def _valid(codes: Sequence[str], pixels: Sequence[int]) -> NDArray[np.bool_]:
    found = _together(codes)
    if found is None:
        readable = np.array([_characters(code) is not None for code in codes])
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
    """Return the numbers of all codes and their count per code; None if one is not a code."""
    found = _characters("".join(codes)) if all(codes) else None
    if found is None:
        return None
    characters, last = found
    ends = np.cumsum([len(code) for code in codes])
    if (characters[ends - 1] > 31).any():
        return None
    numbers = np.diff(np.searchsorted(last, ends - 1, side="right"), prepend=0)
    return _numbers(characters, last), numbers


def _characters(text: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """Return the characters of a code from 0 up, and the index of each number's last character.

    None says that the text is not a code: a character is unknown, the last one does not end a
    number, or a number has more than :data:`LONGEST_NUMBER` characters.
    """
    if not text or not text.isascii():
        return None
    # a character below 48 becomes a large number, because bytes have no sign
    characters = np.frombuffer(text.encode(), dtype=np.uint8) - np.uint8(48)
    last = np.flatnonzero(characters < 32)
    if (
        characters.max() > 63
        or characters[-1] > 31
        or np.diff(last, prepend=-1).max() > LONGEST_NUMBER
    ):
        return None
    return characters, last


def _sums_within(values: NDArray[np.int64], owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return running sums that start again with each owner; the items of an owner are adjacent."""
    sums = np.cumsum(values)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    before = sums[first] - values[first]
    return np.asarray(sums - np.repeat(before, np.diff(first, append=len(owner))))


def _numbers(characters: NDArray[np.uint8], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of a code; ``last`` holds the index of each number's last character."""
    parts, start = [], 0
    for k in range(0, len(last), BATCH):
        piece = last[k : k + BATCH]
        parts.append(_piece(characters[start : piece[-1] + 1].astype(np.int64), piece - start))
        start = piece[-1] + 1
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _piece(characters: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    length = np.diff(last, prepend=-1)
    first = last + 1 - length
    place = np.arange(len(characters)) - np.repeat(first, length)
    values = np.add.reduceat((characters & 31) << (5 * place), first)
    return np.asarray(values - ((characters[last] & 16) >> 4 << (5 * length)))
