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
        # what the numbers below rest on: known characters, and no number cut off at the end
        if not isinstance(text, str) or not text:
            return index
        if not "0" <= min(text) <= max(text) <= "o" or text[-1] >= "P":
            return index
    if not texts:
        return None
    numbers, owner, too_long = _numbers(texts)
    runs = _runs(numbers, owner)
    filled = np.bincount(owner, weights=runs, minlength=len(texts))
    wrong = filled != [mask["size"][0] * mask["size"][1] for mask in masks]
    wrong[owner[(runs < 0) | too_long]] = True
    return int(np.flatnonzero(wrong)[0]) if wrong.any() else None


def _numbers(
    texts: list[str],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers of all texts in a row, the text of each, and which are too long."""
    characters = np.frombuffer("".join(texts).encode(), dtype=np.uint8).astype(np.int64) - 48
    last = np.flatnonzero(characters < 32)
    first = np.concatenate([[0], last[:-1] + 1])
    length = last - first + 1
    place = np.arange(len(characters)) - np.repeat(first, length)
    bits = (characters & 31) << (5 * np.minimum(place, MAX_CHARACTERS))
    numbers = np.add.reduceat(bits, first)
    negative = (characters[last] & 16) > 0
    numbers -= np.where(negative, 1 << (5 * np.minimum(length, MAX_CHARACTERS)), 0)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])[last]
    return numbers, owner, length > MAX_CHARACTERS


def _runs(numbers: NDArray[np.int64], owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Undo the differences: within each text, sum every other number, the first standing alone."""
    start = np.searchsorted(owner, owner)
    index = np.arange(len(numbers)) - start
    chain = 3 * owner + np.where(index == 0, 0, 1 + index % 2)
    order = np.argsort(chain, kind="stable")
    chain = chain[order]
    sums = np.cumsum(numbers[order])
    begin = np.searchsorted(chain, chain)
    runs = np.empty_like(numbers)
    runs[order] = sums - (sums - numbers[order])[begin]
    return runs
