"""The maps: reference outputs, the literal loop, hand-computed values, ranges, invariances."""

import math
import re
from unittest.mock import patch as replaced

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gains.anomaly import maps as maps_module
from gains.anomaly.deviation import WindowSums, box_sum, over_difference
from gains.anomaly.fields import centre_of, directions, gradient, influence, radial_distance
from gains.anomaly.maps import anomaly_maps
from gains.anomaly.patch import Patch, pair_deviation
from gains.anomaly.raster import rasterize
from gains.anomaly.region import Region
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from helpers.anomaly_loop import loop_maps

VARIANTS = ["isbi", "chrom", "nuclei"]
MODES = ["as_published", "clean"]
FILES = [
    "chrom_mixed_t0_ws5_f0.5_ol0.1",
    "chrom_one_t1_ws5_f0.5_ol0.3",
    "isbi_mixed_t0_ws3_f0.5_ol0.1",
    "isbi_mixed_t0_ws5_f0.5_ol0.1",
    "isbi_mixed_t0_ws8_f0.8_ol0.3",
    "nuclei_mixed_t1_ws8_f0.5_ol0.1",
    "nuclei_one_t1_ws5_f0.5_ol0.1",
    "nuclei_one_t1_ws8_f0.8_ol0.1",
]
# what the programs wrote as NaN: no second instance of the target category to compare with
# (in the image, or for nuclei among the neighbours), or a mask without a pixel
NAN_IDS = {
    "chrom_mixed_t0_ws5_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "chrom_one_t1_ws5_f0.5_ol0.3": {1, 49, 53},
    "isbi_mixed_t0_ws3_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "isbi_mixed_t0_ws5_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "isbi_mixed_t0_ws8_f0.8_ol0.3": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "nuclei_mixed_t1_ws8_f0.5_ol0.1": {6, 7, 11, 12, 49, 52, 53},
    "nuclei_one_t1_ws5_f0.5_ol0.1": {49},
    "nuclei_one_t1_ws8_f0.8_ol0.1": {49, 53},
}


def golden_settings(name, mode):
    variant, _, target, window, f_ga, highlight = re.match(
        r"(\w+?)_(\w+?)_t(\d+)_ws(\d+)_f([\d.]+)_ol([\d.]+)", name
    ).groups()
    return MapSettings(
        variant=variant,
        target_category=int(target),
        window_size=int(window),
        f_ga=float(f_ga),
        overlap_highlight=float(highlight),
        mode=mode,
        rasterize="points",
    )


def golden_maps(golden, name, mode):
    """Yield annotation id, our full map, the program's map."""
    settings = golden_settings(name, mode)
    expected = np.load(golden / "anomaly_maps" / f"{name}.npz")
    coco = read_coco(golden / f"{name.split('_')[1]}.json")
    seen = 0
    for image in coco.images.values():
        found = coco.annotations[image.id]
        masks = [rasterize(a, image.height, image.width, settings) for a in found]
        boxes = np.array([a["bbox"] for a in found])
        maps = anomaly_maps(masks, [a["category_id"] for a in found], settings, boxes)
        for annotation, ours in zip(found, maps, strict=True):
            seen += 1
            full = ours.full((image.height, image.width))
            yield annotation["id"], full, expected[str(annotation["id"])]
    assert seen == len(expected.files)


@pytest.mark.parametrize("name", FILES)
def test_agrees_with_the_published_programs(golden, name):
    undefined = set()
    for annotation_id, ours, published in golden_maps(golden, name, "as_published"):
        if np.isnan(published).any():
            undefined.add(annotation_id)
            assert (ours == 1.0).all()
        else:
            np.testing.assert_allclose(ours, published, rtol=0, atol=1e-8)
    assert undefined == NAN_IDS[name]


def test_every_reference_file_is_compared(golden):
    assert sorted(p.stem for p in (golden / "anomaly_maps").glob("*.npz")) == sorted(FILES)


@pytest.mark.parametrize("name", [n for n in FILES if n.startswith("nuclei")])
def test_isolated_nuclei_are_zero_as_published_and_one_clean(golden, name):
    zero = {i for i, ours, _ in golden_maps(golden, name, "as_published") if (ours == 0).all()}
    assert {1, 2, 3, 31} <= zero
    for annotation_id, ours, published in golden_maps(golden, name, "clean"):
        if annotation_id in zero:
            assert (ours == 1.0).all()
        elif not np.isnan(published).any():  # nothing else differs
            np.testing.assert_allclose(ours, published, rtol=0, atol=1e-8)


def disc(shape, y, x, radius):
    rows, columns = np.indices(shape)
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def boxes_of(masks):
    result = []
    for mask in masks:
        rows, columns = np.nonzero(mask)
        if rows.size == 0:
            result.append((1.3, 2.6, 0.5, 0.5))
            continue
        corner = columns.min() - 0.4, rows.min() - 0.3
        result.append((*corner, np.ptp(columns) + 0.9, np.ptp(rows) + 0.8))
    return np.array(result)


SCENES = {
    "overlap": [(12, 10, 8), (14, 21, 9)],
    "at the border": [(2, 3, 7), (27, 33, 8), (25, 24, 6), (0, 14, 6)],
    "nested": [(15, 15, 13), (14, 16, 6), (15, 27, 5)],
    "same twice": [(12, 12, 7), (12, 12, 7), (20, 18, 6)],
    "far apart": [(5, 5, 4), (7, 11, 4), (24, 30, 4)],
    "one pixel": [(9, 9, 0), (9, 11, 5)],
    "with an empty mask": [(9, 9, 6), (9, 9, -1), (15, 15, 6)],
    "all isolated": [(5, 5, 3), (24, 30, 3)],
    "a single one": [(5, 5, 3)],
}


def scene(circles, shape=(30, 36)):
    return [disc(shape, y, x, r) if r >= 0 else np.zeros(shape, bool) for y, x, r in circles]


def compare(masks, categories, settings):
    boxes = boxes_of(masks)
    found = anomaly_maps(masks, categories, settings, boxes)
    for ours, loop in zip(found, loop_maps(masks, categories, settings, boxes), strict=True):
        full = ours.full(masks[0].shape)
        np.testing.assert_allclose(full, loop, rtol=0, atol=1e-7)
        if loop.any():
            assert full.min() >= 1.0
            assert full.max() <= 1.0 + settings.f_ga


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", SCENES)
def test_equals_the_literal_loop(name, variant, mode):
    masks = scene(SCENES[name])
    settings = MapSettings(variant=variant, window_size=4, overlap_highlight=0.3, mode=mode)
    compare(masks, [1] * len(masks), settings)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_literal_loop_on_random_scenes(seed, variant):
    random = np.random.default_rng(seed)
    shape = tuple(int(n) for n in random.integers(18, 30, 2))
    circles = [
        (*random.uniform((-2, -2), np.add(shape, 2)), random.uniform(2, 9)) for _ in range(5)
    ]
    masks = scene(circles, shape)
    categories = [int(c) for c in random.choice([0, 1], 5, p=[0.3, 0.7])]
    settings = MapSettings(
        variant=variant,
        window_size=int(random.integers(2, 7)),
        f_ga=0.8,
        mode=MODES[seed % 2],
    )
    compare(masks, categories, settings)


def test_window_as_large_as_the_image_equals_the_loop():
    masks = scene([(5, 4, 4), (6, 8, 4)], (11, 12))
    compare(masks, [1, 1], MapSettings(window_size=11))


def test_two_bars_by_hand():
    # two one-pixel-wide bars side by side, w = 2, clean, no highlight: worked out on paper
    masks = np.zeros((2, 4, 6), bool)
    masks[0, 1, 1:4] = True  # centre (1, 2): directions pi, 0 (undefined there), 0
    masks[1, 2, 1:4] = True
    settings = MapSettings(window_size=2, overlap_highlight=0.0, f_ga=1.0)
    first = Patch.of(masks[0], 2)
    assert first.box == Region(1, 1, 2, 4)
    assert first.origins == Region(0, 0, 2, 4)
    lifted = first.field[0][first.box.within(first.support)]
    np.testing.assert_allclose(lifted, [[math.pi + 4, 4, 4]])
    # origin (1, 1) sees pixels pi and 0 of both bars
    mask_only = math.pi / 2
    np.testing.assert_allclose(first.sums.over_mask[0][1, 1], mask_only)
    whole = np.std([math.pi, 0, -4, -4])
    np.testing.assert_allclose(first.sums.over_window[0][1, 1], whole)
    second = Patch.of(masks[1], 2)
    pair = pair_deviation(first, second, with_joint=True)
    # they meet in origins (1, 0) to (1, 3); the joint set pi, 0, pi, 0 deviates by pi / 2
    assert pair.shape == (2, 1, 4)
    np.testing.assert_allclose(pair[0, 0, 1], mask_only)
    # pair and self term are equal there, so nothing is left, and the same holds elsewhere
    for found in anomaly_maps(masks, [1, 1], settings):
        assert (found.full((4, 6)) == 1.0).all()


def test_highlight_by_hand():
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


def test_fields_of_a_disc_by_hand():
    size = (12, 16)
    mask = disc(size, 5, 7, 2)
    assert centre_of(mask) == (5.0, 7.0)
    whole = Region(0, 0, *size)
    distance = radial_distance(whole, (5.0, 7.0))
    assert distance[5, 7] == 0
    assert distance[8, 11] == 25
    along_y, along_x = gradient(whole, (5.0, 7.0), size)
    assert (along_y[7, 3], along_x[7, 3]) == (4.0, -8.0)
    assert along_y[0, 3] == -9.0  # one-sided: 16 - 25
    assert along_x[2, 15] == 15.0  # one-sided: 64 - 49
    share = influence(along_y, along_x, (5.0, 7.0), size)
    assert share.max() == share[11, 15] == 1.0
    np.testing.assert_allclose(share[5, 8], 2 / math.hypot(11, 15))
    both = directions(along_y, along_x)
    assert both[0, 5, 9] == 0.0  # to the right
    assert abs(both[1, 5, 9]) == math.pi  # mirrored
    assert both[0, 8, 7] == both[1, 8, 7] == math.pi / 2  # downwards


@pytest.mark.parametrize("region", [(0, 0, 5, 4), (3, 2, 9, 9), (7, 9, 12, 16)])
def test_gradient_of_a_region_is_that_of_the_image(region):
    size, centre, region = (12, 16), (4.3, 8.1), Region(*region)
    whole = np.gradient(radial_distance(Region(0, 0, *size), centre))
    for part, expected in zip(gradient(region, centre, size), whole, strict=True):
        np.testing.assert_array_equal(part, expected[region.within(Region(0, 0, *size))])


def test_centre_of_nothing_is_refused():
    with pytest.raises(ValueError, match="empty mask"):
        centre_of(np.zeros((3, 3), bool))


@pytest.mark.parametrize("window", range(1, 10))
def test_box_sums_and_deviations(window):
    random = np.random.default_rng(window)
    mask = random.random((13, 11)) < 0.4
    first, second = random.uniform(-3, 3, (2, 2, 13, 11)) * mask
    views = np.lib.stride_tricks.sliding_window_view(first, (window, window), (1, 2))
    np.testing.assert_allclose(box_sum(first, window), views.sum((-1, -2)), atol=1e-12)
    sums = WindowSums.of(first, mask, window)
    np.testing.assert_allclose(sums.over_window, views.std((-1, -2)), atol=1e-7)
    other = np.lib.stride_tricks.sliding_window_view(first - second, (window, window), (1, 2))
    found = over_difference(first, second, window)
    np.testing.assert_allclose(found, other.std((-1, -2)), atol=1e-7)


def test_equal_values_deviate_by_exactly_nothing():
    field = np.full((2, 9, 9), 0.1 + 4)
    assert (WindowSums.of(field, np.ones((9, 9), bool), 3).over_window == 0).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_single_target_gives_ones_not_nan(variant):
    masks = scene([(9, 9, 5), (10, 15, 5)])
    for mode in MODES:
        settings = MapSettings(variant=variant, target_category=3, mode=mode)
        for found in anomaly_maps(masks, [3, 1], settings, boxes_of(masks)):
            assert (found.full((30, 36)) == 1.0).all()


def test_other_categories_are_exactly_one_and_do_not_matter():
    cells = scene([(22, 25, 13), (38, 30, 14), (50, 50, 9)], (64, 64))
    speck = disc((64, 64), 22, 25, 3)
    settings = MapSettings(target_category=0)
    without = anomaly_maps(cells, [0, 0, 0], settings)
    found = anomaly_maps([*cells, speck], [0, 0, 0, 1], settings)
    assert (found[3].full((64, 64)) == 1.0).all()
    for ours, expected in zip(found, without, strict=False):
        np.testing.assert_array_equal(ours.full((64, 64)), expected.full((64, 64)))
    assert without[0].block.max() > 1.2  # the two signs peak apart, so 1.5 is not reached


def test_annotation_order_matters_as_published_only():
    masks = scene([(12, 10, 9), (14, 21, 9), (20, 14, 9)])
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
@pytest.mark.parametrize("variant", VARIANTS)
def test_clean_is_independent_of_order_and_in_range(variant, data, circles):
    masks = scene(circles)
    boxes = boxes_of(masks)
    categories = data.draw(st.lists(st.sampled_from([1, 2]), min_size=6, max_size=6))[: len(masks)]
    order = data.draw(st.permutations(range(len(masks))))
    settings = MapSettings(variant=variant, overlap_highlight=0.3, f_ga=0.8)
    found = [m.full((30, 36)) for m in anomaly_maps(masks, categories, settings, boxes)]
    permuted = anomaly_maps(
        [masks[k] for k in order], [categories[k] for k in order], settings, boxes[list(order)]
    )
    for k, ours in zip(order, permuted, strict=True):
        np.testing.assert_allclose(ours.full((30, 36)), found[k], rtol=0, atol=1e-6)
    for ours in found:
        assert np.isfinite(ours).all()
        assert ours.min() >= 1.0
        assert ours.max() <= 1.8


@pytest.mark.parametrize("variant", VARIANTS)
def test_far_apart_instances_cost_no_pair_evaluation(variant):
    def evaluations(clusters):
        circles = [(12, 20 + 60 * n + dx, 7) for n in range(clusters) for dx in (0, 9)]
        masks = scene(circles, (26, 60 * clusters))
        with replaced.object(maps_module, "pair_deviation", wraps=pair_deviation) as counted:
            anomaly_maps(masks, [1] * len(masks), MapSettings(variant=variant), boxes_of(masks))
        return counted.call_count

    assert [evaluations(n) for n in (1, 2, 5, 10)] == [1, 2, 5, 10]


def test_far_instances_dilute_the_pair_term():
    # the mean runs over all other targets, so a far one is not the same as none
    near = scene([(12, 10, 8), (14, 21, 9)], (40, 90))
    far = [disc((40, 90), 30, 80, 4), disc((40, 90), 8, 60, 4)]
    settings = MapSettings(window_size=4)
    compare([*near, *far], [1] * 4, settings)
    alone = anomaly_maps(near, [1] * 2, settings)[0].full((40, 90))
    diluted = anomaly_maps([*near, *far], [1] * 4, settings)
    assert np.abs(diluted[0].full((40, 90)) - alone).max() > 1e-3
    assert diluted[2].block.size == diluted[3].block.size == 0


def test_bad_input_is_refused():
    masks = scene([(9, 9, 5)])
    with pytest.raises(ValueError, match=r"window_size 31 px does not fit.*30 x 36"):
        anomaly_maps(masks, [1], MapSettings(window_size=31))
    with pytest.raises(ValueError, match="1 masks but 2 categories"):
        anomaly_maps(masks, [1, 1], MapSettings())
    with pytest.raises(ValueError, match="needs a box per mask"):
        anomaly_maps(masks, [1], MapSettings(variant="nuclei"))
    assert anomaly_maps([], [], MapSettings()) == []


SQUARE = [1.0, 1.0, 4.0, 1.0, 4.0, 4.0, 1.0, 4.0]
BESIDE = [6.0, 1.0, 9.0, 1.0, 9.0, 4.0, 6.0, 4.0]


def test_rasterize_points_is_the_integer_point_rule():
    triangle = {"id": 1, "segmentation": [[0.5, 0.5, 4.4, 0.5, 0.5, 4.4]]}
    mask = rasterize(triangle, 6, 6, MapSettings(rasterize="points"))
    rows, columns = np.indices((6, 6))
    np.testing.assert_array_equal(mask, (rows >= 1) & (columns >= 1) & (rows + columns < 5))
    outside = {"id": 1, "segmentation": [[-6.0, -6.0, -3.0, -6.0, -3.0, -3.0]]}
    assert not rasterize(outside, 6, 6, MapSettings(rasterize="points")).any()


def test_rasterize_points_of_several_parts():
    parts = {"id": 1, "segmentation": [SQUARE, BESIDE]}
    united = rasterize(parts, 6, 12, MapSettings(rasterize="points"))
    flat = rasterize(parts, 6, 12, MapSettings(rasterize="points", mode="as_published"))
    nuclei = MapSettings(variant="nuclei", rasterize="points", mode="as_published")
    each = [
        rasterize({"id": 1, "segmentation": [p]}, 6, 12, MapSettings(rasterize="points"))
        for p in (SQUARE, BESIDE)
    ]
    np.testing.assert_array_equal(united, each[0] | each[1])
    np.testing.assert_array_equal(rasterize(parts, 6, 12, nuclei), united)
    assert (flat != united).any()  # the edge between the parts encloses other pixels


def test_rasterize_refuses():
    rle = {"id": 7, "segmentation": {"size": [6, 6], "counts": "k0"}}
    with pytest.raises(ValueError, match=r"annotation 7: .*'points' needs polygons, found RLE"):
        rasterize(rle, 6, 6, MapSettings(rasterize="points"))
    odd = {"id": 8, "segmentation": [[1.0, 2.0, 3.0]]}
    with pytest.raises(ValueError, match="annotation 8: .*odd number"):
        rasterize(odd, 6, 6, MapSettings(rasterize="points"))
    far = {"id": 8, "segmentation": [[1.0, 2.0, 3.0, 2.0, 3e9, 3.0]]}
    for rule in ("points", "coco"):
        with pytest.raises(ValueError, match="annotation 8: .*in px"):
            rasterize(far, 6, 6, MapSettings(rasterize=rule))
    with pytest.raises(ValueError, match="annotation 9: .*polygons or RLE"):
        rasterize({"id": 9}, 6, 6, MapSettings())
