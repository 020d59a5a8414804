"""Copies of a file with changed bytes, for tests of its reader."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def damaged(whole: bytes) -> Iterator[bytes]:
    """Yield copies with one byte changed, and with four bytes changed at once.

    These are each byte at the end, where a zip file has its directory, and a third of the others.
    """
    generator, end = random.Random(0), len(whole) - 600
    places = [(position,) for position in range(len(whole)) if position > end or position % 3 == 0]
    fours = [generator.sample(range(len(whole)), 4) for _ in range(len(whole) // 8)]
    for positions in (*places, *fours):
        broken = bytearray(whole)
        for position in positions:
            broken[position] ^= 0xFF
        yield bytes(broken)


def refused_or_equal(path: Path, read: Callable[[Path], Any]) -> int:
    """Damage a file in many ways; return how many ways ``read`` refuses.

    Every other copy must give the content of the whole file.
    """
    whole, expected, refused = path.read_bytes(), repr(read(path)), 0
    for broken in damaged(whole):
        path.write_bytes(broken)
        try:
            found = repr(read(path))
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017 - most copies raise, and some do not
            refused += 1
        else:
            assert found == expected, _places(whole, broken)
    return refused


def _places(whole: bytes, broken: bytes) -> str:
    pairs = enumerate(zip(whole, broken, strict=True))
    return ", ".join(f"byte {n}: {a} became {b}" for n, (a, b) in pairs if a != b)
