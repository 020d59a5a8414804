"""FCOS' locations, assignment, losses and selection, against cases computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from gains.detection.fcos.box_loss import distance_giou_loss
from gains.detection.fcos.head import (
    LocationPredictions,
    by_location,
    fcos_losses,
)
from gains.detection.fcos.locations import (
    FCOS_STRIDES,
    NONE,
    Assignment,
    Locations,
    assign_batch,
    assign_locations,
    boxes_around,
    centreness,
    centroids,
    distances_to_sides,
    locate,
)
from gains.detection.fcos.settings import FCOSSettings
from gains.models.contract import Target
from gains.training.targets import tight_box

SIZES = (16.0, 32.0, 64.0, 128.0)


def pyramid(side: int = 128, channels: int = 1) -> list[torch.Tensor]:
    return [torch.zeros(1, channels, -(-side // s), -(-side // s)) for s in FCOS_STRIDES]


def target_of_masks(masks: torch.Tensor) -> Target:
    boxes = torch.zeros((len(masks), 4))
    for box, mask in zip(boxes, masks, strict=True):
        box[:] = tight_box(mask > 0)
    return Target(boxes, torch.zeros(len(masks), dtype=torch.int64), masks)


def rectangles(*sides: tuple[int, int, int, int], size: int = 128) -> Target:
    masks = torch.zeros(len(sides), size, size, dtype=torch.uint8)
    for mask, (x0, y0, x1, y1) in zip(masks, sides, strict=True):
        mask[y0:y1, x0:x1] = 1
    return target_of_masks(masks)


def taken(locations: Locations, matched: torch.Tensor) -> dict[tuple[float, float, int], int]:
    """Return x, y, level -> object of the positive locations."""
    return {
        (*locations.points[i].tolist(), int(locations.levels[i])): int(matched[i])
        for i in torch.nonzero(matched != NONE).flatten()
    }


def test_locations_are_the_centres_of_the_cells() -> None:
    features = [torch.zeros(1, 1, 16, 12), *(torch.zeros(1, 1, n, n) for n in (8, 4, 2, 1))]
    found = locate(features)
    assert found.points.shape == (16 * 12 + 64 + 16 + 4 + 1, 2)
    assert found.points[12 * 3 + 5].tolist() == [5 * 8 + 4, 3 * 8 + 4]
    assert found.points[16 * 12 + 1].tolist() == [24, 8]
    assert found.strides[-1] == 128
    maps = [torch.rand(2, 3, *x.shape[2:]) for x in features]
    flat = by_location(maps)
    assert flat[1, 12 * 3 + 5].tolist() == maps[0][1, :, 3, 5].tolist()
    assert flat[0, -1].tolist() == maps[-1][0, :, 0, 0].tolist()


def test_distances_by_hand_and_back() -> None:
    points = torch.tensor([[10.0, 20.0], [3.0, 4.0]])
    boxes = torch.tensor([[4.0, 5.0, 30.0, 22.0], [0.0, 0.0, 9.0, 9.0]])
    distances = distances_to_sides(points, boxes)
    assert distances[0].tolist() == [6, 15, 20, 2]
    torch.testing.assert_close(boxes_around(points, distances), boxes)


def test_centreness_by_hand() -> None:
    distances = torch.tensor([[4.0, 4, 4, 4], [2, 3, 8, 12], [0, 5, 9, 5]])
    torch.testing.assert_close(centreness(distances), torch.tensor([1.0, 0.25, 0.0]))


def test_a_location_inside_two_boxes_takes_the_smaller() -> None:
    # both of p4's interest, their centroids within 1.5 strides of (56, 56)
    target = rectangles((26, 26, 86, 86), (36, 36, 84, 84))
    locations = locate(pyramid())
    found = taken(locations, assign_locations(locations, target, SIZES))
    assert found[56.0, 56.0, 1] == 1
    swapped = Target(target.boxes.flip(0), target.labels, target.masks.flip(0))
    assert taken(locations, assign_locations(locations, swapped, SIZES))[56.0, 56.0, 1] == 0
    alone = rectangles((26, 26, 86, 86))
    assert taken(locations, assign_locations(locations, alone, SIZES))[56.0, 56.0, 1] == 0


def test_the_size_of_a_box_chooses_the_level() -> None:
    target = rectangles((10, 10, 24, 24), (30, 30, 74, 74), (0, 0, 128, 90))
    locations = locate(pyramid())
    found = taken(locations, assign_locations(locations, target, SIZES))
    assert {number: {key[2] for key, n in found.items() if n == number} for number in range(3)} == {
        0: {0},  # the farthest side is less than 14 px away
        1: {1},  # at least 22, at most 22 + 12 px
        2: {3},  # at least 80 px at all of p5's locations
    }


def test_each_location_against_the_rule_written_out() -> None:
    generator = torch.Generator().manual_seed(4)
    sides = []
    for _ in range(12):
        x0, y0 = torch.randint(0, 90, (2,), generator=generator).tolist()
        w, h = torch.randint(4, 100, (2,), generator=generator).tolist()
        sides.append((x0, y0, min(x0 + w, 128), min(y0 + h, 128)))
    target = rectangles(*sides)
    locations = locate(pyramid())
    found = assign_locations(locations, target, SIZES)
    assert (found != NONE).sum() > 20
    interests = [(0.0, 16.0), (16.0, 32.0), (32.0, 64.0), (64.0, 128.0), (128.0, math.inf)]
    for (x, y), level, matched in zip(
        locations.points.tolist(), locations.levels.tolist(), found.tolist(), strict=True
    ):
        best, best_area = NONE, math.inf
        for number, (x0, y0, x1, y1) in enumerate(sides):
            distances = (x - x0, y - y0, x1 - x, y1 - y)
            reach = 1.5 * FCOS_STRIDES[level]
            near = abs(x - (x0 + x1) / 2) < reach and abs(y - (y0 + y1) / 2) < reach
            low, high = interests[level]
            area = (x1 - x0) * (y1 - y0)
            if min(distances) > 0 and near and low <= max(distances) <= high and area < best_area:
                best, best_area = number, area
        assert matched == best


def crescent() -> torch.Tensor:
    """Return a disk without the disk to its right, one uint8 mask (1, 128, 128)."""
    y, x = torch.meshgrid(torch.arange(128), torch.arange(128), indexing="ij")
    disk = (x - 60) ** 2 + (y - 60) ** 2 <= 30**2
    bite = (x - 76) ** 2 + (y - 60) ** 2 <= 30**2
    return (disk & ~bite).to(torch.uint8)[None]


def test_centroid_by_hand_and_of_a_crescent() -> None:
    corner = torch.zeros(2, 6, 8, dtype=torch.uint8)
    corner[0, 0, :4] = 1
    corner[0, 1, 0] = 1
    # pixel centres: x 0.5 1.5 2.5 3.5 0.5, y four times 0.5 and 1.5
    torch.testing.assert_close(centroids(corner)[0], torch.tensor([8.5 / 5, 3.5 / 5]))
    assert centroids(corner)[1].tolist() == [0, 0]
    rows, columns = torch.nonzero(crescent()[0], as_tuple=True)
    expected = torch.stack([columns.float().mean(), rows.float().mean()]) + 0.5
    torch.testing.assert_close(centroids(crescent())[0], expected)


def test_centres_are_sampled_around_the_centroid_of_a_crescent() -> None:
    target = target_of_masks(crescent())
    centre = centroids(target.masks)[0]
    middle = (target.boxes[0, :2] + target.boxes[0, 2:]) / 2
    assert middle[0] - centre[0] > 3
    locations = locate(pyramid())
    found = taken(locations, assign_locations(locations, target, (64.0, 128.0, 256.0, 512.0)))
    columns = {x for x, _, _ in found}
    # p3: within 12 px of the centroid's x, which is about 42
    assert columns == {x for x in (28.0, 36.0, 44.0, 52.0, 60.0) if abs(x - centre[0]) < 12}
    assert columns != {x for x in (28.0, 36.0, 44.0, 52.0, 60.0) if abs(x - middle[0]) < 12}


def test_the_objects_of_a_batch_are_counted_on() -> None:
    first = rectangles((10, 10, 24, 24), (60, 60, 74, 74))
    nothing = rectangles()
    third = rectangles((90, 90, 104, 104))
    found = assign_batch(locate(pyramid()), [first, nothing, third], SIZES)
    pairs = set(zip(found.image.tolist(), found.matched.tolist(), strict=True))
    assert pairs == {(0, 0), (0, 1), (2, 2)}
    assert len(assign_batch(locate(pyramid()), [nothing], SIZES).place) == 0


def test_a_draw_keeps_rows_together_and_is_repeatable() -> None:
    every = Assignment(torch.arange(50), torch.arange(50) + 100, torch.arange(50) + 200)
    draws = [every.draw(20, torch.Generator().manual_seed(2)) for _ in range(2)]
    assert torch.equal(draws[0].image, draws[1].image)
    assert len(set(draws[0].image.tolist())) == 20
    assert torch.equal(draws[0].place, draws[0].image + 100)
    assert torch.equal(draws[0].matched, draws[0].image + 200)
    assert len(every.draw(500, torch.Generator()).place) == 50


def test_losses_by_hand() -> None:
    locations = Locations(
        torch.tensor([[4.0, 4], [12, 4], [20, 4]]), torch.zeros(3, dtype=torch.int64)
    )
    probability = torch.tensor([[[0.8, 0.1], [0.3, 0.4], [0.05, 0.2]]], dtype=torch.float64)
    found = LocationPredictions(
        probability.logit().float(),
        torch.tensor([[[4.0, 4, 4, 4], [6.0, 2, 2, 2], [0, 0, 0, 0]]]),
        torch.zeros(1, 3),
        locations,
        [],
    )
    # object 0 is (0, 0, 8, 8), found exactly at centre-ness 1; object 1 is (8, 2, 14, 6):
    # distances 4 2 2 2 at (12, 4), centre-ness sqrt(1/2); predicted is (6, 2, 14, 6)
    target = Target(
        torch.tensor([[0.0, 0, 8, 8], [8, 2, 14, 6]]), torch.tensor([0, 1]), torch.zeros(2, 8, 24)
    )
    zero = torch.tensor([0, 0])
    positives = Assignment(zero, torch.tensor([0, 1]), torch.tensor([0, 1]))
    losses = fcos_losses(found, positives, [target])
    one = [0.8, 0.4]  # the true class of locations 0 and 1
    focal = sum(0.25 * (1 - p) ** 2 * -math.log(p) for p in one)
    focal += sum(0.75 * p**2 * -math.log(1 - p) for p in (0.1, 0.3, 0.05, 0.2))
    assert losses["loss_cls"].item() == pytest.approx(focal / 2, rel=1e-5)
    weight = math.sqrt(0.5)
    # in strides of 8 px: intersection 24 / 64, union and hull 32 / 64: loss 1 - 88 / 96
    assert losses["loss_box"].item() == pytest.approx(weight / 12 / (1 + weight), rel=1e-5)
    assert losses["loss_centreness"].item() == pytest.approx(math.log(2), rel=1e-5)


def test_the_box_loss_is_a_mean_weighted_by_little_centre_ness_too() -> None:
    locations = Locations(torch.tensor([[4.0, 4]]), torch.zeros(1, dtype=torch.int64))
    # distances 1 1 4 4: centre-ness 1 / 4; the predicted square of 0.25 strides is empty
    found = LocationPredictions(
        torch.zeros(1, 1, 1), torch.zeros(1, 1, 4), torch.zeros(1, 1), locations, []
    )
    target = Target(torch.tensor([[3.0, 3, 8, 8]]), torch.tensor([0]), torch.zeros(1, 8, 8))
    zero = torch.tensor([0])
    losses = fcos_losses(found, Assignment(zero, zero, zero), [target])
    # in strides: I = 0, U = C = 25 / 64
    assert losses["loss_box"].item() == pytest.approx(1 - 64 / 89, rel=1e-5)


def test_a_thin_object_is_as_large_as_its_box() -> None:
    masks = torch.zeros(2, 128, 128, dtype=torch.uint8)
    masks[0, 44:84, 63:65] = masks[0, 63:65, 44:84] = 1  # a cross of 156 px in 40 x 40
    masks[1, 54:74, 54:74] = 1  # a square of 400 px
    sizes = (64.0, 128.0, 256.0, 512.0)
    found = assign_locations(locate(pyramid()), target_of_masks(masks), sizes)
    assert set(found[found != NONE].tolist()) == {1}


def test_a_location_at_the_radius_is_not_central() -> None:
    # the square has its centre at (64, 64): 12 px = 1.5 strides from the locations at 52 and 76
    found = taken(
        locate(pyramid()),
        assign_locations(
            locate(pyramid()), rectangles((24, 24, 104, 104)), (128.0, 256.0, 512.0, 1024.0)
        ),
    )
    assert {(x, y) for x, y, _ in found} == {(60, 60), (60, 68), (68, 60), (68, 68)}
    nearer = taken(
        locate(pyramid()),
        assign_locations(
            locate(pyramid()), rectangles((23, 24, 104, 104)), (128.0, 256.0, 512.0, 1024.0)
        ),
    )
    assert {x for x, _, _ in nearer} == {52, 60, 68}


def test_locations_are_drawn_by_chance_and_keep_their_objects() -> None:
    place = torch.arange(20)
    every = Assignment(place // 10, place, place + 5)
    one, again, other = (every.draw(5, torch.Generator().manual_seed(k)) for k in (0, 0, 1))
    assert len(set(one.place.tolist())) == 5
    assert torch.equal(one.image, one.place // 10)
    assert torch.equal(one.matched, one.place + 5)
    assert torch.equal(one.place, again.place)
    assert not torch.equal(one.place, other.place)


def test_centroid_of_a_pixel_and_of_nothing() -> None:
    masks = torch.zeros(2, 8, 8, dtype=torch.uint8)
    masks[0, 3, 5] = 1
    assert centroids(masks).tolist() == [[5.5, 3.5], [0, 0]]


@pytest.mark.parametrize(
    ("found", "true", "loss"),
    [
        # an object of one stride, of which a square of side 0.6 is found: 1 - (0.36 + 1) / (1 + 1)
        ([0.3, 0.3, 0.3, 0.3], [0.5, 0.5, 0.5, 0.5], 0.32),
        # squares of side 1.5, shifted by half a stride: I = 1, U = 3.5, C = 4
        ([1.0, 1.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], 1 - 2 / 4.5 + 0.5 / 4),
        # a box without extent at the location: I = 0, U = C = 4
        ([0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], 1 - 1 / 5),
        ([2.0, 1.0, 3.0, 4.0], [2.0, 1.0, 3.0, 4.0], 0.0),
    ],
)
def test_the_box_loss_by_hand(found: list[float], true: list[float], loss: float) -> None:
    a, b = torch.tensor([found]), torch.tensor([true])
    assert distance_giou_loss(a, b).tolist() == pytest.approx([loss], abs=1e-6)


def test_the_same_miss_in_strides_costs_the_same_on_every_level() -> None:
    found = []
    for level, stride in enumerate((8, 16, 32, 64, 128)):
        locations = Locations(torch.tensor([[200.0, 200.0]]), torch.tensor([level]))
        true = torch.tensor([[200.0, 200, 200, 200]]) + stride * torch.tensor(
            [-0.5, -0.5, 0.5, 0.5]
        )
        predicted = LocationPredictions(
            torch.zeros(1, 1, 1),
            torch.full((1, 1, 4), 0.3 * stride),
            torch.zeros(1, 1),
            locations,
            [],
        )
        zero = torch.tensor([0])
        target = Target(true, zero, torch.zeros(1, 8, 8))
        losses = fcos_losses(predicted, Assignment(zero, zero, zero), [target])
        found.append(losses["loss_box"].item())
    assert found == pytest.approx([0.32] * 5, abs=1e-6)


def test_sizes_of_interest_must_rise() -> None:
    with pytest.raises(ValueError, match="must be in increasing order"):
        FCOSSettings(sizes_of_interest=(16, 16, 32, 64))
