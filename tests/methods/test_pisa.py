"""PISA: ranks and weights on cases computed by hand, and its losses against explicit loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import box_iou

from gains.detection import boxes as box_ops
from gains.detection.box_head import DELTA_WEIGHTS
from gains.detection.pooling import pool
from gains.detection.sampling import RoiSample, foreground_of
from gains.methods import METHODS
from gains.methods.pisa.model import PisaBranch, carl_weights, positive_weights
from gains.methods.pisa.ranking import (
    by_importance,
    hierarchical_rank,
    keep_sum,
    nms_groups,
    rank_within,
)
from gains.models.contract import Target, Task
from helpers.tiny import tiny_settings

# Class 0 has the objects 4 and 7, class 1 the object 5.
# object 4: IoU .6 .9 .7, places 2 0 1;  object 7: IoU .5 .8, places 1 0;  object 5: IoU .55
# class 0 by place, then IoU: .9 .8 | .7 .5 | .6, ranks 0 1 2 3 4
IOUS = torch.tensor([0.6, 0.5, 0.55, 0.9, 0.7, 0.8])
OBJECTS = torch.tensor([4, 7, 5, 4, 4, 7])
LABELS = torch.tensor([0, 0, 1, 0, 0, 0])
RANKS = [4, 3, 0, 0, 2, 1]


def test_positive_weights_on_paper() -> None:
    # the larger class has 5: w = (5 - rank) / 5, then squared
    found = positive_weights(IOUS, OBJECTS, LABELS, 2.0, 0.0)
    torch.testing.assert_close(found, torch.tensor([0.04, 0.16, 1, 1, 0.36, 0.64]))
    # with a bias of 0.5 and no power
    found = positive_weights(IOUS, OBJECTS, LABELS, 1.0, 0.5)
    torch.testing.assert_close(found, torch.tensor([0.6, 0.7, 1, 1, 0.8, 0.9]))
    # the power comes after the bias
    found = positive_weights(IOUS, OBJECTS, LABELS, 2.0, 0.5)
    torch.testing.assert_close(found, torch.tensor([0.36, 0.49, 1, 1, 0.64, 0.81]))


def test_equal_ranks_of_classes_of_different_size_have_equal_weights() -> None:
    # classes of 3 and 2 RoIs with an object each: ranks 0 1 2 and 0 1, and 3 is the count of both
    ious, labels = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5]), torch.tensor([0, 0, 0, 1, 1])
    found = positive_weights(ious, torch.arange(5), labels, 1.0, 0.0)
    torch.testing.assert_close(found, torch.tensor([3.0, 2, 1, 3, 2]) / 3)


def test_scaled_weights_keep_the_sum_of_the_losses() -> None:
    losses = torch.tensor([1.0, 2, 3, 4, 5, 6])
    weights = torch.tensor([0.04, 0.16, 1, 1, 0.36, 0.64])
    scaled = keep_sum(weights, losses)
    # 0.04 + 0.32 + 3 + 4 + 1.8 + 3.84 = 13 stands for 21
    torch.testing.assert_close(scaled, weights * 21 / 13)
    assert (scaled * losses).sum().item() == pytest.approx(21)
    assert keep_sum(weights, torch.zeros(6)).isfinite().all()
    assert keep_sum(weights[:0], losses[:0]).shape == (0,)


def test_ranks_against_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(6, (40,), generator=generator).float()
    groups = torch.randint(5, (40,), generator=generator)
    expected = [
        sum(
            bool(groups[j] == groups[i])
            and (bool(values[j] > values[i]) or (bool(values[j] == values[i]) and j < i))
            for j in range(40)
        )
        for i in range(40)
    ]
    assert rank_within(values, groups).tolist() == expected


def test_close_values_keep_their_order_at_high_ranks() -> None:
    """Two groups of 1000 values; those of the second are larger by a millionth."""
    values = 1 - torch.arange(1000) * 5e-4
    groups = torch.tensor([0, 1]).repeat_interleave(1000)
    found = hierarchical_rank(torch.cat([values, values + 1e-6]), groups, torch.zeros_like(groups))
    assert found.tolist() == [*range(1, 2000, 2), *range(0, 2000, 2)]


def test_a_box_at_the_iou_threshold_is_in_no_group_of_that_box() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 4], [0, 0, 10, 5]])
    # the last box has an IoU of 0.5 with the first, and of 0.8 with the second
    assert nms_groups(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 1, 1]


def test_boxes_that_suppress_none_are_groups_of_their_own() -> None:
    apart = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]])
    groups = nms_groups(apart, torch.tensor([0.3, 0.9, 0.5]), 1.0)
    assert sorted(groups.tolist()) == [0, 1, 2]


def test_groups_against_greedy_suppression() -> None:
    generator = torch.Generator().manual_seed(1)
    corner = torch.rand(60, 2, generator=generator) * 40
    boxes = torch.cat([corner, corner + 8 + 12 * torch.rand(60, 2, generator=generator)], dim=1)
    scores = torch.rand(60, generator=generator)
    leader: dict[int, int] = {}
    iou = box_iou(boxes, boxes)
    for i in scores.argsort(descending=True).tolist():
        leaders = [k for k in dict.fromkeys(leader.values()) if iou[k, i] > 0.3]
        leader[i] = leaders[0] if leaders else i
    found = nms_groups(boxes, scores, 0.3)
    assert 5 < len(set(leader.values())) < 50
    for i in range(60):
        for j in range(60):
            assert (found[i] == found[j]) == (leader[i] == leader[j])


# three boxes on one spot, two on another, and one that is surely background
SPOTS = torch.tensor(
    [
        [0.0, 0, 10, 10],
        [50, 50, 60, 60],
        [0, 0, 10, 11],
        [0, 0, 10, 9],
        [50, 50, 60, 61],
        [90, 90, 99, 99],
    ]
)
SCORES = torch.tensor([0.3, 0.6, 0.9, 0.7, 0.4, 0.04])


def test_importance_of_background_on_paper() -> None:
    # places: spot 1: .9 .7 .3, spot 2: .6 .4; by place, then score: .9 .6 | .7 .4 | .3
    assert by_importance(SPOTS, SCORES, 0.05, 0.5).tolist() == [2, 1, 3, 4, 0]
    assert by_importance(SPOTS, SCORES, 0.95, 0.5).tolist() == []
    assert by_importance(SPOTS, SCORES, SCORES[3].item(), 0.5).tolist() == [2]
    assert by_importance(SPOTS[:0], SCORES[:0], 0.05, 0.5).tolist() == []


def branch_of(classes: int = 2, rois: int = 8) -> PisaBranch:
    torch.manual_seed(0)
    settings = tiny_settings("pisa").model_copy(update={"rois_per_image": rois})
    return PisaBranch(settings, Task(classes, 10))


@pytest.mark.parametrize(
    ("background", "hard", "sixths"),
    [
        # 6 of the 8 RoIs are background. Three are hard: ranks 0 1 2, the others as the last
        (7, [9, 5, 7], [6, 5, 4, 4, 4, 4]),
        # more boxes are hard than are requested: the first six of eight ranks are taken
        (16, [19, 5, 7, 6, 4, 8, 9, 10], [6 * (8 - r) / 8 for r in range(6)]),
        (16, [], [6, 6, 6, 6, 6, 6]),
    ],
)
def test_drawn_background_on_paper(background: int, hard: list[int], sixths: list[float]) -> None:
    labels = torch.tensor([0, 1, 0, 1] + [2] * background)
    index = torch.tensor(hard, dtype=torch.int64)
    draws = [
        branch_of()._draw_image(labels, index, torch.Generator().manual_seed(seed))
        for seed in (0, 0, 2)
    ]
    positive, negative, weights = draws[0]
    assert (len(positive), len(negative)) == (2, 6)
    assert (labels[positive] < 2).all()
    assert (labels[negative] == 2).all()
    assert len(set(negative.tolist())) == 6
    assert negative[: len(hard)].tolist() == hard[:6]
    torch.testing.assert_close(weights, torch.tensor([math.sqrt(s / 6) for s in sixths]))
    assert torch.equal(draws[0][1], draws[1][1])
    assert torch.equal(draws[0][1], draws[2][1]) == (len(hard) > 6)


def test_what_the_head_takes_for_an_object_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    branch = branch_of(rois=8)
    boxes = torch.cat([SPOTS, torch.tensor([[20.0, 20, 30, 30], [20, 20, 31, 30]])])
    nothing = Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 99, 99))
    object_ = Target(torch.tensor([[20.0, 20, 30, 30]]), torch.tensor([1]), torch.ones(1, 99, 99))
    # K = 2; the score of SCORES belongs to class 1, whose deltas are 0; those of class 0 would
    # make all boxes so large that they are one group
    scores = torch.stack([SCORES / 9, SCORES, 1 - SCORES * 10 / 9], dim=1).clamp(min=1e-6)
    background = torch.tensor([[1e-6, 1e-6, 1.0]] * 2)
    logits = torch.cat([scores, background, scores]).log()
    deltas = torch.zeros(len(logits), 2, 4)
    deltas[:, 0, 2:] = 50
    monkeypatch.setattr(branch.head, "forward", lambda _: (logits, deltas))
    features = [torch.zeros(2, 32, 4, 4)] * 4
    generator = torch.Generator().manual_seed(0)
    rois, weights = branch._draw(features, [boxes, boxes], [nothing, object_], generator)
    # the spots in the order of importance, then by chance
    torch.testing.assert_close(rois.boxes[0][:5], SPOTS[[2, 1, 3, 4, 0]])
    assert [len(b) for b in rois.boxes] == [8, 8]
    # two of the three boxes on the object (two proposals and the truth) are drawn, a quarter of 8
    assert rois.labels[0].tolist() == [2] * 8
    assert rois.labels[1].tolist() == [1, 1] + [2] * 6
    torch.testing.assert_close(rois.boxes[1][2:7], SPOTS[[2, 1, 3, 4, 0]])
    # of 8, and of 6 boxes; chance has the weight of the fifth
    torch.testing.assert_close(weights[0] ** 2, torch.tensor([8.0, 7, 6, 5, 4, 4, 4, 4]) / 8)
    torch.testing.assert_close(weights[1] ** 2, torch.tensor([6.0, 5, 4, 3, 2, 2]) / 6)


def test_hard_background_is_drawn_once() -> None:
    labels = torch.tensor([0, 1, 0, 1] + [2] * 7)
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        _, negative, _ = branch_of()._draw_image(labels, torch.tensor([9, 5, 7]), generator)
        assert len(set(negative.tolist())) == 6


def test_carl_weights_against_a_loop() -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    labels = torch.tensor([0, 1, 1, 0, 1])
    raw = []
    for row, k in zip(logits.tolist(), labels.tolist(), strict=True):
        share = math.exp(row[k]) / sum(math.exp(x) for x in row)
        raw.append(0.2 + 0.8 * share)
    found = carl_weights(logits, labels, 1.0, 0.2)
    expected = [w / (sum(raw) / 5) for w in raw]
    torch.testing.assert_close(found, torch.tensor(expected))
    assert found.sum().item() == pytest.approx(5)
    # the box that is placed worst loses class score, the best one gains
    (found * torch.tensor([4.0, 1, 1, 1, 0])).sum().backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] > 0
    assert logits.grad[4, 1] < 0


def sampled() -> RoiSample:
    """RoIs of two images, foreground first; both images have an object 0 of class 1."""
    first = torch.tensor(
        [
            [10.0, 10, 30, 30],
            [12, 10, 30, 28],
            [9, 12, 33, 30],
            [60, 60, 90, 80],
            [0, 0, 8, 8],
            [70, 0, 90, 9],
        ]
    )
    second = torch.tensor([[41.0, 40, 60, 61], [40, 40, 55, 60], [5, 5, 20, 20]])
    masks = torch.zeros(2, 96, 96, dtype=torch.uint8)
    targets = [
        Target(torch.tensor([[10.0, 10, 31, 30], [60, 62, 88, 80]]), torch.tensor([1, 0]), masks),
        Target(torch.tensor([[40.0, 40, 60, 60]]), torch.tensor([1]), masks[:1]),
    ]
    labels = [torch.tensor([1, 1, 1, 0, 2, 2]), torch.tensor([1, 1, 2])]
    matched = [torch.tensor([0, 0, 0, 1, 0, 0]), torch.tensor([0, 0, 0])]
    return RoiSample([first, second], labels, matched, targets, foreground_of(labels, 2))


def test_losses_against_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    branch, rois = branch_of(), sampled()
    torch.nn.init.normal_(branch.head.deltas.weight, std=0.3)
    torch.nn.init.normal_(branch.head.classes.weight, std=0.5)
    negative = [torch.tensor([1.0, 0.5]), torch.tensor([0.7])]
    monkeypatch.setattr(branch, "_draw", lambda *_: (rois, negative))
    features = [
        torch.rand(2, 32, 24, 24),
        *[torch.rand(2, 32, 24 // s, 24 // s) for s in (2, 4, 8)],
    ]
    found, positives = branch.losses(features, [], rois.targets, torch.Generator())
    assert [len(b) for b in positives.boxes] == [4, 2]

    logits, deltas = branch.head(pool(features, rois.boxes, 7))
    logits, deltas = logits.detach(), deltas.detach()
    labels, boxes = torch.cat(rois.labels).tolist(), torch.cat(rois.boxes)
    cls = [-float(row.log_softmax(0)[k]) for row, k in zip(logits, labels, strict=True)]
    image, index = [0] * 6 + [1] * 3, torch.cat(rois.matched).tolist()
    box, probability, iou = {}, {}, {}
    for r in range(9):
        if labels[r] == 2:
            continue
        truth = rois.targets[image[r]].boxes[index[r] : index[r] + 1]
        wanted = box_ops.encode(truth, boxes[r : r + 1], DELTA_WEIGHTS)[0]
        away = (deltas[r, labels[r]] - wanted).abs().tolist()
        box[r] = sum(0.5 * d * d if d < 1 else d - 0.5 for d in away)
        probability[r] = float(logits[r].softmax(0)[labels[r]])
        refined = box_ops.decode(deltas[r : r + 1, labels[r]], boxes[r : r + 1], DELTA_WEIGHTS)
        iou[r] = float(box_iou(refined, truth))
    assert found["loss_box"].item() == pytest.approx(sum(box.values()) / 9, rel=1e-4)
    mean = sum(0.2 + 0.8 * p for p in probability.values()) / 6
    carl = sum((0.2 + 0.8 * probability[r]) / mean * box[r] for r in box) / 9
    assert found["loss_carl"].item() == pytest.approx(carl, rel=1e-4)
    # reweighting leaves the sums alone; what changes is whose gradient counts
    assert found["loss_cls"].item() == pytest.approx(sum(cls) / 9, rel=1e-4)

    # class 1 has the objects (0, 0) with three boxes and (1, 0) with two; class 0 has one box
    place = {
        r: sum((image[s], index[s], iou[s] > iou[r]) == (image[r], index[r], True) for s in box)
        for r in box
    }
    order = sorted((r for r in box if labels[r] == 1), key=lambda r: (place[r], -iou[r]))
    weight = {r: ((5 - n) / 5) ** 2 for n, r in enumerate(order)} | {3: 1.0}
    ratio = sum(cls[r] for r in box) / sum(weight[r] * cls[r] for r in box)
    expected = [weight[r] * ratio if r in box else 0.0 for r in range(9)]
    image_ratio = (cls[4] + cls[5]) / (cls[4] + 0.5 * cls[5])
    expected[4], expected[5], expected[8] = image_ratio, 0.5 * image_ratio, 1.0
    weights = branch._class_weights(
        torch.tensor(cls),
        torch.tensor(list(box)),
        positives,
        torch.tensor(list(iou.values())),
        negative,
    )
    torch.testing.assert_close(weights, torch.tensor(expected), rtol=1e-4, atol=1e-5)
    found["loss_cls"].backward()
    bias = branch.head.classes.bias.grad
    wanted = sum(
        w * (row.softmax(0) - F.one_hot(torch.tensor(k), 3))
        for w, row, k in zip(expected, logits, labels, strict=True)
    )
    torch.testing.assert_close(bias, wanted / 9, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("beta", "wanted"), [(0.0, 7.0), (1.0, 5.0), (4.0, 1.875)])
def test_the_transition_of_the_box_loss(
    monkeypatch: pytest.MonkeyPatch, beta: float, wanted: float
) -> None:
    """One box with deltas 1, 2, 3 and 1 too large: 0.5 d * d / beta below beta, then d - beta / 2."""
    branch = branch_of()
    branch.settings = branch.settings.model_copy(update={"box_beta": beta})
    target = Target(torch.tensor([[8.0, 8, 24, 24]]), torch.tensor([1]), torch.ones(1, 32, 32))
    rois = RoiSample(
        [target.boxes], [target.labels], [torch.tensor([0])], [target], [torch.tensor([0])]
    )
    deltas = torch.tensor([[[9.0, 9, 9, 9], [1, 2, 3, 1]]])
    monkeypatch.setattr(branch, "_draw", lambda *_: (rois, [torch.zeros(0)]))
    monkeypatch.setattr(branch.head, "forward", lambda _: (torch.zeros(1, 3), deltas))
    losses, _ = branch.losses([torch.zeros(1, 32, 8, 8)] * 4, [], [target], torch.Generator())
    assert losses["loss_box"].item() == pytest.approx(wanted)


def test_carl_teaches_the_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    branch, rois = branch_of(), sampled()
    monkeypatch.setattr(branch, "_draw", lambda *_: (rois, [torch.ones(2), torch.ones(1)]))
    features = [torch.rand(2, 32, 24, 24)] * 4
    losses, _ = branch.losses(features, [], rois.targets, torch.Generator())
    losses["loss_carl"].backward()
    for layer in (branch.head.classes, branch.head.deltas):
        assert layer.weight.grad is not None
        assert layer.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("classes", [1, 3])
def test_without_foreground_gradients_are_finite(classes: int) -> None:
    branch = branch_of(classes)
    nothing = Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 64, 64))
    features = [torch.rand(2, 32, 16, 16, requires_grad=True) for _ in range(4)]
    # the second image has not even a proposal
    losses, positives = branch.losses(
        features, [SPOTS, torch.zeros(0, 4)], [nothing, nothing], torch.Generator()
    )
    assert sum(len(b) for b in positives.boxes) == 0
    torch.stack(list(losses.values())).sum().backward()
    for parameter in branch.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_proposals_are_the_published_ones() -> None:
    settings: Any = METHODS.get("pisa").settings()
    assert settings.rpn_pre_nms_train == settings.rpn_pre_nms_test == 2000
    assert settings.rpn_post_nms_train == settings.rpn_post_nms_test == 2000
