"""StarDist by hand, and against the published program where it is installed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gains.methods import METHODS
from gains.methods.stardist import StarDistSettings
from gains.methods.stardist.images import mirrored, normalised, percentile
from gains.methods.stardist.losses import distance_loss, probability_loss
from gains.methods.stardist.model import StarDist
from gains.methods.stardist.network import StarPredictions
from gains.methods.stardist.polygons import (
    common_areas,
    corners_of,
    cut,
    polygon_areas,
    polygon_masks,
    suppress,
)
from gains.methods.stardist.targets import depths, flatten, ray_lengths
from gains.models.contract import Target, Task
from helpers.models import scene
from helpers.shapes import disc
from helpers.tiny import tiny_settings

SQUARE = np.zeros((31, 31), dtype=np.int32)
SQUARE[10:21, 10:21] = 1


def rays_of(labels: NDArray[np.int32], rays: int = 32, grid: int = 1) -> NDArray[np.float32]:
    return ray_lengths(torch.from_numpy(labels)[None], rays, grid)[0].numpy()


def polygon_at(labels: NDArray[np.int32], row: int, column: int) -> NDArray[np.float32]:
    lengths = rays_of(labels)[:, row, column]
    return corners_of(np.array([[row, column]]), lengths[None])


def circle(row: int, column: int, radius: float) -> NDArray[np.float32]:
    return corners_of(np.array([[row, column]]), np.full((1, 32), radius, np.float32))[0]


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize(
    ("grid", "channels", "weights"),
    [(1, 1, 1_406_689), (1, 3, 1_407_265), (2, 1, 1_425_185), (2, 3, 1_425_761)],
)
def test_the_published_network_has_its_number_of_weights(
    grid: int, channels: int, weights: int
) -> None:
    settings = StarDistSettings.model_validate({"grid": grid, "channels": channels})
    model = StarDist(settings, Task(1, 100))
    assert sum(p.numel() for p in model.parameters()) == weights


def test_a_further_class_adds_one_probability_and_its_rays() -> None:
    one, two = (StarDist(StarDistSettings(), Task(k, 100)) for k in (1, 2))
    count = [sum(p.numel() for p in model.parameters()) for model in (one, two)]
    assert count[1] - count[0] == (32 + 1) * (128 + 1)


def test_the_rays_of_a_square_by_hand() -> None:
    # From the middle, 5 px lie on each side; a diagonal walk of k steps reaches round(k / sqrt 2),
    # so the 8th one (5.7) leaves the square: 8 - (1 - 0.5 sqrt 2).
    lengths = rays_of(SQUARE)
    expected = [5.5, 5.5098, 5.5412, 6.6013, 7.7071, 6.6013, 5.5412, 5.5098, 5.5]
    assert lengths[:9, 15, 15] == pytest.approx(expected, abs=1e-4)
    assert lengths[4, 15, 15] == pytest.approx(8 - (1 - 0.5 * math.sqrt(2)), abs=1e-5)
    # right, down, left, up
    assert lengths[[0, 8, 16, 24], 11, 12].tolist() == [8.5, 9.5, 2.5, 1.5]
    assert not lengths[:, SQUARE == 0].any()


def test_a_walk_ends_at_another_object_and_at_the_end_of_the_image() -> None:
    labels = np.array([[1, 1, 1, 2, 2]], dtype=np.int32)
    right, left = rays_of(labels, rays=4)[[0, 2], 0]
    assert right.tolist() == [2.5, 1.5, 0.5, 1.5, 0.5]
    assert left.tolist() == [0.5, 1.5, 2.5, 0.5, 1.5]


def test_a_walk_of_more_than_255_steps_is_counted() -> None:
    labels = np.ones((3, 600), dtype=np.int32)
    assert rays_of(labels, rays=4)[0, 1].tolist() == [599.5 - k for k in range(600)]


def test_a_grid_takes_every_second_pixel_and_keeps_its_lengths() -> None:
    labels = np.zeros((23, 30), dtype=np.int32)
    labels[2:20, 3:17] = 1
    assert np.array_equal(rays_of(labels, grid=2), rays_of(labels)[:, ::2, ::2])


def test_maps_of_a_batch_do_not_influence_each_other() -> None:
    maps = torch.from_numpy(np.stack([SQUARE, 1 - SQUARE]))
    both = ray_lengths(maps, 8)
    assert torch.equal(both[0], ray_lengths(maps[:1], 8)[0])
    assert torch.equal(both[1], ray_lengths(maps[1:], 8)[0])


def test_the_depths_of_a_square_by_hand() -> None:
    found = depths(SQUARE)
    # rows 10 to 20: 1, 2, ..., 6 px from the background
    assert found[10:16, 15] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert not found[SQUARE == 0].any()


def test_the_end_of_the_image_is_no_border_of_an_object() -> None:
    labels = np.zeros((4, 6), dtype=np.int32)
    labels[:, :3] = 1
    assert depths(labels)[0].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0, 0, 0])
    # unless an object fills the image: 1 px to the end in the outer rows, 2 px in the middle
    whole = depths(np.ones((3, 5), dtype=np.int32))
    assert whole[:, 2].tolist() == [0.5, 1, 0.5]


def test_touching_objects_have_depths_of_their_own() -> None:
    labels = np.zeros((9, 12), dtype=np.int32)
    labels[1:8, 1:6], labels[1:8, 6:11] = 1, 2
    found = depths(labels)
    # both objects are 5 px wide: the columns beside the common border are 1 of 3 px deep
    assert found[4, 5] == found[4, 6] == pytest.approx(1 / 3)
    assert found[4, 3] == found[4, 8] == 1


def bars(*columns: tuple[int, int]) -> NDArray[np.bool_]:
    masks = np.zeros((len(columns), 1, 20), dtype=bool)
    for mask, (start, end) in zip(masks, columns, strict=True):
        mask[:, start:end] = True
    return masks


def test_shared_pixels_are_split_between_the_objects() -> None:
    masks = bars((0, 10), (6, 16))  # 4 px are shared: two for each
    assert flatten(masks, "split")[0].tolist() == [1] * 8 + [2] * 8 + [0] * 4
    assert flatten(masks, "latest")[0].tolist() == [1] * 6 + [2] * 10 + [0] * 4


def test_of_equal_distances_the_first_object_gets_the_pixel() -> None:
    masks = bars((0, 9), (6, 16))  # 3 px are shared, and the middle one is as far from both
    assert flatten(masks, "split")[0].tolist() == [1] * 8 + [2] * 8 + [0] * 4


def test_an_object_inside_another_one_keeps_its_pixels() -> None:
    masks = bars((0, 10), (3, 6))
    for order in (masks, masks[::-1]):
        found = flatten(order, "split")[0]
        assert np.array_equal(found[3:6], [1 + int(order is masks)] * 3)
        assert len(np.unique(found[:10])) == 2
    # as the last one, the outer object covers it
    assert np.unique(flatten(masks[::-1], "latest")).tolist() == [0, 2]


def test_empty_masks_and_no_masks_have_no_label() -> None:
    assert not flatten(bars((0, 0)), "split").any()
    assert not flatten(np.zeros((0, 4, 5), dtype=bool), "split").any()


def test_polygons_of_perfect_rays() -> None:
    polygon = polygon_at(SQUARE, 15, 15)
    assert polygon_areas(polygon.astype(np.float64))[0] == pytest.approx(115.7208, abs=1e-4)
    assert np.array_equal(polygon_masks(polygon, (31, 31), False)[0], SQUARE == 1)
    ball = disc((61, 61), 30, 30, 20)
    lengths = rays_of(ball.astype(np.int32))[:, 30, 30]
    assert (lengths.min(), lengths.max()) == pytest.approx((19.5098, 20.7071), abs=1e-4)
    assert lengths.mean() == pytest.approx(20.064, abs=1e-3)
    assert (
        iou(polygon_masks(polygon_at(ball.astype(np.int32), 30, 30), (61, 61), False)[0], ball)
        > 0.97
    )
    # a slender bar is no star: its far ends are lost
    bar = np.zeros((61, 61), dtype=np.int32)
    bar[28:33, 5:56] = 1
    assert iou(
        polygon_masks(polygon_at(bar, 30, 30), (61, 61), False)[0], bar == 1
    ) == pytest.approx(0.749, abs=1e-3)


def test_areas_of_simple_polygons_are_exact() -> None:
    def box(top: int, left: int, bottom: int, right: int) -> NDArray[np.int64]:
        # in the order of the rays: right, down, left, up
        return np.array([[top, right], [bottom, right], [bottom, left], [top, left]])

    one = box(0, 0, 10, 10)
    others = np.array([box(3, 3, 7, 7), box(5, 5, 15, 15), box(0, 10, 5, 20), box(-4, 2, 20, 6)])
    assert polygon_areas(others).tolist() == [16, 100, 50, 96]
    assert common_areas(one, others).tolist() == [16, 25, 0, 40]
    assert common_areas(one, others[:0]).tolist() == []
    # a diamond in the box: its corners are at the middles of the sides
    diamond = np.array([[5, 10], [10, 5], [5, 0], [0, 5]])
    assert common_areas(one, diamond[None]).tolist() == [50]
    assert common_areas(diamond, one[None]).tolist() == [50]
    flat = np.array([[5, 8], [5, 6], [5, 2], [5, 6]])
    assert common_areas(flat, others).tolist() == [0, 0, 0, 0]


def test_areas_that_borders_cut_are_nearly_exact() -> None:
    # Two circles of radius 20, 17 px apart: the lens has 2 r^2 acos(d / 2r) - d sqrt(r^2 - d^2 / 4)
    one, other = circle(50, 40, 20), circle(50, 57, 20)
    lens = 800 * math.acos(17 / 40) - 17 * math.sqrt(400 - 17**2 / 4)
    (found,) = common_areas(cut(one), cut(other)[None])
    assert found == pytest.approx(lens, rel=0.06)  # the corners are cut to whole pixels
    assert (found,) == pytest.approx(common_areas(cut(other), cut(one)[None]), abs=0.5)


def test_the_shared_part_of_two_circles_is_that_of_the_published_program() -> None:
    polygons = cut(np.stack([circle(20, 12, 6), circle(20, 19, 6)]))
    shared = common_areas(polygons[0], polygons[1:])[0] / polygon_areas(polygons).min()
    assert shared == pytest.approx(0.2915, abs=5e-4)


@pytest.mark.parametrize(("threshold", "kept"), [(0.281, [0, 2]), (0.293, [0, 1]), (0.4, [0, 1])])
def test_a_polygon_is_dropped_by_the_share_of_the_smaller_area(
    threshold: float, kept: list[int]
) -> None:
    # The second circle shares 0.29 with the first one, and covers the small third one, which the
    # first one does not reach.
    corners = np.stack([circle(20, 12, 6), circle(20, 19, 6), circle(20, 21, 2)])
    assert suppress(corners, threshold, 100).tolist() == kept


def test_a_small_polygon_inside_a_large_one_is_dropped_although_their_iou_is_small() -> None:
    corners = np.stack([circle(20, 20, 10), circle(22, 21, 3)])
    assert suppress(corners, 0.9, 100).tolist() == [0]
    assert suppress(corners[::-1], 0.9, 100).tolist() == [0]  # also if the small one is surer


def test_suppression_ends_at_the_limit() -> None:
    corners = np.stack([circle(20, 20 + 30 * k, 6) for k in range(4)])
    assert suppress(corners, 0.4, 3).tolist() == [0, 1, 2]
    assert suppress(corners[:0], 0.4, 3).tolist() == []


def test_the_surest_polygon_is_on_top() -> None:
    corners = np.stack([circle(20, 20, 8), circle(20, 28, 8)])
    first, second = polygon_masks(corners, (41, 50), separate=False)
    whole = polygon_masks(corners, (41, 50), separate=True)
    assert np.array_equal(first, whole[0]) and not (first & second).any()
    assert np.array_equal(first | second, whole[0] | whole[1])
    assert (whole[0] & whole[1]).any()


GRID = {
    "depth": torch.tensor([[[0.0, 0.5], [1.0, 0.0]]]),
    "weight": torch.ones(1, 2, 2),
}


def test_losses_by_hand() -> None:
    depth, weight = GRID["depth"], GRID["weight"]
    # -(log .9 + .5 log .5 + .5 log .5 + log .9 + log .8) / 4
    probability = probability_loss(
        torch.logit(torch.tensor([[[0.1, 0.5], [0.9, 0.2]]])), depth, weight
    )
    assert probability.item() == pytest.approx(0.281753, abs=1e-6)
    lengths = 2.0 * (depth > 0)[:, None].expand(1, 4, 2, 2)
    # errors of 1 px inside; outside 1e-4 x the mean of (1 - depth) 3 px = 1e-4 x 3 x 2.5 / 4
    distance = distance_loss(torch.full((1, 4, 2, 2), 3.0), lengths, depth, weight, 1e-4)
    assert distance.item() == pytest.approx(1.0001875, abs=1e-6)
    assert (probability + 0.2 * distance).item() == pytest.approx(0.481790, abs=1e-6)


def test_cells_beyond_an_image_have_no_loss() -> None:
    depth, weight = GRID["depth"], torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    logits, distances = torch.randn(1, 2, 2), torch.rand(1, 4, 2, 2)
    lengths = torch.rand(1, 4, 2, 2)
    whole = probability_loss(logits[:, :1], depth[:, :1], weight[:, :1])
    assert probability_loss(logits, depth, weight).item() == pytest.approx(whole.item())
    part = distance_loss(distances[:, :, :1], lengths[:, :, :1], depth[:, :1], weight[:, :1], 1e-4)
    found = distance_loss(distances, lengths, depth, weight, 1e-4)
    assert found.item() == pytest.approx(part.item())


def test_percentiles_are_those_of_numpy() -> None:
    values = torch.rand(3, 501)
    for percent in (0.0, 1.0, 37.3, 99.8, 100.0):
        expected = np.percentile(values.numpy(), percent, axis=1, keepdims=True)
        assert percentile(values, percent).numpy() == pytest.approx(expected, abs=1e-6)


def test_an_image_is_normalised_by_its_own_percentiles_and_not_clipped() -> None:
    image = torch.arange(101.0).repeat(3, 1).reshape(3, 1, 101)
    image[1] *= 2
    settings = StarDistSettings(low_percentile=10, high_percentile=90)
    found = normalised(image, settings)
    # 10 becomes 0 and 90 becomes 1, in each channel
    assert found[0, 0, [0, 10, 90, 100]].tolist() == pytest.approx([-0.125, 0, 1, 1.125])
    assert torch.allclose(found[0], found[1])
    grey = normalised(image, settings.model_copy(update={"channels": 1}))
    assert grey.shape == (1, 1, 101) and torch.allclose(grey[0], found[0], atol=1e-6)
    flat = torch.full((3, 8, 9), 7, dtype=torch.uint8)
    flat[0, 0, 0] = 250
    assert torch.isfinite(normalised(flat, StarDistSettings())).all()


def test_an_image_is_continued_by_reflection() -> None:
    image = torch.tensor([[[1, 2, 3], [4, 5, 6]]])
    assert mirrored(image, 3, 6)[0].tolist() == [
        [1, 2, 3, 2, 1, 2],
        [4, 5, 6, 5, 4, 5],
        [1, 2, 3, 2, 1, 2],
    ]
    assert mirrored(torch.tensor([[[7]]]), 2, 2)[0].tolist() == [[7, 7], [7, 7]]


def detecting(
    monkeypatch: pytest.MonkeyPatch, circles: list[tuple[int, int, float, float]], **changes: Any
) -> Any:
    """Return what a model detects if its network proposes circles: row, column, score, radius."""
    model = StarDist(StarDistSettings.model_validate(changes), Task(1, 10)).eval()
    size = -(-40 // (8 * model.settings.grid)) * 8
    logits, distances = torch.full((1, 1, size, size), -9.0), torch.zeros(1, 1, 32, size, size)
    for row, column, score, radius in circles:
        logits[0, 0, row, column] = math.log(score / (1 - score))
        distances[0, 0, :, row, column] = radius
    predicted = StarPredictions(logits, distances)
    monkeypatch.setattr(type(model.network), "forward", lambda *_: predicted)
    (found,) = model.detect([torch.zeros(3, 40, 40, dtype=torch.uint8)])
    return found


CIRCLES = [
    (20, 12, 0.9, 6.0),
    (20, 19, 0.8, 6.0),
    (20, 21, 0.7, 2.0),
    (1, 30, 0.95, 4.0),  # in the frame
    (30, 30, 0.45, 4.0),  # below the threshold
]


@pytest.mark.parametrize(
    ("nms", "scores"), [(0.281, [0.9, 0.7]), (0.293, [0.9, 0.8]), (0.4, [0.9, 0.8])]
)
def test_detections_by_hand(
    monkeypatch: pytest.MonkeyPatch, nms: float, scores: list[float]
) -> None:
    found = detecting(monkeypatch, CIRCLES, nms=nms)
    assert found.scores.tolist() == pytest.approx(scores)
    assert found.labels.tolist() == [0, 0]
    # 6 px to each side of (20, 12), with the pixels on the border
    assert found.boxes[0].tolist() == [6, 14, 19, 27]
    assert not (found.masks[0] * found.masks[1]).any()


def test_masks_may_stay_separate(monkeypatch: pytest.MonkeyPatch) -> None:
    found = detecting(monkeypatch, CIRCLES, separate_masks=True)
    assert found.boxes.tolist() == [[6, 14, 19, 27], [13, 14, 26, 27]]
    assert (found.masks[0] * found.masks[1]).any()


def test_cells_of_a_grid_are_at_every_second_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    found = detecting(monkeypatch, [(10, 6, 0.9, 6.0)], grid=2)
    assert found.boxes[0].tolist() == [6, 14, 19, 27]


def test_a_hidden_polygon_is_no_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    circles = [(20, 20, 0.9, 9.0), (20, 22, 0.8, 2.0)]
    assert len(detecting(monkeypatch, circles, nms=1.0).scores) == 1
    assert len(detecting(monkeypatch, circles, nms=1.0, separate_masks=True).scores) == 2


def test_classes_do_not_suppress_each_other_and_learn_maps_of_their_own() -> None:
    _, target = scene(classes=1)
    both = Target(target.boxes[[0, 0]], torch.tensor([0, 1]), target.masks[[0, 0]], target.maps)
    one, two = (StarDist(tiny_settings("stardist"), Task(k, 10)) for k in (1, 2))
    assert one.unlearnt(Target(both.boxes, torch.zeros(2).long(), both.masks)).sum() == 1
    assert not two.unlearnt(both).any()


def test_an_object_below_others_is_not_learnt() -> None:
    masks = torch.zeros(2, 20, 20, dtype=torch.uint8)
    masks[0, 5:9, 5:9], masks[1, 3:15, 3:15] = 1, 1
    target = Target(torch.tensor([[5.0, 5, 9, 9], [3, 3, 15, 15]]), torch.zeros(2).long(), masks)
    for label_map, expected in (("split", [False, False]), ("latest", [True, False])):
        model = StarDist(tiny_settings("stardist", changes={"label_map": label_map}), Task(1, 10))
        assert model.unlearnt(target).tolist() == expected


def test_an_object_between_the_cells_is_not_learnt() -> None:
    masks = torch.zeros(1, 20, 20, dtype=torch.uint8)
    masks[0, 5, 2:9] = 1
    target = Target(torch.tensor([[2.0, 5, 9, 6]]), torch.zeros(1).long(), masks)
    for grid, expected in ((1, False), (2, True)):
        model = StarDist(tiny_settings("stardist", changes={"grid": grid}), Task(1, 10))
        assert model.unlearnt(target).tolist() == [expected]


def test_images_of_a_batch_give_the_losses_of_a_larger_image_their_own_cells() -> None:
    """Cells that only continue an image are no part of any mean."""
    model = StarDist(tiny_settings("stardist"), Task(1, 10))
    image, target = scene(classes=1)
    small = Target(target.boxes[:1], target.labels[:1], target.masks[:1, :30, :34])
    truth = model._truth([target, small], torch.zeros(2, 3, 64, 64))
    assert truth.weight.sum(dim=(1, 2)).tolist() == [64 * 64, 30 * 34]
    assert (truth.depth[1, 0] > 0).sum() == small.masks.sum()
    assert torch.isfinite(
        model.losses([image, image[:, :30, :34]], [target, small], torch.Generator())["loss_dist"]
    )


def test_nothing_is_fetched_for_it() -> None:
    record = METHODS.get("stardist")
    assert record.weights(StarDistSettings()) is None
    assert record.label(StarDistSettings()) == "U-Net"


def random_labels(seed: int) -> NDArray[np.int32]:
    generator = np.random.default_rng(seed)
    masks = [
        disc((96, 90), y, x, radius)
        for y, x, radius in generator.integers((0, 0, 3), (96, 90, 16), (14, 3)).tolist()
    ]
    return flatten(np.array(masks), ("split", "latest")[seed % 2])


@pytest.mark.parametrize("seed", range(3))
def test_targets_are_those_of_the_published_program(seed: int) -> None:
    geometry = pytest.importorskip("stardist.geometry")
    utils = pytest.importorskip("stardist.utils")
    labels = random_labels(seed)
    for grid in (1, 2):
        theirs = geometry.star_dist(labels, 32, mode="cpp", grid=(grid, grid))
        ours = np.moveaxis(rays_of(labels, grid=grid), 0, 2)
        assert ours == pytest.approx(theirs, abs=1e-3)
    assert depths(labels) == pytest.approx(utils.edt_prob(labels), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_suppression_is_that_of_the_published_program(seed: int) -> None:
    nms = pytest.importorskip("stardist.nms")
    generator = np.random.default_rng(seed)
    places = generator.integers(0, 120, (400, 2))
    shapes = generator.uniform(4, 14, (400, 1)) * generator.uniform(0.85, 1.15, (400, 32))
    lengths = shapes.astype(np.float32)
    scores = np.sort(generator.random(400).astype(np.float32))[::-1].copy()
    found = suppress(corners_of(places, lengths), 0.4, 400)
    *_, theirs = nms.non_maximum_suppression_sparse(lengths, scores, places, nms_thresh=0.4)
    assert len(found) > 20
    # shared areas differ by some hundredths of a pixel, which a threshold may lie between
    assert len(set(found.tolist()) ^ set(theirs.tolist())) <= 3
