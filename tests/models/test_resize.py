"""Sizes of images after scaling."""

from __future__ import annotations

import pytest

from gains.models.resize import scaled_size


@pytest.mark.parametrize(
    ("shape", "short", "longest", "wanted"),
    [
        ((512, 512), 800, 1333, (800, 800)),
        ((100, 400), 200, 500, (125, 500)),
        ((9, 6), 3, 9, (5, 3)),
    ],
)
def test_the_shorter_side_is_scaled_unless_the_longer_gets_too_long(
    shape: tuple[int, int], short: int, longest: int, wanted: tuple[int, int]
) -> None:
    assert scaled_size(shape, short, longest) == wanted
