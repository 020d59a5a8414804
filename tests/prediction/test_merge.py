"""Objects of tiles become objects of the image: each once, whole, and none joined with another."""

from __future__ import annotations

import numpy as np
import pytest

from gains.instances import Instances
from gains.masks.rle import decode_mask
from gains.prediction.merge import Merged, merge_tiles
from helpers.scenes_in_tiles import Mask, disc, drawn, found_in, rod, tiling


def masks_of(merged: Merged) -> list[bytes]:
    return [decode_mask(code).tobytes() for code in merged.instances.masks]


def assert_exact(merged: Merged, masks: list[Mask]) -> None:
    """Assert that the objects are found in the order of their scores, each once and pixel by pixel."""
    assert merged.instances.extra.get("object", []) == list(range(len(masks)))
    assert masks_of(merged) == [mask.tobytes() for mask in masks]


@pytest.mark.parametrize(
    ("size", "tile", "longest"),
    [
        ((300, 410), (101, 83), 37),
        ((64, 500), (64, 64), 24),  # one row of tiles
        ((1, 400), (90, 90), 40),  # one row of pixels
        ((91, 91), (90, 90), 40),  # one pixel larger than a tile
        ((260, 260), (75, 75), 34),  # an overlap of half a tile: most pixels lie in four tiles
        ((50, 60), (90, 90), 30),  # one tile
    ],
)
def test_drawn_scenes_come_back_exactly(
    size: tuple[int, int], tile: tuple[int, int], longest: int
) -> None:
    rng = np.random.default_rng(size[0])
    masks = drawn(rng, size, 8 + size[0] * size[1] // 700, longest)
    tiles = tiling(size, tile, longest + 3)
    merged = merge_tiles(tiles, found_in(tiles, masks))
    assert_exact(merged, masks)
    assert merged.cut == 0


def test_an_object_on_the_corner_of_four_tiles_is_found_once() -> None:
    tiles = tiling((140, 140), (90, 90), 40)
    masks = [disc((140, 140), 70, 70, 18), disc((140, 140), 52, 90, 18)]
    found = found_in(tiles, masks)
    assert [len(part) for part in found] == [2, 2, 2, 2]
    assert_exact(merge_tiles(tiles, found), masks)


@pytest.mark.parametrize("shift", range(0, 60, 3))
def test_cells_that_share_most_of_their_pixels_are_not_joined_at_a_seam(shift: int) -> None:
    size = (60, 200)
    tiles = tiling(size, (60, 100), 44)
    a, b = disc(size, 30, 60 + shift, 19), disc(size, 32, 70 + shift, 19)
    assert 0.45 < (a & b).sum() / (a | b).sum() < 0.55  # as masks of one object may agree
    assert_exact(merge_tiles(tiles, found_in(tiles, [a, b])), [a, b])


def test_equal_masks_of_two_classes_are_two_objects() -> None:
    size = (60, 200)
    tiles = tiling(size, (60, 100), 44)
    masks = [disc(size, 30, 80, 19), disc(size, 30, 80, 19)]
    merged = merge_tiles(tiles, found_in(tiles, masks, [1, 2]))
    assert merged.instances.categories.tolist() == [1, 2]


def test_two_detections_of_one_tile_remain_two() -> None:
    size = (60, 200)
    tiles = tiling(size, (60, 100), 44)
    masks = [disc(size, 30, 80, 19), disc(size, 30, 80, 18)]
    assert_exact(merge_tiles(tiles, found_in(tiles, masks)), masks)


def test_objects_larger_than_the_overlap_are_united_and_counted() -> None:
    size = (60, 400)
    tiles = tiling(size, (60, 100), 30)
    masks = [rod(size, 30, 200, 300, 0.0), disc(size, 20, 75, 9), rod(size, 45, 90, 60, 0.1)]
    merged = merge_tiles(tiles, found_in(tiles, masks))
    assert_exact(merged, masks)
    assert merged.cut == 2
    assert merged.instances.boxes[0].tolist() == [50, 28, 351, 33]


def test_the_remainder_of_an_object_that_the_next_tile_sees_whole_is_left_out() -> None:
    size = (60, 156)
    tiles = tiling(size, (60, 100), 44)
    first, _ = found_in(tiles, [disc(size, 30, 95, 15)])
    nothing = Instances.from_rles(60, 100, [], [], extra={"object": []})
    assert len(first) == 1
    assert len(merge_tiles(tiles, [first, nothing]).instances) == 0
    assert len(merge_tiles(tiles, [nothing, nothing]).instances) == 0


def test_masks_that_differ_a_little_between_tiles_are_one_object() -> None:
    rng = np.random.default_rng(1)
    size = (200, 200)
    masks = [m for m in drawn(rng, size, 60, 40) if m.sum() > 60]
    tiles = tiling(size, (90, 90), 44)

    def moved(mask: Mask) -> Mask:
        step = int(rng.integers(-1, 2))
        return np.roll(mask, step, axis=0) if not mask[[0, -1]].any() else mask

    found = merge_tiles(tiles, found_in(tiles, masks, change=moved)).instances.extra["object"]
    assert found == list(range(len(masks)))


def test_a_place_is_judged_by_the_tile_in_which_the_object_lies_deepest() -> None:
    tiles = tiling((140, 140), (90, 90), 40)
    found = found_in(tiles, [disc((140, 140), 68, 72, 10)])
    nothing = Instances.from_rles(90, 90, [], [], extra={"object": []})
    kept = [
        len(
            merge_tiles(
                tiles, [nothing if k == left_out else part for k, part in enumerate(found)]
            ).instances
        )
        for left_out in range(4)
    ]
    assert sorted(kept) == [0, 1, 1, 1]
