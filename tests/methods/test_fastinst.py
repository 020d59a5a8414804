"""FastInst's parts against drawn cases and calculations by hand."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gains.methods.fastinst import FastInstSettings
from gains.methods.fastinst.attention import Attention
from gains.methods.fastinst.decoder import Prediction, allowed
from gains.methods.fastinst.losses import (
    Matched,
    Truth,
    class_loss,
    losses,
    mask_losses,
    match,
    match_locations,
)
from gains.methods.fastinst.model import FastInst, mask_scores, masks_of_queries
from gains.methods.fastinst.pixel_decoder import PixelDecoder
from gains.methods.fastinst.queries import ActivationQueries, PositionMap, pick
from gains.models.contract import Target, Task
from gains.models.points import uncertain_points
from helpers.tiny import tiny_settings


def settings(**changes: Any) -> FastInstSettings:
    return FastInstSettings.model_validate({"points": 64, **changes})


def logits_of(probability: torch.Tensor) -> torch.Tensor:
    """Logits (1, 2, h, w) of one class and background with the given probabilities."""
    return torch.stack([probability.log(), (1 - probability).log()])[None]


def squares(*corners: tuple[int, int], side: int = 16, size: int = 64) -> torch.Tensor:
    masks = torch.zeros(len(corners), size, size)
    for mask, (x, y) in zip(masks, corners, strict=True):
        mask[y : y + side, x : x + side] = 1
    return masks


# --- queries


def test_local_maxima_come_before_higher_neighbours_of_others() -> None:
    probability = 0.01 - 0.0001 * torch.arange(30.0).reshape(5, 6)  # without a maximum
    probability[1, 1], probability[1, 2], probability[2, 2] = 0.9, 0.8, 0.7  # one hill
    probability[4, 5] = 0.2  # a low hill, in a corner
    found = pick(logits_of(probability), 5)[0].tolist()
    # then what is no maximum, by probability
    assert found == [1 * 6 + 1, 4 * 6 + 5, 1 * 6 + 2, 2 * 6 + 2, 0]


def test_maxima_are_local_to_a_class() -> None:
    probability = torch.full((3, 1, 4), 0.01)
    probability[0, 0] = torch.tensor([0.6, 0.1, 0.01, 0.01])
    probability[1, 0] = torch.tensor([0.1, 0.4, 0.35, 0.36])
    probability[2] = 1 - probability[:2].sum(dim=0)
    # column 1 is below its left neighbour, but that is of the other class; background is no class
    assert pick(probability.log()[None], 4)[0].tolist() == [0, 1, 3, 2]
    probability[1, 0, 0] = 0.7  # now the same class
    assert pick(probability.log()[None], 2)[0].tolist() == [0, 3]


def test_small_images_have_fewer_queries() -> None:
    assert pick(torch.randn(2, 3, 2, 4), 100).shape == (2, 8)


def test_queries_are_pixels_and_know_their_place() -> None:
    torch.manual_seed(0)
    module = ActivationQueries(8, 2, 3, 2, 3)
    x = torch.randn(1, 8, 4, 5)
    found = module(x)
    columns, rows = (found.locations[0] * torch.tensor([5.0, 4])).unbind(dim=1)
    for k in range(3):
        row, column = int(rows[k]), int(columns[k])
        assert rows[k] - row == columns[k] - column == 0.5
        torch.testing.assert_close(found.features[0, k], x[0, :, row, column])
        grid = module.position(torch.Size([4, 5])).reshape(4, 5, 8)
        torch.testing.assert_close(found.positions[0, k], grid[row, column])
    torch.testing.assert_close(found.features[0, 3:], module.auxiliary.weight)
    torch.testing.assert_close(found.positions[0, 3:], module.auxiliary_position.weight)


def test_positions_are_laid_out_row_by_row() -> None:
    position = PositionMap(2, 1)
    position.cells.weight.data = torch.tensor([[0.0], [1], [10], [11]])
    torch.testing.assert_close(
        position(torch.Size([2, 2])), torch.tensor([[[0.0], [1], [10], [11]]])
    )
    # between the cells' centres it rises linearly
    wide = position(torch.Size([2, 4])).reshape(2, 4)
    torch.testing.assert_close(wide[0], torch.tensor([0, 0.25, 0.75, 1]))


# --- decoder


def test_attention_looks_inside_the_mask_only() -> None:
    masks = torch.tensor([[[[-1.0, 0, 2, -3]], [[-1.0, -1, -1, -1]]]])  # (1, 2, 1, 4)
    where = allowed(masks >= 0, 1)
    assert where.shape == (1, 1, 3, 4)
    assert where[0, 0].tolist() == [[False, True, True, False], [True] * 4, [True] * 4]


def test_attention_equals_torch_and_ignores_what_is_blocked() -> None:
    torch.manual_seed(0)
    ours, theirs = Attention(8, 2), torch.nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.in_proj_weight.data = torch.cat(
        [ours.query.weight, ours.key.weight, ours.value.weight]
    ).data
    theirs.out_proj.weight.data = ours.out.weight.data
    x, memory = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    here, there = torch.randn(2, 3, 8), torch.randn(1, 5, 8)
    where = torch.tensor([True, False, True, True, False]).expand(2, 1, 3, 5)
    found = ours(x, here, ours.memory(memory, there), where)
    seen, _ = theirs(x + here, memory + there, memory, attn_mask=~where[0, 0])
    torch.testing.assert_close(found, F.layer_norm(x + seen, (8,)))
    changed = memory.clone()
    changed[:, 1] += 5
    torch.testing.assert_close(ours(x, here, ours.memory(changed, there), where), found)


def test_pixel_decoder_keeps_the_sizes_and_sends_context_down() -> None:
    torch.manual_seed(0)
    decoder = PixelDecoder([4, 6, 8], 16)
    stages = [torch.randn(1, c, s, s + 2) for c, s in ((4, 12), (6, 6), (8, 3))]
    out = decoder(stages)
    assert [tuple(x.shape) for x in out] == [(1, 16, s, s + 2) for s in (12, 6, 3)]
    stages[2] = stages[2] + torch.randn(1, 8, 3, 5)
    assert not torch.allclose(decoder(stages)[0], out[0])


def test_layers_see_the_mask_of_the_head_before_them() -> None:
    """With masks forced, the guided pass repeats the first pass."""
    model = FastInst(tiny_settings("fastinst"), Task(2, 10)).eval()
    queries, predictions, steps = model._decode([torch.randint(0, 255, (3, 64, 64)).byte()])
    for number, guided in enumerate(range(len(steps))):
        inside = predictions[number].masks >= 0
        again = model.decoder.guided(queries, steps, inside)[guided]
        torch.testing.assert_close(again.masks, predictions[number + 1].masks)
        torch.testing.assert_close(again.logits, predictions[number + 1].logits)


def test_guided_masks_reach_the_queries_they_are_matched_to() -> None:
    torch.manual_seed(0)
    model = FastInst(tiny_settings("fastinst"), Task(2, 10)).eval()
    queries, _, steps = model._decode([torch.randint(0, 255, (3, 64, 64)).byte()])
    before = steps[0].queries
    nowhere = torch.zeros(1, 12, 8, 8, dtype=torch.bool)
    inside = nowhere.clone()
    inside[0, 5, :2] = True
    layer = model.decoder._layers()[0]
    attend = [
        layer.query_attention(before, queries.positions, steps[0].memory, allowed(mask, 8))
        for mask in (nowhere, inside)
    ]
    changed = (attend[0] != attend[1]).any(dim=2)[0]
    assert changed.nonzero().flatten().tolist() == [5]


# --- matching


def perfect(masks: torch.Tensor, queries: int, classes: int = 2) -> Prediction:
    """All queries say the first object's mask, and nothing of class."""
    small = F.max_pool2d(masks[:1][None], 8)
    return Prediction(
        torch.zeros(1, queries, classes + 1), 20 * small.expand(1, queries, -1, -1) - 10
    )


def test_a_query_must_lie_inside_its_object() -> None:
    masks = squares((0, 0), (32, 32))
    truth = Truth([torch.tensor([0, 1])], [masks])
    prediction = perfect(masks, 4)
    # query 2 lies in the first object, query 1 in the second, the others in none
    locations = torch.tensor([[[0.9, 0.1], [0.6, 0.7], [0.1, 0.1], [0.1, 0.9]]])
    prediction.logits[0, 0, 0] = 9  # a wrong query that is surer of the class
    (found,) = match(settings(), [prediction], locations, truth, torch.Generator())
    assert found.object.tolist() == [0, 1]
    assert found.query.tolist() == [2, 1]
    (free,) = match(settings(location_cost=0), [prediction], locations, truth, torch.Generator())
    assert free.query.tolist()[0] == 0


def test_the_cost_of_a_match_by_hand() -> None:
    """The assignment is that of the sum of the four costs, worked out with loops."""
    generator = torch.Generator().manual_seed(1)
    masks = squares((0, 0), (8, 8), (40, 16))
    truth = Truth([torch.tensor([0, 1, 1])], [masks])
    prediction = Prediction(
        torch.randn(1, 6, 3, generator=generator), torch.randn(1, 6, 8, 8, generator=generator)
    )
    locations = torch.rand(1, 6, 2, generator=generator)
    chosen = settings(points=300, class_weight=20.0, location_cost=0.3)
    (found,) = match(chosen, [prediction], locations, truth, torch.Generator().manual_seed(7))
    points = torch.rand(1, 300, 2, generator=torch.Generator().manual_seed(7))
    grid = 2 * points[None] - 1
    x = F.grid_sample(prediction.masks, grid, align_corners=False)[0, :, 0]
    t = F.grid_sample(masks[None], grid, align_corners=False)[0, :, 0]
    cost = torch.zeros(6, 3)
    for q in range(6):
        column, row = (64 * locations[0, q]).tolist()
        for n in range(3):
            p = x[q].sigmoid()
            cost[q, n] = (
                -20 * prediction.logits[0, q].softmax(dim=0)[truth.labels[0][n]]
                + 5 * F.binary_cross_entropy(p, t[n])
                + 5 * (1 - (2 * (p * t[n]).sum() + 1) / (p.sum() + t[n].sum() + 1))
            )
            # a pixel of the object within one pixel of the location, as bilinear sampling sees it
            near = masks[n][
                max(0, math.floor(row - 0.5)) : math.floor(row - 0.5) + 2,
                max(0, math.floor(column - 0.5)) : math.floor(column - 0.5) + 2,
            ]
            cost[q, n] += 0 if near.any() else 0.3
    total = cost[found.query, found.object].sum().item()
    best = min(sum(cost[q, n].item() for n, q in enumerate(c)) for c in permutations(range(6), 3))
    assert total == pytest.approx(best, abs=1e-4)


def test_matches_of_a_batch_count_through() -> None:
    first, second = squares((0, 0)), squares((0, 0), (32, 32))
    nothing = torch.zeros(0, 64, 64)
    truth = Truth(
        [torch.tensor([1]), torch.zeros(0, dtype=torch.int64), torch.tensor([0, 1])],
        [first, nothing, second],
    )
    one = Prediction(torch.zeros(3, 5, 3), torch.zeros(3, 5, 8, 8))
    locations = torch.full((3, 5, 2), 0.99)
    locations[0, 3] = locations[2, 4] = 0.1
    locations[2, 1] = 0.6
    for found in match(settings(), [one, one], locations, truth, torch.Generator()):
        assert found.object.tolist() == [0, 1, 2]
        assert found.query.tolist() == [3, 2 * 5 + 4, 2 * 5 + 1]


def test_more_objects_than_queries() -> None:
    masks = squares((0, 0), (16, 0), (32, 0), (48, 0))
    truth = Truth([torch.zeros(4, dtype=torch.int64)], [masks])
    prediction = Prediction(torch.zeros(1, 2, 2), torch.zeros(1, 2, 8, 8))
    locations = torch.tensor([[[0.6, 0.1], [0.1, 0.1]]])
    (found,) = match(settings(), [prediction], locations, truth, torch.Generator())
    assert (found.query.tolist(), found.object.tolist()) == ([1, 0], [0, 2])
    entropy, dice = mask_losses(settings(), prediction, found, masks, torch.Generator())
    assert entropy.item() == pytest.approx(2 * math.log(2), rel=1e-5)
    assert 0 < dice.item() < 2


def test_activation_cells_must_touch_their_object() -> None:
    masks = squares((0, 0), (50, 50), side=5)
    logits = torch.zeros(1, 3, 4, 4)
    logits[0, 1, 0, 1] = 9  # sure, but of the wrong class for the first, and in no object
    truth = Truth([torch.tensor([0, 1])], [masks])
    found = match_locations(settings(), logits, truth)
    # the corner cell, and the cell of pixels 48..63, of which the object covers 50..54
    assert found.query.tolist() == [0, 3 * 4 + 3]
    # where several cells touch, the likeliest of the class is taken
    wide = Truth([torch.tensor([1])], [squares((0, 0), side=40)])
    assert match_locations(settings(), logits, wide).query.tolist() == [1]


# --- losses


def test_class_loss_by_hand() -> None:
    logits = torch.tensor([[[2.0, 0, 1], [0, 0, 0], [1, 1, 3]]]).transpose(1, 2)
    truth = Truth([torch.tensor([1])], [torch.zeros(1, 8, 8)])
    matched = Matched(torch.tensor([1]), torch.tensor([0]))
    found = class_loss(logits, matched, truth, 0.1)
    # queries 0 and 2 are background (class 2, weight 0.1), query 1 is class 1
    nothing = [
        math.log(math.exp(2) + 1 + math.e) - 1,
        math.log(2 * math.e + math.exp(3)) - 3,
    ]
    expected = (math.log(3) + 0.1 * sum(nothing)) / (1 + 0.1 + 0.1)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_mask_losses_by_hand() -> None:
    """On maps that are constant away from the borders, the points drawn do not matter."""
    masks = torch.ones(2, 64, 64)
    masks[1] = 0
    prediction = Prediction(torch.zeros(1, 3, 2), torch.zeros(1, 3, 8, 8))
    matched = Matched(torch.tensor([2, 0]), torch.tensor([0, 1]))
    points = uncertain_points(
        torch.zeros(2, 1, 8, 8), 64, torch.Generator().manual_seed(3), 3.0, 0.75
    )
    t = F.grid_sample(masks[:, None], 2 * points[:, :, None] - 1, align_corners=False)[:, 0, :, 0]
    found = mask_losses(settings(), prediction, matched, masks, torch.Generator().manual_seed(3))
    # p = 1/2 everywhere: cross entropy log 2 each, dice from sums
    assert found[0].item() == pytest.approx(2 * math.log(2), rel=1e-5)
    dice = sum(1 - (row.sum().item() + 1) / (32 + row.sum().item() + 1) for row in t)
    assert found[1].item() == pytest.approx(dice, rel=1e-5)


def test_perfect_predictions_cost_next_to_nothing() -> None:
    torch.manual_seed(0)
    module = ActivationQueries(8, 2, 4, 2, 2)
    queries = module(torch.zeros(1, 8, 4, 4))
    masks = torch.zeros(1, 64, 64)
    masks[0, :32] = 1  # the mask's border lies between cells, and rows of cells agree
    truth = Truth([torch.tensor([1])], [masks])
    prediction = Prediction(torch.full((1, 4, 3), -20.0), torch.full((1, 4, 8, 8), -60.0))
    prediction.logits[0, 1:, 2] = prediction.logits[0, 0, 1] = 20
    prediction.masks[0, 0, :4] = 60
    matched = Matched(torch.tensor([0]), torch.tensor([0]))
    good = losses(settings(), [prediction], [matched], queries, truth, torch.Generator())
    assert good["loss_class"].item() == pytest.approx(0, abs=1e-4)
    wrong = Matched(torch.tensor([2]), torch.tensor([0]))
    bad = losses(settings(), [prediction], [wrong], queries, truth, torch.Generator())
    assert bad["loss_class"] > 10
    assert bad["loss_mask"] > 20 * good["loss_mask"]
    assert bad["loss_dice"] > 5 * good["loss_dice"]


def test_losses_are_weighted_and_summed_over_heads() -> None:
    model = FastInst(tiny_settings("fastinst"), Task(2, 10))
    image = torch.randint(0, 255, (3, 64, 64)).byte()
    queries, predictions, _ = model._decode([image])
    truth = Truth([torch.tensor([1, 0])], [squares((0, 0), (32, 32))])
    matched = Matched(torch.tensor([3, 1]), torch.tensor([0, 1]))

    def of(count: int, **changes: Any) -> dict[str, float]:
        chosen = predictions[:1] * count
        found = losses(
            settings(**changes), chosen, [matched] * count, queries, truth, torch.Generator()
        )
        return {name: value.item() for name, value in found.items()}

    one, three = of(1), of(3)
    assert three["loss_class"] == pytest.approx(3 * one["loss_class"], rel=1e-5)
    assert three["loss_mask"] == pytest.approx(3 * one["loss_mask"], rel=0.2)  # other points
    assert three["loss_activation"] == pytest.approx(one["loss_activation"])
    halved = of(1, class_weight=1.0, mask_weight=2.5, dice_weight=2.5, activation_weight=10.0)
    assert halved == pytest.approx({name: value / 2 for name, value in one.items()}, rel=1e-5)


def test_the_guided_pass_learns_from_the_last_matching(monkeypatch: pytest.MonkeyPatch) -> None:
    """The masks it is given, and the matching it is held to, are those of the last head."""
    import gains.methods.fastinst.model as module

    torch.manual_seed(0)
    model = FastInst(tiny_settings("fastinst"), Task(2, 10))
    masks = squares((0, 0), (32, 24))
    target = Target(torch.zeros(2, 4), torch.tensor([0, 1]), masks.byte())
    seen: dict[str, Any] = {}

    def keep(name: str, function: Any) -> Any:
        def wrapped(*args: Any) -> Any:
            seen[name] = (args, function(*args))
            return seen[name][1]

        return wrapped

    monkeypatch.setattr(module, "match", keep("match", module.match))
    monkeypatch.setattr(module, "losses", keep("losses", module.losses))
    monkeypatch.setattr(model.decoder, "guided", keep("guided", model.decoder.guided))
    model.losses([torch.randint(0, 255, (3, 64, 64)).byte()], [target], torch.Generator())
    matches = seen["match"][1]
    inside = seen["guided"][0][2]
    layers = len(seen["guided"][1])
    # 16 px are two cells
    expected = torch.zeros(1, 12, 8, 8, dtype=torch.bool)
    expected[0, matches[-1].query[0], 0:2, 0:2] = True
    expected[0, matches[-1].query[1], 3:5, 4:6] = True
    assert torch.equal(inside, expected)
    used = seen["losses"][0][2]
    assert len(used) == 2 * layers + 1
    assert all(match is matches[-1] for match in used[layers:])
    assert used[:layers] == matches[:layers]


def test_small_objects_are_not_hidden_by_the_guide() -> None:
    """A mask that half-covers no cell opens everything."""
    masks = squares((6, 6), side=4)
    found = masks_of_queries(
        Matched(torch.tensor([1]), torch.tensor([0])),
        Truth([torch.tensor([0])], [masks]),
        torch.zeros(1, 3, 8, 8),
    )
    assert not found.any()
    assert allowed(found, 0).all()


# --- detections


def test_truth_is_padded_at_the_bottom_and_the_right() -> None:
    target = Target(torch.zeros(1, 4), torch.tensor([1]), torch.ones(1, 40, 50, dtype=torch.uint8))
    padded = Truth.of([target], (64, 64)).masks[0]
    assert padded.shape == (1, 64, 64)
    assert padded.sum() == 40 * 50
    assert padded[0, :40, :50].all()


def test_mask_score_by_hand() -> None:
    masks = torch.tensor([[[0.9, 0.7], [0.4, 0.5]], [[0.1, 0.2], [0.3, 0.5]]])
    # 0.5 is outside; the second mask is empty
    torch.testing.assert_close(mask_scores(masks), torch.tensor([0.8, 0.0]))


def detector(max_detections: int = 10, **changes: Any) -> FastInst:
    chosen = tiny_settings("fastinst").model_copy(update=changes)
    return FastInst(chosen, Task(2, max_detections))


def test_scores_by_hand() -> None:
    logits = torch.tensor([[0.6, 0.3, 0.1], [0.1, 0.7, 0.2], [0.45, 0.5, 0.05]]).log()
    masks = torch.full((3, 8, 8), -50.0)
    masks[0] = math.log(0.9 / 0.1)
    masks[1] = math.log(0.6 / 0.4)
    found = detector()._detections(logits, masks, (64, 64))
    # the third query has an empty mask; the others' pairs with a class score p * mean mask
    torch.testing.assert_close(found.scores, torch.tensor([0.54, 0.42, 0.27, 0.06]))
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.full
    assert found.masks.shape == (4, 64, 64)
    assert found.boxes.tolist() == [[0, 0, 64, 64]] * 4
    few = detector(max_detections=2)._detections(logits, masks, (64, 64))
    # chosen by class: 0.7 and 0.6
    torch.testing.assert_close(few.scores, torch.tensor([0.54, 0.42]))


def test_threshold_acts_on_the_final_score() -> None:
    logits = torch.tensor([[0.08, 0.0001, 0.9199]]).log()
    masks = torch.full((1, 8, 8), math.log(0.6 / 0.4))
    assert len(detector()._detections(logits, masks, (64, 64)).scores) == 0
    found = detector(score_threshold=0.0)._detections(logits, masks, (64, 64))
    torch.testing.assert_close(found.scores, torch.tensor([0.048, 0.00006]))


def test_nothing_above_the_threshold_is_no_detection() -> None:
    logits = torch.tensor([[0.01, 0.02, 0.97]]).log()
    found = detector()._detections(logits, torch.zeros(1, 8, 8), (60, 64))
    assert found.masks.shape == (0, 60, 64) and found.boxes.shape == (0, 4)


def test_masks_are_cropped_and_boxes_tight() -> None:
    masks = torch.full((1, 8, 8), -40.0)
    masks[0, 2:5, 3:] = 40  # rows 16..40, columns from 24 on
    found = detector()._detections(torch.tensor([[9.0, 0, 0]]), masks, (48, 50))
    assert found.masks.shape[1:] == (48, 50)
    x0, y0, x1, y1 = found.boxes[0].tolist()
    assert (x0, y0, x1, y1) == (24, 16, 50, 40)
    # the padded image would reach further right
    assert found.masks[0, 30, 49] > 0.99


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="choose a divisor"):
        FastInstSettings.model_validate({"heads": 7})
