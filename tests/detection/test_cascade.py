"""Cascade R-CNN: thresholds, weights, gradients and scores of its stages, against cases by hand.

An object fills (0, 0, 100, 100). Boxes (0, 0, 100 * iou, 100) inside it have exactly that IoU. A
head of zeros moves no box, so every stage gets the boxes of the first stage.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gains.detection import boxes as box_ops
from gains.detection.box_head import box_losses, select_boxes
from gains.detection.cascade import STAGES, CascadeBoxes, refine, scale_gradient, select_all
from gains.detection.pooling import pool
from gains.detection.sampling import draw_rois, label_rois
from gains.methods import METHODS
from gains.models.contract import Target, Task
from helpers.targets import target_of
from helpers.tiny import tiny_settings

SIDE = 128
IOUS = (0.55, 0.65, 0.75)


def boxes_of(classes: int = 1, random: float = 0.0, **settings: float) -> CascadeBoxes:
    """Return a branch with heads of zeros, or of numbers that make scores differ."""
    torch.manual_seed(0)
    chosen = tiny_settings("cascade_rcnn").model_copy(
        update={"roi_positive_fraction": 1.0, **settings}
    )
    branch = CascadeBoxes(chosen, Task(classes, 100))
    for head in branch.heads:
        for name in ("classes.weight", "deltas.weight"):
            weight = head.get_parameter(name)
            nn.init.normal_(weight, std=random) if random else nn.init.zeros_(weight)
    return branch


def features(images: int = 1) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.rand(images, 32, SIDE // s, SIDE // s) for s in (4, 8, 16, 32)]


def inside(*ious: float) -> Tensor:
    return torch.tensor([[0.0, 0, 100 * iou, 100] for iou in ious])


OBJECT = (0.0, 0.0, 100.0, 100.0)


def box_loss(ious: tuple[float, ...], stage: int) -> float:
    """Return the L1 of the deltas of boxes inside the object, by hand, divided by four RoIs."""
    shift, _, scale, _ = ((10, 10, 5, 5), (20, 20, 10, 10), (30, 30, 15, 15))[stage]
    total = 0.0
    for iou in ious:
        width = 100 * iou
        total += shift * (50 - width / 2) / width + scale * math.log(100 / width)
    return total / 4


def test_the_same_boxes_are_labelled_anew_from_a_higher_iou_on() -> None:
    branch = boxes_of()
    losses, positives = branch.losses(
        features(), [inside(*IOUS)], [target_of(OBJECT)], torch.Generator()
    )
    # four RoIs in every stage: three proposals and the object's own box, which costs nothing
    for stage, foreground in enumerate((IOUS, IOUS[1:], IOUS[2:])):
        wanted = pytest.approx(box_loss(foreground, stage), rel=1e-5)
        assert losses[f"loss_box_{stage + 1}"].item() == wanted
        assert losses[f"loss_cls_{stage + 1}"].item() == pytest.approx(math.log(2))
    # the masks learn from all that the first stage took for foreground
    found = positives.boxes[0][positives.boxes[0][:, 2].argsort()]
    torch.testing.assert_close(found, inside(*IOUS, 1.0))
    assert positives.matched[0].tolist() == [0] * 4


def test_roles_of_boxes_at_the_three_thresholds() -> None:
    for stage, wanted in zip(STAGES, ([0, 0, 0], [1, 0, 0], [1, 1, 0]), strict=True):
        rois = label_rois([inside(*IOUS)], [target_of(OBJECT)], 1, stage.iou)
        assert rois.labels[0].tolist() == wanted


def test_a_refined_box_takes_the_class_of_the_object_that_it_lies_on() -> None:
    branch = boxes_of(classes=2, rois_per_image=1)
    # the first stage moves every box by 60 px, half of its width: delta 10 * 60 / 60
    left, right = (0.0, 0.0, 60.0, 60.0), (60.0, 0.0, 120.0, 60.0)
    for head, bias in zip(branch.heads, ([1, 2, 0], [2, 5, 0], [0, 0, 0]), strict=True):
        head.classes.bias.data = torch.tensor(bias).float()
    branch.heads[0].deltas.bias.data[0] = 10
    # the only RoI that is drawn comes from the left object, whether proposal or its own box
    targets = [target_of(left, right, labels=(0, 1))]
    rois = draw_rois([torch.tensor([left])], targets, branch.settings, 2, torch.Generator())
    assert rois.labels[0].tolist() == [0]
    losses, _ = branch.losses(features(), [torch.tensor([left])], targets, torch.Generator())
    assert losses["loss_cls_1"].item() == pytest.approx(math.log(math.e + math.e**2 + 1) - 1)
    assert losses["loss_cls_2"].item() == pytest.approx(
        math.log(math.e**2 + math.e**5 + 1) - 5, rel=1e-4
    )
    assert losses["loss_box_2"].item() == pytest.approx(0, abs=1e-5)


def test_refined_boxes_by_hand() -> None:
    boxes = [torch.tensor([[10.0, 20, 30, 60]]), torch.tensor([[40.0, 0, 60, 20]])]
    # centre 20, 40 moves by 0.1 * 20 and -0.2 * 40 px, the width doubles: 2, -4, 10 ln 2
    deltas = torch.tensor([[[2.0, -4, 10 * math.log(2), 0]], [[0.0, 0, 0, 10 * math.log(3)]]])
    deltas.requires_grad_()
    first, second = refine(boxes, deltas, STAGES[1], [(128, 128), (25, 50)])
    torch.testing.assert_close(first, torch.tensor([[2.0, 12, 42, 52]]))
    # the second grows to 60 px of height and is clipped to 25 x 50 px
    torch.testing.assert_close(second, torch.tensor([[40.0, 0, 50, 25]]))
    assert not first.requires_grad


def test_gradient_is_scaled_on_its_way_back_only() -> None:
    x = torch.tensor([3.0], requires_grad=True)
    y = scale_gradient(x, 1 / 3)
    (y * 6).sum().backward()
    assert y.item() == 3
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(2)


def test_features_get_a_third_of_the_gradient_and_heads_the_whole() -> None:
    """Against a cascade without any scaling, written out stage by stage."""
    branch = boxes_of(classes=2, random=0.02)
    targets = [target_of(OBJECT, (20, 20, 60, 90), labels=(1, 0))]
    proposals = [torch.cat([inside(*IOUS), torch.tensor([[22.0, 25, 61, 88]])])]
    maps = [f.requires_grad_() for f in features()]
    losses, _ = branch.losses(maps, proposals, targets, torch.Generator().manual_seed(5))
    torch.stack(list(losses.values())).sum().backward()
    mine, own = maps[0].grad, [p.grad.clone() for p in branch.parameters()]

    branch.zero_grad()
    plain = [f.requires_grad_() for f in features()]
    generator = torch.Generator().manual_seed(5)
    rois = draw_rois(proposals, targets, branch.settings, 2, generator, 0.5)
    for head, weights, following in zip(
        branch.heads,
        ((10.0, 10, 5, 5), (20.0, 20, 10, 10), (30.0, 30, 15, 15)),
        (0.6, 0.7, 1.0),
        strict=True,
    ):
        logits, deltas = head(pool(plain, rois.boxes, 7))
        loss_cls, loss_box = box_losses(logits, deltas, rois, weights)
        (loss_cls + loss_box).backward()
        moved = box_ops.decode(deltas[:, 0].detach(), rois.boxes[0], weights)
        rois = label_rois([box_ops.clip(moved, (SIDE, SIDE))], targets, 2, following)
    # all boxes are small enough for p2
    assert mine is not None
    assert plain[0].grad is not None
    assert mine.abs().sum() > 0
    torch.testing.assert_close(mine, plain[0].grad / 3)
    for gradient, parameter in zip(own, branch.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


def test_scores_are_the_mean_of_three_softmaxes_on_successive_boxes() -> None:
    branch = boxes_of(classes=2, random=0.5, score_threshold=0.0, nms=1.0)
    maps, proposals = features(2), [inside(*IOUS), inside(0.4, 0.9)]
    sizes = [(SIDE, SIDE), (90, 80)]
    found = branch.detect(maps, proposals, sizes)
    for image, (size, boxes) in enumerate(zip(sizes, proposals, strict=True)):
        own = [m[image : image + 1] for m in maps]
        probabilities, logits_sum = torch.zeros(len(boxes), 3), torch.zeros(len(boxes), 3)
        for head, weights in zip(
            branch.heads, ((10, 10, 5, 5), (20, 20, 10, 10), (30, 30, 15, 15)), strict=True
        ):
            logits, deltas = head(pool(own, [boxes], 7))
            probabilities += logits.softmax(dim=1) / 3
            logits_sum += logits
            boxes = box_ops.clip(box_ops.decode(deltas[:, 0], boxes, weights), size)
        # the other mean differs by this much, so the test can distinguish the two
        assert (probabilities - (logits_sum / 3).softmax(dim=1)).abs().max() > 0.01
        every = probabilities[:, :2].flatten()
        order = every.argsort(descending=True)
        torch.testing.assert_close(found[image].scores, every[order])
        torch.testing.assert_close(found[image].boxes, boxes[order // 2])
        assert torch.equal(found[image].labels, order % 2)


def test_each_image_is_selected_from_its_own_boxes() -> None:
    settings = tiny_settings("cascade_rcnn")
    boxes = [inside(0.3, 0.9), torch.zeros(0, 4), inside(0.5)]
    scores = torch.tensor([[0.01, 0.99], [0.6, 0.4], [0.3, 0.7]])
    found = select_all(boxes, scores, [(SIDE, SIDE)] * 3, settings, 5)
    assert [f.scores.tolist() for f in found] == [[pytest.approx(0.6)], [], [pytest.approx(0.3)]]
    alone = select_boxes(boxes[2][:, None], scores[2:, :1], (SIDE, SIDE), settings, 5)
    torch.testing.assert_close(found[2].boxes, alone.boxes)


def test_boxes_that_leave_the_image_are_dropped() -> None:
    branch = boxes_of()
    branch.heads[0].deltas.bias.data[0] = 1e4
    losses, _ = branch.losses(features(), [inside(*IOUS)], [target_of(OBJECT)], torch.Generator())
    assert losses["loss_cls_1"] > 0
    for name in ("loss_cls_2", "loss_box_2", "loss_cls_3", "loss_box_3"):
        assert losses[name].item() == 0
    torch.stack(list(losses.values())).sum().backward()
    assert branch.heads[2].fc1.weight.grad is not None


def test_boxes_are_clipped_to_the_image_and_not_to_a_square() -> None:
    branch = boxes_of()
    # the first stage moves boxes by their width, so that the proposal comes to lie on the object,
    # and the object's own box leaves the image but for 8 px
    branch.heads[0].deltas.bias.data[0] = 10
    branch.heads[1].classes.bias.data = torch.tensor([3.0, 0])
    target = Target(
        torch.tensor([[60.0, 0, 120, 60]]), torch.tensor([0]), torch.zeros(1, 64, 128).byte()
    )
    proposal = torch.tensor([[0.0, 0, 60, 60]])
    losses, _ = branch.losses(features(), [proposal], [target], torch.Generator())
    wanted = (math.log(1 + math.exp(-3)) + math.log(1 + math.exp(3))) / 2
    assert losses["loss_cls_2"].item() == pytest.approx(wanted, rel=1e-5)
    assert losses["loss_box_2"].item() == pytest.approx(0, abs=1e-5)


def test_without_objects_all_stages_learn_background() -> None:
    branch = boxes_of(classes=3)
    for head in branch.heads:
        head.classes.bias.data = torch.tensor([0.0, 0, 0, 2])
    losses, positives = branch.losses(features(), [inside(*IOUS)], [target_of()], torch.Generator())
    assert len(positives.boxes[0]) == 0
    for number in (1, 2, 3):
        assert losses[f"loss_box_{number}"].item() == 0
        background = math.log(3 + math.e**2) - 2
        assert losses[f"loss_cls_{number}"].item() == pytest.approx(background, rel=1e-5)


def test_heads_regress_one_box_for_all_classes() -> None:
    branch = boxes_of(classes=4)
    logits, deltas = branch.heads[1](torch.rand(5, 32, 7, 7))
    assert logits.shape == (5, 5)
    assert deltas.shape == (5, 1, 4)


def test_a_proposal_runs_through_all_stages_at_test() -> None:
    branch = boxes_of()
    for head in branch.heads:
        head.deltas.bias.data[0] = 6.0  # 0.6, 0.3 and 0.2 of the width to the right
    boxes, logits = branch.run(
        partial(pool, features()), [torch.tensor([[0.0, 0, 20, 20]])], [(SIDE, SIDE)]
    )
    torch.testing.assert_close(boxes[0], torch.tensor([[22.0, 0, 42, 20]]))
    assert len(logits) == 3


def test_defaults_are_those_of_the_reference() -> None:
    settings: Any = METHODS.get("cascade_rcnn").settings()
    assert settings.rpn_post_nms_train == 2000
    assert settings.rois_per_image == 512
    assert [stage.iou for stage in STAGES] == [0.5, 0.6, 0.7]
