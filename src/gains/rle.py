"""Checks of compressed run-length encodings: pycocotools reads a broken one without noticing.

COCO's code: a number is a little-endian row of characters, each 48 plus 5 bits, plus 32 where more
follow; bit 16 of the last is the sign. Numbers after the third are differences to the one two
before. The runs alternate between outside and inside, in column order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gains.instances import Rle

MAX_CHARACTERS = 7
"""Of one number: 35 bits."""


def first_broken(masks: Sequence[Rle]) -> int | None:
    """Return the index of the first mask whose runs do not fill its size, or None.

    Args:
        masks: compressed RLEs with ``counts`` as ``str``.
    """
    texts = [mask["counts"] for mask in masks]
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not text or not text.isascii():
            return index
    if not texts:
        return None
    characters = np.frombuffer("".join(texts).encode(), dtype=np.uint8).astype(np.int64) - 48
    end = np.cumsum([len(text) for text in texts])
    wrong = np.zeros(len(texts), dtype=bool)
    unknown = np.flatnonzero((characters < 0) | (characters > 63))
    wrong[np.searchsorted(end, unknown, side="right")] = True
    wrong |= characters[end - 1] >= 32  # the last number is cut off
    if not wrong.any():
        numbers, last, too_long = _numbers(characters)
        total = np.searchsorted(last, end)
        owner = np.repeat(np.arange(len(texts)), np.diff(total, prepend=0))
        runs = _runs(numbers, owner, total)
        filled = np.bincount(owner, weights=runs, minlength=len(texts))
        wrong = filled != [mask["size"][0] * mask["size"][1] for mask in masks]
        wrong[owner[(runs < 0) | too_long]] = True
    return int(np.flatnonzero(wrong)[0]) if wrong.any() else None


def _numbers(
    characters: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers in a row, the place of the last character of each, which are too long."""
    last = np.flatnonzero(characters < 32)
    length = np.diff(last, prepend=-1)
    first = last + 1 - length
    place = np.arange(len(characters)) - np.repeat(first, length)
    bits = (characters & 31) << (5 * np.minimum(place, MAX_CHARACTERS))
    numbers = np.add.reduceat(bits, first)
    negative = (characters[last] & 16) > 0
    numbers -= np.where(negative, 1 << (5 * np.minimum(length, MAX_CHARACTERS)), 0)
    return numbers, last, length > MAX_CHARACTERS


def _runs(
    numbers: NDArray[np.int64], owner: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Undo the differences: within each text, sum every other number, the first standing alone.

    Args:
        numbers: of all texts in a row.
        owner: the text of each number.
        total: how many numbers there are up to the end of each text.
    """
    start = np.concatenate([[0], total[:-1]])
    index = np.arange(len(numbers)) - start[owner]
    runs = np.empty_like(numbers)
    for parity in (0, 1):
        chain = np.flatnonzero((index % 2 == parity) & (index > 0))
        sums = np.cumsum(numbers[chain])
        before = np.searchsorted(chain, start)[owner[chain]]
        runs[chain] = sums - np.concatenate([[0], sums])[before]
    runs[start] = numbers[start]
    return runs
