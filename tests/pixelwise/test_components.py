"""Objects read off per-pixel outputs, on scenes drawn by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from gains.pixelwise.components import (
    Component,
    components_by_layer,
    connected,
    contour_components,
    regrown,
    semantic_components,
    without_small,
)


def drawn(*rows: str) -> NDArray[np.bool_]:
    return np.array([[c != "." for c in row] for row in rows])


def probability(*rows: str) -> NDArray[np.float32]:
    """Return tenths: 7 is 0.7, and a point is 0."""
    return np.array([[0 if c == "." else int(c) / 10 for c in r] for r in rows], dtype=np.float32)


def layered_components(*outputs: Any) -> list[Component]:
    return [component for part in components_by_layer(*outputs) for component in part]


def test_corners_connect_and_an_area_below_the_smallest_is_dropped() -> None:
    mask = drawn("##...", "..#.#", "....#")
    labels = connected(mask)
    assert labels.max() == 2
    assert (labels == 1).sum() == 3  # two pixels, and one at their corner
    assert (connected(mask, 2) > 0).sum() == 5  # an area of 2 stays
    assert (connected(mask, 3) > 0).tolist() == drawn("##...", "..#..", ".....").tolist()
    assert not connected(mask, 4).any()


def test_labels_keep_their_number_when_small_ones_are_dropped() -> None:
    labels = np.array([[1, 2, 2, 0], [0, 0, 3, 3]], dtype=np.int32)
    assert without_small(labels, 2).tolist() == [[0, 2, 2, 0], [0, 0, 3, 3]]


def test_the_score_is_the_mean_foreground_of_the_component_alone() -> None:
    foreground = probability("96..", ".9.8", "...8", "5555")
    # the row of 0.5 is not above the threshold
    first, second = semantic_components(foreground, 0.5, 2)
    assert (first.top, first.left, first.mask.shape) == (0, 0, (2, 2))
    assert first.score == pytest.approx((0.9 + 0.6 + 0.9) / 3)
    assert (second.top, second.left, second.mask.shape) == (1, 3, (2, 1))
    assert second.score == pytest.approx(0.8)


def test_layers_above_the_threshold_and_always_the_strongest() -> None:
    foreground = probability("9999999", ".......", "......8")
    layers = np.stack(
        [
            probability("9993111", ".......", "......9"),
            probability("1166233", "9999999", "......1"),
        ]
    )
    # the lone pixel of the foreground is too small; the column 2 is in both layers, 4 is in the
    # second (0.2 against 0.1); what lies outside the foreground is in none
    found = layered_components(foreground, layers, 0.5, 0.5, 2)
    assert [(c.top, c.left, c.mask.tolist()) for c in found] == [
        (0, 0, [[True, True, True]]),
        (0, 2, [[True, True, True, True, True]]),
    ]


def test_a_small_part_of_a_layer_is_dropped_though_its_foreground_is_large() -> None:
    foreground = probability("99999999")
    layers = np.stack([probability("99999911"), probability("11111199")])
    (found,) = layered_components(foreground, layers, 0.5, 0.5, 3)
    assert found.mask.tolist() == [[True] * 6]


def test_touching_objects_of_different_layers_stay_apart_and_objects_of_one_layer_merge() -> None:
    foreground = probability("9" * 9)
    apart = np.stack([probability("999...999"), probability("...999...")])
    assert len(layered_components(foreground, apart, 0.5, 0.5, 0)) == 3
    merged = np.stack([probability("999999999"), probability(".........")])
    assert len(layered_components(foreground, merged, 0.5, 0.5, 0)) == 1


def test_regrown_row() -> None:
    """Seeds at columns 1 and 8 meet between columns 4 and 5: each grows three times."""
    seeds = np.zeros((1, 11), dtype=np.int32)
    seeds[0, 1], seeds[0, 8] = 1, 2
    found = regrown(seeds, np.ones((1, 11), dtype=bool))
    assert found.tolist() == [[1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]]


def test_the_larger_label_wins_a_tie_and_unconnected_foreground_stays_empty() -> None:
    seeds = np.array([[2, 0, 1, 0, 0, 0]], dtype=np.int32)
    inside = drawn("###..#")
    assert regrown(seeds, inside).tolist() == [[2, 2, 1, 0, 0, 0]]
    assert not regrown(np.zeros_like(seeds), inside).any()


def test_growth_goes_through_corners_within_the_foreground() -> None:
    seeds = np.zeros((3, 3), dtype=np.int32)
    seeds[0, 0] = 4
    assert regrown(seeds, drawn("#..", ".#.", "..#")).tolist() == [[4, 0, 0], [0, 4, 0], [0, 0, 4]]


def test_growth_is_the_step_by_step_rule_on_any_scene() -> None:
    random = np.random.default_rng(0)
    for share in (0.3, 0.6, 0.9):
        inside = random.random((40, 30)) < share
        seeds = np.where(random.random(inside.shape) < 0.02, random.integers(1, 9, inside.shape), 0)
        labels = seeds.astype(np.int32)
        for _ in range(labels.size):
            near = ndimage.maximum_filter(labels, size=3, mode="constant", cval=0)
            labels = np.where((labels == 0) & inside, near, labels)
        assert np.array_equal(regrown(seeds.astype(np.int32), inside), labels)


def test_contours_part_objects_one_pixel_wider_than_predicted() -> None:
    foreground = probability(*["9" * 9] * 3)
    contour = probability(*["....7...."] * 3)
    # the wall covers columns 3 to 5; both seeds grow back by one column, and the larger label
    # takes the middle
    left, right = contour_components(foreground, contour, 0.5, 0.5, 0)
    assert [c.mask.sum() for c in (left, right)] == [4 * 3, 5 * 3]
    (only,) = contour_components(foreground, contour, 0.5, 0.5, 13)
    assert only.left == 4


def test_widened_contours_close_a_gap_of_one_pixel() -> None:
    foreground = probability(*["9" * 9] * 3)
    contour = probability("....7....", ".........", "....7....")
    assert len(contour_components(foreground, contour, 0.5, 0.5, 0)) == 2


def test_a_seed_smaller_than_the_smallest_object_may_grow_large_enough() -> None:
    foreground = probability(*["9999"] * 4)
    contour = probability("7777", "7...", "7...", "7...")
    (found,) = contour_components(foreground, contour, 0.5, 0.5, 16)
    assert found.mask.all()
    assert found.whole(4, 4).all()
