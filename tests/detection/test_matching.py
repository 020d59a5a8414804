"""Matching of boxes to objects, and the choice of boxes at random."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gains.detection.matching import (
    BACKGROUND,
    FOREGROUND,
    IGNORED,
    match_boxes,
    pad_rows,
    sample_boxes,
)


def matched(
    truth: Tensor, boxes: Tensor, low: float, high: float, keep_best: bool
) -> tuple[Tensor, Tensor]:
    index, role = match_boxes(pad_rows([truth]), boxes, low, high, keep_best)
    return index[0], role[0]


def test_roles_follow_the_overlap_and_each_object_keeps_its_best_box() -> None:
    truth = torch.tensor([[0.0, 0, 10, 10], [100, 100, 110, 110]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [30, 30, 40, 40], [100, 100, 104, 104]])
    index, role = matched(truth, boxes, 0.3, 0.7, keep_best=False)
    assert role.tolist() == [FOREGROUND, IGNORED, BACKGROUND, BACKGROUND]
    index, role = matched(truth, boxes, 0.3, 0.7, keep_best=True)
    assert role.tolist() == [FOREGROUND, IGNORED, BACKGROUND, FOREGROUND]
    assert index[3] == 1


def test_boxes_at_the_limits_belong_to_the_higher_role() -> None:
    truth = torch.tensor([[0.0, 0, 16, 16]])
    boxes = torch.tensor([[0.0, 0, 16, 4], [0, 0, 15, 4], [0, 0, 16, 8], [0, 0, 15, 8]])
    # IoU 1/4 and 1/2, and just less
    _, role = matched(truth, boxes, 0.25, 0.5, keep_best=False)
    assert role.tolist() == [IGNORED, BACKGROUND, FOREGROUND, IGNORED]


def test_an_object_that_nothing_touches_claims_nothing() -> None:
    truth = torch.tensor([[500.0, 500, 510, 510]])
    _, role = matched(truth, torch.tensor([[0.0, 0, 5, 5]]), 0.3, 0.7, keep_best=True)
    assert role.tolist() == [BACKGROUND]


def test_matching_without_objects_is_background() -> None:
    _, role = matched(torch.zeros(0, 4), torch.rand(5, 4), 0.5, 0.5, keep_best=True)
    assert (role == BACKGROUND).all()


def test_a_box_without_area_is_background_beside_padding_too() -> None:
    truth = pad_rows([torch.tensor([[0.0, 0, 8, 8], [20, 20, 28, 28]]), torch.zeros(0, 4)])
    _, role = match_boxes(truth, torch.tensor([[5.0, 5, 5, 5]]), 0.3, 0.7, keep_best=True)
    assert role.tolist() == [[BACKGROUND], [BACKGROUND]]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("keep_best", [False, True])
def test_a_batch_is_matched_as_its_images_alone(
    monkeypatch: pytest.MonkeyPatch, shared: bool, keep_best: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(4, 40, 2, generator=generator) * 60
    sides = torch.rand(4, 40, 2, generator=generator) * 40 + 1
    boxes = torch.cat([corners, corners + sides], dim=2)
    truth = [boxes[0, :5] + 9, boxes[1, :0], boxes[2, :1], boxes[3, :9] + 6]
    candidates = boxes[0] if shared else boxes
    together = match_boxes(pad_rows(truth), candidates, 0.3, 0.7, keep_best)
    monkeypatch.setattr("gains.detection.matching.PAIRS", 1)
    apart = match_boxes(pad_rows(truth), candidates, 0.3, 0.7, keep_best)
    # some objects have no box of a high IoU, so that keep_best decides
    other = match_boxes(pad_rows(truth), candidates, 0.3, 0.7, not keep_best)
    assert not torch.equal(apart[1], other[1])
    for number, objects in enumerate(truth):
        own = candidates if shared else candidates[number]
        index, role = matched(objects, own, 0.3, 0.7, keep_best)
        for found in (together, apart):
            assert torch.equal(found[1][number], role)
            if len(objects):
                assert torch.equal(found[0][number], index)


def test_sampling_sizes_and_repeatability() -> None:
    many = [FOREGROUND] * 30 + [BACKGROUND] * 100 + [IGNORED] * 10
    few = [IGNORED] * 135 + [FOREGROUND] * 2 + [BACKGROUND] * 3
    role = torch.tensor([many, few, [IGNORED] * 140], dtype=torch.int8)
    drawn = [
        sample_boxes(role, 40, 0.25, torch.Generator().manual_seed(1)).lists() for _ in range(2)
    ]
    assert [(len(a), len(b)) for a, b in drawn[0]] == [(10, 30), (2, 3), (0, 0)]
    for row, (positive, negative), again in zip(role, drawn[0], drawn[1], strict=True):
        assert (row[positive] == FOREGROUND).all()
        assert (row[negative] == BACKGROUND).all()
        assert len(set(positive.tolist() + negative.tolist())) == len(positive) + len(negative)
        assert torch.equal(positive, again[0])
        assert torch.equal(negative, again[1])


def test_every_box_has_the_same_chance() -> None:
    role = torch.tensor([[FOREGROUND] * 8 + [BACKGROUND] * 4] * 2000, dtype=torch.int8)
    drawn = sample_boxes(role, 4, 0.5, torch.Generator().manual_seed(3))
    counts = torch.bincount(drawn.positive[drawn.is_positive], minlength=12)
    # 2 of 8 in 2,000 images: 500 each, with a standard deviation of 19
    assert ((counts[:8] - 500).abs() < 100).all()
    counts = torch.bincount(drawn.negative[drawn.is_negative], minlength=12)
    assert ((counts[8:] - 1000).abs() < 110).all()


@pytest.mark.parametrize(
    ("count", "fraction", "numbers"),
    [(3, 0.25, (0, 3)), (4, 0.25, (1, 3)), (7, 0.5, (3, 4)), (4, 1.0, (4, 0)), (20, 0.25, (5, 9))],
)
def test_numbers_of_drawn_boxes(count: int, fraction: float, numbers: tuple[int, int]) -> None:
    role = torch.tensor([[FOREGROUND] * 6 + [BACKGROUND] * 9 + [IGNORED] * 5])
    drawn = sample_boxes(role, count, fraction, torch.Generator().manual_seed(0))
    ((positive, negative),) = drawn.lists()
    assert (len(set(positive.tolist())), len(set(negative.tolist()))) == numbers
    assert (role[0, positive] == FOREGROUND).all()
    assert (role[0, negative] == BACKGROUND).all()
