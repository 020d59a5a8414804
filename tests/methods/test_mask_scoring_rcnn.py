"""Mask Scoring R-CNN: the IoU that is learnt, its loss, and the ranking by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gains.detection.box_head import BoxDetections
from gains.detection.positives import Positives
from gains.methods.mask_scoring_rcnn import model as module
from gains.methods.mask_scoring_rcnn.model import (
    MaskIoUHead,
    MaskScoringBranch,
    MaskScoringRCNN,
    iou_loss,
    iou_targets,
    pixels_inside,
    visible_share,
)
from gains.models.contract import Target, Task
from helpers.tiny import tiny_settings


def half_outside() -> Positives:
    """Two RoIs on an object of 20 x 8 px; either sees half of it."""
    masks = torch.zeros(1, 16, 40, dtype=torch.uint8)
    masks[0, 4:12, 10:30] = 1
    target = Target(torch.tensor([[10.0, 4, 30, 12]]), torch.tensor([1]), masks)
    # the first RoI holds only the object's left half; the second is twice as wide, its
    # own left half is ground
    boxes = torch.tensor([[10.0, 4, 20, 12], [0, 4, 20, 12]])
    return Positives([boxes], [torch.tensor([0, 0])], [target])


TRUTH = torch.zeros(2, 28, 28, dtype=torch.bool)
TRUTH[0] = True
TRUTH[1, :, 14:] = True


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the whole RoI is predicted. First: 784 cells right, the object has 784 / 0.5 = 1568.
        # second: 392 right, the object has 392 / 0.5 = 784, the union 784 + 784 - 392 = 1176
        (28, (784 / 1568, 392 / 1176)),
        # the upper half: 392 right of 1568; 196 right, the union is 392 + 784 - 196 = 980
        (14, (392 / 1568, 196 / 980)),
        (0, (0.0, 0.0)),
    ],
)
def test_target_of_an_object_half_outside(rows: int, expected: tuple[float, float]) -> None:
    predicted = torch.zeros(2, 28, 28, dtype=torch.bool)
    predicted[:, :rows] = True
    share = visible_share(half_outside())
    assert share.tolist() == [0.5, 0.5]
    target = iou_targets(predicted, TRUTH, share)
    torch.testing.assert_close(target, torch.tensor(expected))


def test_share_counts_whole_pixels() -> None:
    positives = half_outside()
    # 10..20 x 4..12 after rounding down; 29.5..29.9 is one column, 12..13 no row of the object
    positives.boxes = [
        torch.tensor([[10.9, 4.2, 20.9, 12.7], [29.5, 4, 29.9, 12], [10, 12.5, 30, 12.9]])
    ]
    positives.matched = [torch.zeros(3, dtype=torch.int64)]
    torch.testing.assert_close(visible_share(positives), torch.tensor([80 / 160, 8 / 160, 0]))


def test_pixels_inside_against_slices() -> None:
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2, (3, 20, 30)).astype(np.uint8)
    boxes, index, expected = [[0.0, 0, 30, 20], [29.2, 19.3, 30, 20]], [0, 2], []
    for _ in range(40):
        x, y = np.sort(rng.uniform(0, 30, 2)), np.sort(rng.uniform(0, 20, 2))
        boxes.append([x[0], y[0], x[1], y[1]])
        index.append(int(rng.integers(3)))
    for (x0, y0, x1, y1), i in zip(np.asarray(boxes, dtype=np.int64), index, strict=True):
        expected.append(int(masks[i, y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].sum()))
    found = pixels_inside(torch.from_numpy(masks), torch.tensor(boxes), torch.tensor(index))
    assert found.tolist() == expected
    nothing = pixels_inside(torch.zeros(0, 20, 30, dtype=torch.uint8), torch.zeros(0, 4), found[:0])
    assert nothing.shape == (0,)


def test_loss_counts_the_masks_that_hit() -> None:
    # (1 - 0.5)^2 and (0.5 - 0.9)^2; the second mask misses its object
    loss = iou_loss(torch.tensor([0.5, 0.2, 0.9]), torch.tensor([1.0, 0.0, 0.5]))
    assert loss.item() == pytest.approx((0.25 + 0.16) / 2)


def test_no_mask_that_hits_gives_zero_with_a_graph() -> None:
    for count in (0, 3):
        ious = torch.rand(count, requires_grad=True)
        loss = iou_loss(ious, torch.zeros(count))
        loss.backward()
        assert loss.item() == 0
        assert ious.grad is not None
        assert (ious.grad == 0).all()


def branch_of(variant: str = "default") -> MaskScoringBranch:
    torch.manual_seed(0)
    return MaskScoringBranch(tiny_settings("mask_scoring_rcnn", variant), 2)


def features() -> list[torch.Tensor]:
    return [torch.rand(1, 32, 8, 12, generator=torch.Generator().manual_seed(k)) for k in range(4)]


# RoIAlign covers the first RoI's two left corners by less than half: 782 cells are object there
WHOLE = (782 / (784 + 2 * 782 - 782), 1 / 3)
LOSS = 0.5 * ((0.3 - WHOLE[0]) ** 2 + (0.3 - WHOLE[1]) ** 2) / 2


@pytest.mark.parametrize(
    ("variant", "logit", "expected"),
    [
        ("default", 0.6, LOSS),
        # a logit of 0.4 is a probability of 0.6
        ("default", 0.4, 0.0),
        ("probability-threshold", 0.4, LOSS),
        ("probability-threshold", -0.1, 0.0),
    ],
)
def test_losses_of_the_drawn_case(
    variant: str, logit: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = branch_of(variant)
    logits = torch.full((2, 2, 28, 28), -9.0)
    logits[:, 1] = logit  # the object's class is 1
    monkeypatch.setattr(type(branch.head), "logits", lambda *_: logits)
    monkeypatch.setattr(MaskIoUHead, "forward", lambda *_: torch.full((2,), 0.3))
    losses = branch.losses(features(), half_outside(), torch.Generator())
    assert losses["loss_mask_iou"].item() == pytest.approx(expected, rel=1e-5)


def test_the_head_reads_the_class_and_its_mask() -> None:
    head = branch_of().iou_head
    x, masks = torch.rand(2, 32, 14, 14), torch.randn(2, 28, 28)
    both = [head(x, masks, torch.tensor(labels)) for labels in ([0, 1], [1, 0])]
    assert not torch.isclose(*both).any()
    # a cell takes the largest of its 2 x 2 logits, others do not matter
    lower = masks.clone()
    lower[:, ::2, ::2] = -20
    lower[:, 1::2, 1::2] = torch.nn.functional.max_pool2d(masks[:, None], 2)[:, 0]
    torch.testing.assert_close(head(x, lower, torch.tensor([0, 1])), both[0])


def test_the_gradient_reaches_the_masks() -> None:
    branch = branch_of("probability-threshold")
    branch.losses(features(), half_outside(), torch.Generator())["loss_mask_iou"].backward()
    for parameter in (branch.head.predictor.weight, branch.head.convs[0].weight):
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0


def test_features_are_pooled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    pool = vars(module)["pool"]
    monkeypatch.setattr(module, "pool", lambda *args: calls.append(args) or pool(*args))
    branch_of().losses(features(), half_outside(), torch.Generator())
    assert len(calls) == 1


def test_detections_are_ranked_by_box_score_times_iou(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = MaskScoringRCNN(tiny_settings("mask_scoring_rcnn"), Task(2, 10))
    found = [
        BoxDetections(
            torch.arange(12.0).reshape(3, 4), torch.tensor([0.9, 0.8, 0.6]), torch.tensor([0, 1, 0])
        ),
        BoxDetections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64)),
        BoxDetections(torch.ones(2, 4), torch.tensor([0.5, 0.4]), torch.tensor([1, 1])),
    ]
    chosen = torch.linspace(-2, 2, 5)[:, None, None].expand(5, 28, 28)
    ious = torch.tensor([0.5, 0.9, 1.3, -0.2, 0.5])
    monkeypatch.setattr(MaskScoringBranch, "forward", lambda *_: (None, chosen, ious))
    first, none, last = model.with_masks([], found)
    # 0.9 * 0.5 = 0.45, 0.8 * 0.9 = 0.72, 0.6 * 1 = 0.6
    torch.testing.assert_close(first.scores, torch.tensor([0.72, 0.6, 0.45]))
    torch.testing.assert_close(first.box_scores, torch.tensor([0.8, 0.6, 0.9]))
    assert first.labels.tolist() == [1, 0, 0]
    assert first.boxes[:, 0].tolist() == [4, 8, 0]
    torch.testing.assert_close(first.masks[:, 0, 0], torch.tensor([-1.0, 0, -2]).sigmoid())
    assert len(none.scores) == 0
    torch.testing.assert_close(last.scores, torch.tensor([0.2, 0]))
    torch.testing.assert_close(last.box_scores, torch.tensor([0.4, 0.5]))
