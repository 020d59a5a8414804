"""The metrics of the layering paper on cases computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gains.masks.overlaps import intersections, mask_areas
from gains.masks.rle import encode_mask
from gains.metrics import METRICS, layering
from gains.metrics.names import MODES, check_larger_is_better, metrics_in, quotients_of
from gains.metrics.pairs import Pairs

Box = tuple[int, int, int, int]
"""First row, row after the last one, first column, column after the last one."""
NAMES = (
    "AP50_layering",
    "AP60_layering",
    "AP70_layering",
    "AP80_layering",
    "AP90_layering",
    "AP_layering",
    "AJI_pooled_layering",
    "AJI_mean_layering",
)
FIRST = (
    [(0, 10, 0, 10), (0, 10, 6, 16), (20, 30, 20, 30)],
    [(0, 10, 0, 10), (0, 10, 7, 17), (20, 30, 20, 24), (35, 38, 0, 3)],
)
SECOND = ([(0, 20, 0, 20)], [(0, 20, 0, 18), (0, 4, 0, 20)])


def pairs_of(truths: Sequence[Box], detections: Sequence[Box], image_id: int = 1) -> Pairs:
    """Pairs of boxes in an image of 40 x 40 px; the first detection has the best score."""

    def masks(boxes: Sequence[Box]) -> list[dict[str, object]]:
        blank = np.zeros((len(boxes), 40, 40), dtype=bool)
        for mask, (top, bottom, left, right) in zip(blank, boxes, strict=True):
            mask[top:bottom, left:right] = True
        return [encode_mask(mask) for mask in blank]

    objects, found = masks(truths), masks(detections)
    areas, detection_areas = mask_areas(objects), mask_areas(found)
    scores = np.linspace(1, 0.5, len(found))
    number = len(objects)
    return Pairs(
        image_id,
        intersections(found, objects, detection_areas, areas),
        scores,
        scores,
        detection_areas,
        areas,
        areas.astype(float),
        np.arange(1, number + 1),
        np.zeros(number, dtype=bool),
    )


def values(*scenes: tuple[Sequence[Box], Sequence[Box]]) -> dict[str, float]:
    images = [pairs_of(*scene, image_id=k) for k, scene in enumerate(scenes)]
    found = {}
    for name in NAMES:
        record = METRICS.get(name)
        assert record.clean and record.as_published
        found[name] = record.clean(images)
        assert record.as_published(images) == found[name]
    return found


def test_two_images_by_hand() -> None:
    found = values(FIRST, SECOND)
    # Intersections and unions of the pairs: 100/100, 90/110, 40/100 and 360/400, so the IoU are
    # 1, 0.818, 0.4 and 0.9. There are 4 objects and 6 detections. Up to 0.8 three succeed with
    # three detections, at 0.9 two: 3 / (10 - 3) and 2 / (10 - 2).
    for name in NAMES[:4]:
        assert found[name] == pytest.approx(3 / 7)
    assert found["AP90_layering"] == pytest.approx(0.25)
    assert found["AP_layering"] == pytest.approx((4 * 3 / 7 + 0.25) / 5)
    # The detections of 9 px and of 80 px are no object's best one.
    first, second = (100 + 90 + 40, 100 + 110 + 100 + 9), (360, 400 + 80)
    assert found["AJI_pooled_layering"] == pytest.approx((230 + 360) / (319 + 480))
    assert found["AJI_mean_layering"] == pytest.approx((230 / 319 + 360 / 480) / 2)
    assert [layering.aji_terms(pairs_of(*scene)) for scene in (FIRST, SECOND)] == [first, second]


def test_two_objects_may_share_a_detection_which_counts_once() -> None:
    # 10 x 10 and 10 x 9 px below one detection of 10 x 10 px: IoU 1 and 0.9; 2 / (2 + 1 - 1)
    found = values(([(0, 10, 0, 10), (0, 10, 0, 9)], [(0, 10, 0, 10)]))
    assert found["AP50_layering"] == found["AP90_layering"] == 1
    # its area counts for both objects: (100 + 90) / (100 + 100)
    assert found["AJI_pooled_layering"] == pytest.approx(190 / 200)


def test_the_largest_intersection_decides_and_not_the_largest_iou() -> None:
    # The object of 100 px lies inside a detection of 400 px (IoU 0.25) and is met by one of 90 px
    # (IoU 0.9): the large one is taken, the small one is left over.
    found = values(([(0, 10, 0, 10)], [(0, 10, 0, 9), (0, 20, 0, 20)]))
    assert found["AP50_layering"] == 0
    assert found["AJI_pooled_layering"] == pytest.approx(100 / (400 + 90))


@pytest.mark.parametrize(("last", "expected"), [((0, 10, 0, 10), 1 / 2), ((0, 20, 0, 20), 0)])
def test_of_equal_intersections_the_later_detection_is_taken(last: Box, expected: float) -> None:
    boxes = [(0, 10, 0, 10), (0, 20, 0, 20)]
    detections = [*(box for box in boxes if box != last), last]
    assert values(([(0, 10, 0, 10)], detections))["AP50_layering"] == expected


@pytest.mark.parametrize("columns", [6, 7, 8, 9])
def test_an_iou_that_reaches_the_threshold_is_enough(columns: int) -> None:
    # IoU exactly 0.6 to 0.9, no rounding may spoil it
    found = values(([(0, 10, 0, 10)], [(0, 10, 0, columns)]))
    expected = {f"AP{k}0_layering": float(k <= columns) for k in range(5, 10)}
    assert {name: found[name] for name in expected} == expected


def test_an_object_that_meets_no_detection_is_missed() -> None:
    # one exact pair of 100 px; a missed object of 50 px and a detection of 30 px that meet nothing
    found = values(([(0, 10, 0, 10), (20, 30, 0, 5)], [(0, 10, 0, 10), (20, 30, 20, 23)]))
    assert found["AP50_layering"] == pytest.approx(1 / 3)
    assert found["AJI_pooled_layering"] == pytest.approx(100 / (100 + 50 + 30))


@pytest.mark.parametrize("empty", [([], [(0, 4, 0, 5)]), ([(0, 4, 0, 5)], [])])
def test_an_image_with_objects_or_detections_alone_counts_against_the_others(
    empty: tuple[list[Box], list[Box]],
) -> None:
    perfect = ([(0, 10, 0, 10)], [(0, 10, 0, 10)])
    assert set(values(empty).values()) == {0.0}
    found = values(perfect, empty)
    assert found["AP50_layering"] == found["AP_layering"] == pytest.approx(1 / 2)
    assert found["AJI_pooled_layering"] == pytest.approx(100 / 120)
    assert found["AJI_mean_layering"] == pytest.approx(1 / 2)


def test_an_empty_mask_is_an_object_that_nothing_matches() -> None:
    found = values(([(0, 0, 0, 0), (0, 10, 0, 10)], [(0, 10, 0, 10)]))
    assert found["AP50_layering"] == pytest.approx(1 / 2)
    assert found["AJI_pooled_layering"] == 1
    assert set(values(([(0, 0, 0, 0)], [])).values()) == {0.0}


def test_the_terms_of_images_give_the_value_of_all() -> None:
    images = [pairs_of(*FIRST), pairs_of(*SECOND)]
    for name in NAMES:
        record = METRICS.get(name)
        parts = [METRICS.get(part).clean_terms for part in quotients_of(name)]
        terms = [np.sum([of_one(pairs) for pairs in images], axis=0) for of_one in parts if of_one]
        assert record.clean and len(terms) == len(parts)
        assert np.mean([over / under for over, under in terms]) == pytest.approx(
            record.clean(images)
        )


@pytest.mark.parametrize("name", NAMES)
def test_each_exists_in_both_modes_and_may_choose_weights(name: str) -> None:
    assert all(name in metrics_in(mode) for mode in MODES)
    check_larger_is_better(name, "validation.metric")
