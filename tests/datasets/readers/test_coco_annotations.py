"""Checks of the records of a COCO file."""

from __future__ import annotations

import pytest

from gains.datasets.readers.coco_annotations import leaves_image


@pytest.mark.parametrize(
    ("polygon", "leaves"),
    [
        ([0, 0, 10, 0, 10, 5, 0, 5], False),  # the whole image
        ([0, 0, 10.5, 0, 10, 5], True),
        ([0, 0, 10, 0, 10, 5.5], True),
        ([-0.5, 0, 10, 0, 10, 5], True),
    ],
)
def test_a_polygon_on_the_border_stays_inside(polygon: list[float], leaves: bool) -> None:
    assert leaves_image([polygon], height=5, width=10) == leaves
