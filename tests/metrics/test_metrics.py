"""Metrics on cases small enough to compute by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gains.masks.overlaps import intersections, mask_areas
from gains.masks.rle import Rle, encode_mask
from gains.metrics import METRICS, aji, dice, f1
from gains.metrics.matching import greedy_by_overlap, greedy_by_truth
from gains.metrics.pairs import Pairs

Ranges = Sequence[tuple[int, int]]


def make_pairs(
    truths: Ranges,
    detections: Ranges,
    scores: Sequence[float] | None = None,
    ids: Sequence[int] | None = None,
    crowd: Sequence[bool] | None = None,
    recorded: Sequence[float] | None = None,
    image_id: int = 1,
) -> Pairs:
    """Pairs of masks given as column ranges of a 1 x 100 image: (start, end)."""

    def masks(ranges: Ranges) -> list[Rle]:
        rows = []
        for start, end in ranges:
            row = np.zeros((1, 100), dtype=bool)
            row[:, start:end] = True
            rows.append(encode_mask(row))
        return rows

    g, d = masks(truths), masks(detections)
    areas, detection_areas = mask_areas(g), mask_areas(d)
    n = len(g)
    ranks = np.linspace(1, 0.5, len(d)) if scores is None else np.array(scores, dtype=float)
    return Pairs(
        image_id,
        intersections(d, g, detection_areas, areas),
        ranks,
        ranks,
        detection_areas,
        areas,
        areas.astype(float) if recorded is None else np.array(recorded, dtype=float),
        np.arange(1, n + 1) if ids is None else np.array(ids),
        np.zeros(n, dtype=bool) if crowd is None else np.array(crowd, dtype=bool),
    )


def clean_values(images: list[Pairs]) -> dict[str, float]:
    return {metric.name: metric.clean(images) for metric in METRICS if metric.clean}


def published_values(images: list[Pairs]) -> dict[str, float]:
    return {m.name: m.as_published(images) for m in METRICS if m.as_published}


def test_intersections_are_exact() -> None:
    generator = np.random.default_rng(0)
    masks = generator.random((9, 150, 170)) < generator.random((9, 1, 1))
    masks[3] = False
    rles = [encode_mask(mask) for mask in masks]
    areas = mask_areas(rles)
    flat = masks.reshape(9, -1).astype(int)
    assert np.array_equal(areas, flat.sum(1))
    assert np.array_equal(intersections(rles, rles, areas, areas), flat @ flat.T)


def test_mask_areas_of_more_than_255_masks() -> None:
    assert np.array_equal(mask_areas([encode_mask(np.ones((2, 3), bool))] * 300), np.full(300, 6))


def test_full_overlap_is_perfect() -> None:
    values = clean_values([make_pairs([(0, 10), (20, 40)], [(20, 40), (0, 10)])])
    assert values.pop("FNo") == 0
    assert set(values.values()) == {1}


def test_no_detection_at_all() -> None:
    images = [make_pairs([(0, 10), (20, 40)], [])]
    values = clean_values(images)
    assert values.pop("FNo") == 1
    assert set(values.values()) == {0}
    assert set(published_values(images).values()) == {0.0}


def test_no_ground_truth() -> None:
    images = [make_pairs([], [(0, 10)])]
    assert set(clean_values(images).values()) == {0.0}
    assert set(published_values(images).values()) == {0.0}


def test_without_images_every_value_is_zero() -> None:
    assert set(clean_values([]).values()) == {0.0}
    assert set(published_values([]).values()) == {0.0}


def test_if_all_objects_are_missed_every_value_is_the_worst() -> None:
    values = clean_values([make_pairs([(0, 10)], [(50, 70)])])
    assert values.pop("FNo") == 1
    assert set(values.values()) == {0}
    published = published_values([make_pairs([(0, 10)], [(50, 70)])])
    assert published["FNR_o"] == published["FNo"] == published["FNRp"] == published["FDR"] == 1


def test_a_split_object_pairs_with_its_larger_part() -> None:
    # one object of 20 px, found as 12 + 8: IoU 0.6 and 0.4, Dice 24/32 = 0.75
    images = [make_pairs([(0, 20)], [(0, 12), (12, 20)])]
    values = clean_values(images)
    assert values["AJI"] == pytest.approx(12 / (20 + 8))
    assert values["AJI_kumar"] == pytest.approx(12 / (20 + 8))
    assert values["F1"] == pytest.approx(2 / 3)
    assert values["Dice"] == pytest.approx(0.75)
    assert values["TPp"] == pytest.approx(0.6)
    assert values["FNo"] == 0
    published = published_values(images)
    assert published["FNRp"] == pytest.approx((4 - 1) / 4)
    assert published["FDR"] == pytest.approx((8 - 1) / 4)


def test_merged_objects_pair_once() -> None:
    # objects of 12 and 8 px found as one of 20: IoU 0.6 and 0.4
    images = [make_pairs([(0, 12), (12, 20)], [(0, 20)])]
    values = clean_values(images)
    assert values["AJI"] == pytest.approx(12 / (20 + 8))
    # both pair with the same detection, unions 20 and 20
    assert values["AJI_kumar"] == pytest.approx((12 + 8) / 40)
    assert values["F1"] == pytest.approx(2 / 3)
    assert values["Dice"] == pytest.approx(0.75)
    assert values["TPp"] == 1
    assert values["FNo"] == 0.5


def test_kumar_pairs_below_one_half() -> None:
    # IoU 5 / 25: the published matching refuses it, Kumar's takes it
    images = [make_pairs([(0, 10)], [(5, 25)])]
    assert aji.aji(images) == 0
    assert aji.aji_kumar(images) == pytest.approx(5 / 25)


def test_thresholds_are_strict_for_f1_and_inclusive_for_aji() -> None:
    images = [make_pairs([(0, 20)], [(0, 10)])]  # IoU exactly 0.5
    assert f1.f1(images) == 0
    assert aji.aji(images) == pytest.approx(0.5)
    # Dice exactly 14 / 20 = 0.7
    assert dice.fno([make_pairs([(0, 10)], [(3, 13)])]) == 1


def test_images_without_detections_count_their_zeros_once_or_four_times() -> None:
    found, missed = make_pairs([(0, 10)], [(0, 10)]), make_pairs([(0, 10), (20, 30)], [])
    assert dice.dice([found, missed]) == pytest.approx(1 / 3)
    assert dice.dice_published([found, missed]) == pytest.approx(1 / 9)
    assert dice.tpp([found, missed]) == pytest.approx(1 / 3)
    assert dice.tpp_published([found, missed]) == pytest.approx(1 / 9)
    assert dice.fno([found, missed]) == pytest.approx(2 / 3)
    assert f1.fnr_o([found, missed]) == 0
    assert dice.fnr_p([found, missed]) == pytest.approx((4 - 1) / 12)


def test_dice_is_over_matched_pairs_only() -> None:
    images = [make_pairs([(0, 10), (50, 60)], [(0, 10)])]
    assert dice.dice(images) == 1
    assert dice.fno(images) == 0.5


def test_aji_of_equal_detections_takes_the_lower_score() -> None:
    # the same mask twice: the second is matched, either leaves 10 px over
    assert greedy_by_truth(np.array([[1.0], [1.0]]), 0.5) == [(1, 0)]
    assert aji.aji([make_pairs([(0, 10)], [(0, 10), (0, 10)])]) == pytest.approx(10 / 20)


def test_greedy_by_overlap_prefers_the_largest_pair() -> None:
    overlap = np.array([[0.9, 0.8], [0.85, 0.1]])
    # the best pair is taken first, although two pairs were possible
    assert greedy_by_overlap(overlap, 0.5) == [(0, 0)]
    assert greedy_by_overlap(overlap, 0.05) == [(0, 0), (1, 1)]


def test_an_empty_mask_is_missed_but_has_no_area() -> None:
    empty = make_pairs([(5, 5)], [(5, 5)])
    assert set(clean_values([empty]).values()) == {0.0, 1.0}
    assert clean_values([empty])["FNo"] == 1
    half = make_pairs([(0, 10), (5, 5)], [(0, 10)])
    assert aji.aji([half]) == 1  # an empty mask has no area to miss
    assert dice.fno([half]) == 0.5


def test_published_area_ranges_charge_another_missed_area() -> None:
    # columns: found (recorded small), missed (recorded medium); in the small range the order
    # stays, in the medium range the found one moves behind, so its area is charged
    pairs = make_pairs([(0, 10), (50, 90)], [(0, 10)], recorded=[10, 2000])
    everything, small, medium, large = (
        aji.image_aji_published(pairs, bounds) for bounds in aji.AREA_RANGES
    )
    assert everything == small == large == pytest.approx(10 / (10 + 2000))
    assert medium == pytest.approx(10 / (10 + 10))
    assert aji.aji_published([pairs]) == pytest.approx(np.mean([10 / 2010] * 3 + [0.5]))


def test_published_aji_gives_the_detection_of_id_zero_twice() -> None:
    # two equal objects, one detection
    truths, detections = [(0, 10), (0, 10)], [(0, 10)]
    everything = aji.AREA_RANGES[0]
    normal = make_pairs(truths, detections, ids=[1, 2])
    zero = make_pairs(truths, detections, ids=[0, 2])
    assert aji.image_aji_published(normal, everything) == pytest.approx(10 / 20)
    assert aji.image_aji_published(zero, everything) == pytest.approx(20 / 20)
    assert aji.image_aji(zero) == pytest.approx(10 / 20)


def test_ids_move_with_their_objects_in_published_aji() -> None:
    # Two equal objects and one detection. The first is out of the range and moves to the end, so
    # the id 0 of the second comes to the first column, which then leaves the detection free.
    pairs = make_pairs([(0, 10), (0, 10)], [(0, 10)], ids=[5, 0], recorded=[2000, 10])
    small = aji.AREA_RANGES[1]
    assert aji.image_aji_published(pairs, small) == pytest.approx(20 / 20)
    everything = aji.AREA_RANGES[0]  # no object moves, and the first takes the detection
    assert aji.image_aji_published(pairs, everything) == pytest.approx(10 / (10 + 10))


def test_crowd_moves_to_the_end_in_published_aji() -> None:
    pairs = make_pairs([(0, 10), (50, 90)], [(0, 10)], crowd=[True, False])
    assert aji.image_aji_published(pairs, aji.AREA_RANGES[0]) == pytest.approx(10 / 20)


def test_select_keeps_rows_and_columns() -> None:
    pairs = make_pairs([(0, 10), (20, 40)], [(20, 40), (0, 10), (60, 70)])
    chosen = pairs.select(np.array([False, True, True]), np.array([True, False]))
    assert chosen.intersection.tolist() == [[10], [0]]
    assert chosen.ids.tolist() == [1]
    assert pairs.select(np.ones(3, bool), np.ones(2, bool)) is pairs
    assert pairs.select(np.ones(3, bool), np.array([False, True])).areas.tolist() == [20]
    other = dataclasses.replace(pairs, box_scores=np.array([0.3, 0.9, 0.6]))
    kept = other.select(np.array([True, False, True]), np.ones(2, bool))
    assert (kept.box_scores.tolist(), kept.scores.tolist()) == ([0.3, 0.6], [1, 0.5])


def test_an_area_at_a_bound_lies_in_both_ranges() -> None:
    # 32 x 32 px is small and medium, so the first object is never ignored before the second one,
    # the order stays in every range, and the missed second object is charged with its own area
    # the same holds for 96 x 96 px, and for a very large object before a large one
    for found, missed in ((1024, 500), (1024, 2000), (9216, 2000), (9216, 20000), (1e6, 50000)):
        pairs = make_pairs([(0, 10), (50, 90)], [(0, 10)], recorded=[found, missed])
        for bounds in aji.AREA_RANGES:
            assert aji.image_aji_published(pairs, bounds) == pytest.approx(10 / (10 + missed))


def test_tpp_divides_by_the_mask_and_the_published_one_by_the_recorded_area() -> None:
    # 8 of 10 px are found, and the file records an area of 16 px
    pairs = make_pairs([(0, 10)], [(0, 8)], recorded=[16])
    assert dice.tpp([pairs]) == pytest.approx(8 / 10)
    assert dice.tpp_published([pairs]) == pytest.approx(8 / 16)


def test_clean_aji_counts_areas_of_masks_and_the_published_one_those_of_the_file() -> None:
    pairs = make_pairs(
        [(0, 10), (20, 60), (70, 80)], [(0, 8), (22, 60), (90, 100)], recorded=[20, 30, 5]
    )
    # the third object is missed, and the third detection finds nothing
    assert clean_values([pairs])["AJI"] == pytest.approx((8 + 38) / (10 + 40 + 10 + 10))
    assert clean_values([pairs])["AJI_kumar"] == pytest.approx((8 + 38) / (10 + 40 + 10 + 10))
    assert published_values([pairs])["AJI"] == pytest.approx((8 + 38) / (10 + 40 + 5 + 10))


def test_a_pair_may_count_for_f1_and_not_for_dice() -> None:
    # Dice is 54/79 = 0.68, 38/39 and 12/16
    pairs = make_pairs([(0, 52), (60, 80), (82, 92)], [(0, 27), (60, 79), (82, 88)])
    found = clean_values([pairs])
    assert found["F1"] == 1
    assert found["Dice"] == pytest.approx((38 / 39 + 12 / 16) / 2)
    assert found["TPp"] == pytest.approx((19 / 20 + 6 / 10) / 2)
    assert found["FNo"] == pytest.approx(1 / 3)
    published = published_values([pairs])
    assert published["TPp"] == pytest.approx((19 / 20 + 6 / 10) / 2)
    assert (published["FNo"], published["FNR_o"]) == (0, 0)
    assert published["FNRp"] == published["FDR"] == pytest.approx((4 * 3 - 2) / (4 * 3))
