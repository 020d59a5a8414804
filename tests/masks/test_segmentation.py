"""The kinds of masks that COCO files hold."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from gains.masks.rle import decode_mask, encode_mask
from gains.masks.segmentation import empty_parts, to_rle, valid_rles


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


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ([1, 1, 4, 1, 4, 4], r"polygon that is not in a list; expected a list of polygons \[\[x0"),
        ([{"size": [6, 6], "counts": [36]}], "an RLE in a list; .* take it out of the list"),
        ([[[1, 1], [4, 1], [4, 4]]], "a polygon of lists, such as points"),
        ([[1, 1], [4, 1], [4, 4]], "a polygon of lists, such as points"),
        ([{"x": 1, "y": 1}, {"x": 4, "y": 1}], r"a record with the keys \['x', 'y'\]; expected an"),
        ({"all_points_x": [1, 4, 4], "all_points_y": [1, 1, 4]}, "a record with the keys .*RLE"),
        ({"size": [6, 6]}, r"a record with the keys \['size'\]; expected an RLE, with size and"),
        ([[1, 1, 4, 1, 4, 4], "x"], "found 'x'; expected a polygon as a flat list"),
    ],
)
def test_messages_say_what_was_found(segmentation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_rle(segmentation, 6, 6)


@pytest.mark.parametrize(
    ("polygon", "size"),
    [([1.0, 1.0, 3000.0, 3000.0] * 2000, (4000, 4000)), ([0, 0, 1, 0, 1, 2e8], (400_000_000, 2))],
)
def test_a_polygon_that_takes_too_much_memory_is_refused(
    polygon: list[float], size: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="px long; expected at most 5000000 points and px"):
        to_rle([polygon], *size)


def test_a_long_polygon_of_many_points_is_read() -> None:
    angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    points = 500 + 400 * np.column_stack([np.cos(angles), np.sin(angles)])
    area = decode_mask(to_rle([points.ravel().tolist()], 1000, 1000)).sum()
    assert area == pytest.approx(np.pi * 400**2, rel=0.01)


def test_an_empty_mask_of_a_large_image_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        assert to_rle([[]], 20_000, 20_000)["size"] == [20_000, 20_000]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_polygons_without_a_pixel_are_counted() -> None:
    good, outside = [1, 1, 4, 1, 4, 4, 1, 4], [-5, -5, -2, -5, -2, -2]
    assert empty_parts([good, outside, [1, 1, 4, 4], [1, 1, 4, 1, 5, 1], []], 6, 6) == 4
    assert empty_parts([good, good], 6, 6) == 0
    assert empty_parts([good, *[outside] * 300], 6, 6) == 300
    assert empty_parts([], 6, 6) == 0
    assert empty_parts({"size": [6, 6], "counts": [36]}, 6, 6) == 0
