"""Maps against the literal loop and values computed by hand; ranges and invariances."""

from __future__ import annotations

import math
from typing import Any
from unittest.mock import patch as replaced

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gains.anomaly import maps as maps_module
from gains.anomaly.maps import anomaly_maps
from gains.anomaly.patch import Patch, pair_deviation
from gains.anomaly.region import Region
from gains.config.maps import MapSettings
from helpers.anomaly_scenes import MODES, PROGRAMS, SCENES, boxes_of, compare, discs_of
from helpers.shapes import disc


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", SCENES)
def test_equals_the_literal_loop(name: str, program: Any, mode: Any) -> None:
    masks = discs_of(SCENES[name])
    settings = MapSettings(program=program, window_size=4, overlap_highlight=0.3, mode=mode)
    compare(masks, [1] * len(masks), settings)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_literal_loop_on_random_scenes(seed: int, program: Any) -> None:
    random = np.random.default_rng(seed)
    height, width = (int(n) for n in random.integers(18, 30, 2))
    shape = (height, width)
    circles = [
        (*random.uniform((-2, -2), np.add(shape, 2)), random.uniform(2, 9)) for _ in range(5)
    ]
    masks = discs_of(circles, shape)
    categories = [int(c) for c in random.choice([0, 1], 5, p=[0.3, 0.7])]
    settings = MapSettings(
        program=program,
        window_size=int(random.integers(2, 7)),
        f_ga=0.8,
        mode=MODES[seed % 2],
    )
    compare(masks, categories, settings)


def test_window_as_large_as_the_image_equals_the_loop() -> None:
    masks = discs_of([(5, 4, 4), (6, 8, 4)], (11, 12))
    compare(masks, [1, 1], MapSettings(window_size=11))


def test_two_bars_by_hand() -> None:
    # two one-pixel-wide bars side by side, w = 2, clean, no highlight: computed by hand
    masks = np.zeros((2, 4, 6), bool)
    masks[0, 1, 1:4] = True  # centre (1, 2): directions pi, 0 (undefined there), 0
    masks[1, 2, 1:4] = True
    settings = MapSettings(window_size=2, overlap_highlight=0.0, f_ga=1.0)
    first = Patch.from_mask(masks[0], 2)
    assert first.box == Region(1, 1, 2, 4)
    assert first.origins == Region(0, 0, 2, 4)
    lifted = first.field[0][first.box.within(first.support)]
    np.testing.assert_allclose(lifted, [[math.pi + 4, 4, 4]])
    # origin (1, 1) sees pixels pi and 0 of both bars
    mask_only = math.pi / 2
    np.testing.assert_allclose(first.sums.over_mask[0][1, 1], mask_only)
    whole = float(np.std([math.pi, 0, -4, -4]))
    np.testing.assert_allclose(first.sums.over_window[0][1, 1], whole)
    second = Patch.from_mask(masks[1], 2)
    assert first is not None and second is not None
    pair = pair_deviation(first, second, with_joint=True)
    # they meet in origins (1, 0) to (1, 3); the joint set pi, 0, pi, 0 deviates by pi / 2
    assert pair.shape == (2, 1, 4)
    np.testing.assert_allclose(pair[0, 0, 1], mask_only)
    # pair and self term are equal there, so nothing is left, and the same holds elsewhere
    for found in anomaly_maps(masks, [1, 1], settings):
        assert (found.full((4, 6)) == 1.0).all()


def test_highlight_by_hand() -> None:
    # the same disc twice: the difference vanishes, so only the highlight is left, weighted by
    # the gradient magnitude and scaled to its peak at the disc's rim
    mask = disc((21, 21), 10, 10, 3)
    settings = MapSettings(window_size=3, f_ga=0.5, overlap_highlight=0.2)
    distance = np.hypot(*(np.indices((21, 21)) - 10))
    # the largest gradient is one-sided: corner offsets 9.5 px; weight = distance / (9.5 sqrt 2)
    response = 0.2 * mask * distance / (9.5 * math.sqrt(2))
    expected = 1 + 0.5 * response / (response.max() + 1e-7)
    for found in anomaly_maps([mask, mask], [1, 1], settings):
        np.testing.assert_allclose(found.full((21, 21)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_single_target_gives_ones_not_nan(program: Any) -> None:
    masks = discs_of([(9, 9, 5), (10, 15, 5)])
    for mode in MODES:
        settings = MapSettings(program=program, target_category=3, mode=mode)
        for found in anomaly_maps(masks, [3, 1], settings, boxes_of(masks)):
            assert (found.full((30, 36)) == 1.0).all()


def test_other_categories_are_exactly_one_and_do_not_matter() -> None:
    cells = discs_of([(22, 25, 13), (38, 30, 14), (50, 50, 9)], (64, 64))
    speck = disc((64, 64), 22, 25, 3)
    settings = MapSettings(target_category=0)
    without = anomaly_maps(cells, [0, 0, 0], settings)
    found = anomaly_maps([*cells, speck], [0, 0, 0, 1], settings)
    assert (found[3].full((64, 64)) == 1.0).all()
    for ours, expected in zip(found, without, strict=False):
        np.testing.assert_array_equal(ours.full((64, 64)), expected.full((64, 64)))
    assert without[0].block.max() > 1.2  # the two signs peak apart, so 1.5 is not reached


def test_annotation_order_matters_as_published_only() -> None:
    masks = discs_of([(12, 10, 9), (14, 21, 9), (20, 14, 9)])
    differs = {}
    for mode in MODES:
        settings = MapSettings(mode=mode, overlap_highlight=0.3)
        there = anomaly_maps(masks, [1] * 3, settings)
        back = anomaly_maps(masks[::-1], [1] * 3, settings)[::-1]
        differs[mode] = max(
            np.abs(a.full((30, 36)) - b.full((30, 36))).max()
            for a, b in zip(there, back, strict=True)
        )
    assert differs["as_published"] > 1e-3
    assert differs["clean"] < 1e-9


circle = st.tuples(st.integers(0, 29), st.integers(0, 35), st.integers(-1, 9))


@hypothesis_settings(max_examples=40, deadline=None)
@given(data=st.data(), circles=st.lists(circle, min_size=1, max_size=6))
@pytest.mark.parametrize("program", PROGRAMS)
def test_clean_is_independent_of_order_and_in_range(
    program: Any, data: st.DataObject, circles: list[tuple[int, int, int]]
) -> None:
    masks = discs_of(circles)
    boxes = boxes_of(masks)
    categories = data.draw(st.lists(st.sampled_from([1, 2]), min_size=6, max_size=6))[: len(masks)]
    order = data.draw(st.permutations(range(len(masks))))
    settings = MapSettings(program=program, overlap_highlight=0.3, f_ga=0.8)
    found = [m.full((30, 36)) for m in anomaly_maps(masks, categories, settings, boxes)]
    permuted = anomaly_maps(
        [masks[k] for k in order], [categories[k] for k in order], settings, boxes[list(order)]
    )
    for k, ours in zip(order, permuted, strict=True):
        np.testing.assert_allclose(ours.full((30, 36)), found[k], rtol=0, atol=1e-6)
    for full in found:
        assert np.isfinite(full).all()
        assert full.min() >= 1.0
        assert full.max() <= 1.8


@pytest.mark.parametrize("program", PROGRAMS)
def test_far_apart_instances_cost_no_pair_evaluation(program: Any) -> None:
    def evaluations(clusters: int) -> int:
        circles = [(12, 20 + 60 * n + dx, 7) for n in range(clusters) for dx in (0, 9)]
        masks = discs_of(circles, (26, 60 * clusters))
        with replaced.object(maps_module, "pair_deviation", wraps=pair_deviation) as counted:
            anomaly_maps(masks, [1] * len(masks), MapSettings(program=program), boxes_of(masks))
        return counted.call_count

    assert [evaluations(n) for n in (1, 2, 5, 10)] == [1, 2, 5, 10]


def test_far_instances_dilute_the_pair_term() -> None:
    # the mean runs over all other targets, so a far one is not the same as none
    near = discs_of([(12, 10, 8), (14, 21, 9)], (40, 90))
    far = [disc((40, 90), 30, 80, 4), disc((40, 90), 8, 60, 4)]
    settings = MapSettings(window_size=4)
    compare([*near, *far], [1] * 4, settings)
    alone = anomaly_maps(near, [1] * 2, settings)[0].full((40, 90))
    diluted = anomaly_maps([*near, *far], [1] * 4, settings)
    assert np.abs(diluted[0].full((40, 90)) - alone).max() > 1e-3
    assert diluted[2].block.size == diluted[3].block.size == 0


def test_bad_input_is_refused() -> None:
    masks = discs_of([(9, 9, 5)])
    with pytest.raises(ValueError, match=r"window_size 31 px does not fit.*30 x 36"):
        anomaly_maps(masks, [1], MapSettings(window_size=31))
    with pytest.raises(ValueError, match="1 masks but 2 categories"):
        anomaly_maps(masks, [1, 1], MapSettings())
    with pytest.raises(ValueError, match="needs a box per mask"):
        anomaly_maps(masks, [1], MapSettings(program="nuclei"))
    with pytest.raises(ValueError, match=r"\(1, 4\), found \(2, 4\)"):
        anomaly_maps(masks, [1], MapSettings(program="nuclei"), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"window_size 10 px does not fit.*20 x 9"):
        anomaly_maps([np.ones((20, 9), dtype=bool)], [1], MapSettings(window_size=10))
    assert anomaly_maps([], [], MapSettings()) == []
