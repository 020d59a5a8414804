"""FastInst's losses against values computed by hand, and the masks that guide its second pass."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gains.methods.fastinst.decoder import QueryPredictions, attention_mask
from gains.methods.fastinst.losses import (
    Matches,
    Truth,
    class_loss,
    losses,
    mask_losses,
)
from gains.methods.fastinst.model import FastInst, masks_of_queries
from gains.methods.fastinst.queries import ActivationQueries, Queries
from gains.models.contract import Target, Task
from gains.models.points import uncertain_points
from helpers.fastinst import settings, squares
from helpers.tiny import tiny_settings


def test_class_loss_by_hand() -> None:
    logits = torch.tensor([[[2.0, 0, 1], [0, 0, 0], [1, 1, 3]]]).transpose(1, 2)
    truth = Truth([torch.tensor([1])], [torch.zeros(1, 8, 8)])
    matched = Matches(torch.tensor([1]), torch.tensor([0]))
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
    prediction = QueryPredictions(torch.zeros(1, 3, 2), torch.zeros(1, 3, 8, 8))
    matched = Matches(torch.tensor([2, 0]), torch.tensor([0, 1]))
    points = uncertain_points(
        torch.zeros(2, 1, 8, 8), 64, torch.Generator().manual_seed(3), 3.0, 0.75
    )
    t = F.grid_sample(masks[:, None], 2 * points[:, :, None] - 1, align_corners=False)[:, 0, :, 0]
    found = mask_losses(settings(), prediction, matched, masks, torch.Generator().manual_seed(3))
    # p = 1/2 everywhere: cross entropy log 2 each, dice from sums
    assert found[0].item() == pytest.approx(2 * math.log(2), rel=1e-5)
    dice = sum(1 - (row.sum().item() + 1) / (32 + row.sum().item() + 1) for row in t)
    assert found[1].item() == pytest.approx(dice, rel=1e-5)


def test_the_activation_loss_weights_background_like_every_class() -> None:
    # four cells with logits 0 0 2; the object of class 1 lies in the first cell alone
    logits = torch.zeros(1, 3, 2, 2)
    logits[:, 2] = 2.0
    queries = Queries(torch.zeros(1, 4, 8), torch.zeros(1, 4, 8), torch.zeros(1, 4, 2), logits)
    masks = torch.zeros(1, 32, 32)
    masks[0, :16, :16] = 1
    prediction = QueryPredictions(torch.zeros(1, 4, 3), torch.zeros(1, 4, 8, 8))
    matched = Matches(torch.tensor([0]), torch.tensor([0]))
    truth = Truth([torch.tensor([1])], [masks])
    chosen = settings(activation_weight=4.0, no_object_weight=0.1)
    found = losses(chosen, [prediction], [matched], queries, truth, torch.Generator())
    total = math.log(2 + math.exp(2))
    expected = 4.0 * (total + 3 * (total - 2)) / 4
    assert found["loss_activation"].item() == pytest.approx(expected, rel=1e-5)


def test_perfect_predictions_cost_next_to_nothing() -> None:
    torch.manual_seed(0)
    module = ActivationQueries(8, 2, 4, 2, 2)
    queries = module(torch.zeros(1, 8, 4, 4))
    masks = torch.zeros(1, 64, 64)
    masks[0, :32] = 1  # the mask's border lies between cells, and rows of cells agree
    truth = Truth([torch.tensor([1])], [masks])
    prediction = QueryPredictions(torch.full((1, 4, 3), -20.0), torch.full((1, 4, 8, 8), -60.0))
    prediction.logits[0, 1:, 2] = prediction.logits[0, 0, 1] = 20
    prediction.masks[0, 0, :4] = 60
    matched = Matches(torch.tensor([0]), torch.tensor([0]))
    good = losses(settings(), [prediction], [matched], queries, truth, torch.Generator())
    assert good["loss_class"].item() == pytest.approx(0, abs=1e-4)
    wrong = Matches(torch.tensor([2]), torch.tensor([0]))
    bad = losses(settings(), [prediction], [wrong], queries, truth, torch.Generator())
    assert bad["loss_class"] > 10
    assert bad["loss_mask"] > 20 * good["loss_mask"]
    assert bad["loss_dice"] > 5 * good["loss_dice"]


def test_losses_are_weighted_and_summed_over_heads() -> None:
    model = FastInst(tiny_settings("fastinst"), Task(2, 10))
    image = torch.randint(0, 255, (3, 64, 64)).byte()
    queries, predictions, _ = model._decode([image])
    truth = Truth([torch.tensor([1, 0])], [squares((0, 0), (32, 32))])
    matched = Matches(torch.tensor([3, 1]), torch.tensor([0, 1]))

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
    """Its guiding masks and its matching are those of the last head."""
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

    for name in ("match_queries", "losses"):
        monkeypatch.setattr(module, name, keep(name, vars(module)[name]))
    monkeypatch.setattr(model.decoder, "guided", keep("guided", model.decoder.guided))
    model.losses([torch.randint(0, 255, (3, 64, 64)).byte()], [target], torch.Generator())
    matches = seen["match_queries"][1]
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
    """If a mask covers half of no cell, all cells are open."""
    masks = squares((6, 6), side=4)
    found = masks_of_queries(
        Matches(torch.tensor([1]), torch.tensor([0])),
        Truth([torch.tensor([0])], [masks]),
        torch.zeros(1, 3, 8, 8),
    )
    assert not found.any()
    assert attention_mask(found, 0).all()
