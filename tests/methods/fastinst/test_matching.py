"""Matching of FastInst's queries to objects."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
import torch
import torch.nn.functional as F

from gains.methods.fastinst.decoder import QueryPredictions
from gains.methods.fastinst.losses import (
    Truth,
    mask_losses,
    match_locations,
    match_queries,
)
from helpers.fastinst import settings, squares


def perfect(masks: torch.Tensor, queries: int, classes: int = 2) -> QueryPredictions:
    """Return predictions: all queries have the first object's mask, and equal class logits."""
    small = F.max_pool2d(masks[:1][None], 8)
    return QueryPredictions(
        torch.zeros(1, queries, classes + 1), 20 * small.expand(1, queries, -1, -1) - 10
    )


def test_a_query_must_lie_inside_its_object() -> None:
    masks = squares((0, 0), (32, 32))
    truth = Truth([torch.tensor([0, 1])], [masks])
    prediction = perfect(masks, 4)
    # query 2 lies in the first object, query 1 in the second, the others in none
    locations = torch.tensor([[[0.9, 0.1], [0.6, 0.7], [0.1, 0.1], [0.1, 0.9]]])
    prediction.logits[0, 0, 0] = 9  # a wrong query that is surer of the class
    (found,) = match_queries(settings(), [prediction], locations, truth, torch.Generator())
    assert found.object.tolist() == [0, 1]
    assert found.query.tolist() == [2, 1]
    (free,) = match_queries(
        settings(location_cost=0), [prediction], locations, truth, torch.Generator()
    )
    assert free.query.tolist()[0] == 0


def test_the_cost_of_a_match_by_hand() -> None:
    """The assignment is that of the sum of the four costs, worked out with loops."""
    generator = torch.Generator().manual_seed(1)
    masks = squares((0, 0), (8, 8), (40, 16))
    truth = Truth([torch.tensor([0, 1, 1])], [masks])
    prediction = QueryPredictions(
        torch.randn(1, 6, 3, generator=generator), torch.randn(1, 6, 8, 8, generator=generator)
    )
    locations = torch.rand(1, 6, 2, generator=generator)
    chosen = settings(points=300, class_weight=20.0, location_cost=0.3)
    (found,) = match_queries(
        chosen, [prediction], locations, truth, torch.Generator().manual_seed(7)
    )
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
    one = QueryPredictions(torch.zeros(3, 5, 3), torch.zeros(3, 5, 8, 8))
    locations = torch.full((3, 5, 2), 0.99)
    locations[0, 3] = locations[2, 4] = 0.1
    locations[2, 1] = 0.6
    for found in match_queries(settings(), [one, one], locations, truth, torch.Generator()):
        assert found.object.tolist() == [0, 1, 2]
        assert found.query.tolist() == [3, 2 * 5 + 4, 2 * 5 + 1]


def test_more_objects_than_queries() -> None:
    masks = squares((0, 0), (16, 0), (32, 0), (48, 0))
    truth = Truth([torch.zeros(4, dtype=torch.int64)], [masks])
    prediction = QueryPredictions(torch.zeros(1, 2, 2), torch.zeros(1, 2, 8, 8))
    locations = torch.tensor([[[0.6, 0.1], [0.1, 0.1]]])
    (found,) = match_queries(settings(), [prediction], locations, truth, torch.Generator())
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
