"""The kinds of masks that COCO files hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gains.masks.rle import decode_mask, encode_mask
from gains.masks.segmentation import to_rle, valid_rles


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 4, 1, 4, 4, 1, 4]],
        {"size": [6, 6], "counts": [7, 3, 3, 3, 3, 3, 14]},
        encode_mask(np.pad(np.ones((3, 3), dtype=bool), ((1, 2), (1, 2)))),
    ],
)
def test_three_kinds_of_masks_are_one(segmentation: Any) -> None:
    wanted = np.zeros((6, 6), dtype=bool)
    wanted[1:4, 1:4] = True
    assert np.array_equal(decode_mask(to_rle(segmentation, 6, 6)), wanted)


@pytest.mark.parametrize(
    "segmentation", [[1, 2, 3, 4, 5, 6], "x", 5, {"size": [3, 3], "counts": "9"}]
)
def test_other_masks_are_refused(segmentation: Any) -> None:
    with pytest.raises(ValueError, match="segmentation: "):
        to_rle(segmentation, 6, 6)


def test_a_triangle_covers_pixels_and_a_line_does_not() -> None:
    triangle = decode_mask(to_rle([[0, 0, 6, 0, 0, 6]], 6, 6))
    assert 15 <= triangle.sum() <= 21  # half of 36 px, with its rim or without
    assert not decode_mask(to_rle([[0, 0, 6, 6]], 6, 6)).any()
    both = decode_mask(to_rle([[0, 0, 6, 6], [0, 0, 6, 0, 0, 6]], 6, 6))
    assert np.array_equal(both, triangle)


def test_a_polygon_may_leave_the_image_by_its_side() -> None:
    # 4 px high and 10 px wide: x from -10 to 20, y from -4 to 8
    covered = decode_mask(to_rle([[-10, -4, 20, -4, 20, 8, -10, 8]], 4, 10))
    assert covered.all()
    for corner in ((-10.1, 0), (20.1, 0), (0, -4.1), (0, 8.1)):
        with pytest.raises(ValueError, match="are the coordinates in px"):
            to_rle([[*corner, 5, 1, 5, 3]], 4, 10)


@pytest.mark.parametrize("size", [[4.0, 6], [4, 6.0], [True, 6]])
def test_a_size_that_is_no_whole_number_is_left_to_the_full_check(size: list[Any]) -> None:
    height = int(size[0])
    rle = encode_mask(np.ones((height, 6), dtype=bool))
    assert valid_rles([rle, {**rle, "size": size}], [(height, 6)] * 2) == [rle, None]
    with pytest.raises(ValueError, match=r"RLE has size .*; expected \[height, width\]"):
        to_rle({**rle, "size": size}, height, 6)
