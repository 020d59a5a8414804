"""HTC: information flow, weights of the stages, and the composition of its outputs."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection import boxes as box_ops
from gains.detection.mask_head import ConvHead
from gains.detection.pooling import pool
from gains.methods import METHODS
from gains.methods.htc.model import STAGES, HybridTaskCascade, MaskStages, without_truth
from gains.models.contract import Task
from helpers.targets import target_of
from helpers.tiny import tiny_settings

SIDE = 128
IOUS = (0.55, 0.65, 0.75)
OBJECT = (0.0, 0.0, 100.0, 100.0)
IMAGE = torch.zeros(3, SIDE, SIDE, dtype=torch.uint8)
DEVIATIONS = ((0.1, 0.2), (0.05, 0.1), (0.033, 0.067))


class Given(nn.Module):
    """Proposals that are given."""

    def __init__(self, *boxes: Tensor) -> None:
        super().__init__()
        self.boxes = list(boxes)

    def forward(self, *_: Any) -> tuple[list[Tensor], dict[str, Tensor]]:
        return self.boxes, {}


def inside(*ious: float) -> Tensor:
    return torch.tensor([[0.0, 0, 100 * iou, 100] for iou in ious])


def model_of(
    *proposals: Tensor, classes: int = 1, random: float = 0.0, **settings: Any
) -> HybridTaskCascade:
    """Return a model with given proposals, and box heads of zeros or of numbers that differ."""
    torch.manual_seed(0)
    update = {"roi_positive_fraction": 1.0, **settings}
    model = HybridTaskCascade(tiny_settings("htc").model_copy(update=update), Task(classes, 100))
    model.proposals = Given(*proposals)  # type: ignore[assignment]
    for head in model.boxes.heads:
        for name in ("classes.weight", "deltas.weight"):
            weight = head.get_parameter(name)
            nn.init.normal_(weight, std=random) if random else nn.init.zeros_(weight)
    if not random:
        for mask_head in model.masks.heads:
            nn.init.zeros_(mask_head.predictor.weight)
    return model


def masks_of(classes: int = 3, pyramid: int = 32) -> MaskStages:
    torch.manual_seed(0)
    masks = MaskStages(tiny_settings("htc"), classes)
    for head in masks.heads:
        nn.init.normal_(head.predictor.weight, std=0.3)
    for flow in masks.flows:
        nn.init.normal_(flow.get_parameter("bias"), std=0.3)
    return masks


def chain(masks: MaskStages, x: Tensor) -> list[Tensor]:
    """Return the logits of all stages, written out: heads m, flows g, convolution by convolution."""

    def convs(head: ConvHead, y: Tensor) -> Tensor:
        for conv in head.convs:
            y = F.conv2d(
                y, conv.get_parameter("weight"), conv.get_parameter("bias"), padding=1
            ).clamp(min=0)
        return y

    def flow(number: int, y: Tensor) -> Tensor:
        weight = masks.flows[number].get_parameter("weight")[:, :, 0, 0]
        bias = masks.flows[number].get_parameter("bias")[:, None, None]
        return (torch.einsum("oc,rchw->rohw", weight, y) + bias).clamp(min=0)

    def logits(head: ConvHead, y: Tensor) -> Tensor:
        return head.predictor(head.deconv(y).clamp(min=0))

    one, two, three = masks.heads
    first = convs(one, x)
    second = convs(two, x + flow(0, first))
    third = convs(three, x + flow(1, second))
    return [logits(one, first), logits(two, second), logits(three, third)]


def test_each_mask_head_gets_the_features_of_the_one_before() -> None:
    masks = masks_of()
    x = torch.rand(4, 32, 14, 14)
    for number, wanted in enumerate(chain(masks, x)):
        torch.testing.assert_close(masks.logits(x, number), wanted)


def test_a_stage_trains_the_convolutions_before_it_and_no_other_output() -> None:
    masks = masks_of()
    masks.logits(torch.rand(2, 32, 14, 14), 1).sum().backward()
    trained = {n for n, p in masks.named_parameters() if p.grad is not None}
    assert {"heads.0.convs.0.weight", "flows.0.weight", "heads.1.predictor.weight"} <= trained
    assert not any(n.startswith(("heads.2", "flows.1", "heads.0.d", "heads.0.p")) for n in trained)


def test_masks_are_the_mean_of_three_probabilities() -> None:
    masks, labels = masks_of(), torch.tensor([2, 0, 1, 2])
    x = torch.rand(4, 32, 14, 14)
    wanted = torch.zeros(4, 28, 28)
    for logits in chain(masks, x):
        for row, k in enumerate(labels.tolist()):
            wanted[row] += 1 / (1 + torch.exp(-logits[row, k])) / 3
    torch.testing.assert_close(masks.predict(x, labels), wanted)


def test_the_first_head_has_no_flow_into_it() -> None:
    assert len(masks_of().flows) == 2


def smooth(delta: float) -> float:
    return delta**2 / 2 if delta < 1 else delta - 0.5


def box_loss(ious: tuple[float, ...], stage: int) -> float:
    """Smooth L1 (beta 1) of the deltas of boxes inside the object, over four RoIs, by hand."""
    shift, scale = DEVIATIONS[stage]
    total = 0.0
    for width in (100 * iou for iou in ious):
        total += smooth((50 - width / 2) / width / shift) + smooth(math.log(100 / width) / scale)
    return total / 4


def test_stages_weigh_a_whole_a_half_and_a_quarter() -> None:
    model = model_of(inside(*IOUS), mask_weight=2.0)
    losses = model.losses([IMAGE], [target_of(OBJECT)], torch.Generator())
    # four RoIs in every stage: the object's own box is dropped after each and joins again
    for stage, (foreground, weight) in enumerate(
        zip((IOUS, IOUS[1:], IOUS[2:]), (1, 0.5, 0.25), strict=True)
    ):
        found = {name: losses[f"{name}_{stage + 1}"].item() for name in ("loss_cls", "loss_box")}
        assert found["loss_cls"] == pytest.approx(weight * math.log(2))
        assert found["loss_box"] == pytest.approx(weight * box_loss(foreground, stage), rel=1e-5)
        mask = losses[f"loss_mask_{stage + 1}"].item()
        assert mask == pytest.approx(2 * weight * math.log(2))
    assert "loss_semantic" not in losses


@pytest.mark.parametrize(("moving", "wanted"), [(None, [4, 3, 2]), (2, [4, 3, 4]), (1, [4, 4, 4])])
def test_masks_learn_from_the_boxes_that_their_stage_has_refined(
    monkeypatch: pytest.MonkeyPatch, moving: int | None, wanted: list[int]
) -> None:
    model = model_of(inside(*IOUS))
    if moving is not None:
        # 0.55 grows to 100 px of width about 27.5, clipped (0, 77.5): IoU 0.775; the others more
        growth = math.log(100 / 55) / DEVIATIONS[moving][1]
        model.boxes.heads[moving].deltas.bias.data[2] = growth
    seen = []
    ordinary = model.masks.logits

    def spy(x: Tensor, number: int) -> Tensor:
        seen.append(len(x))
        return ordinary(x, number)

    monkeypatch.setattr(model.masks, "logits", spy)
    model.losses([IMAGE], [target_of(OBJECT)], torch.Generator())
    assert seen == wanted


def test_refined_boxes_of_objects_and_empty_boxes_are_dropped() -> None:
    before = [torch.tensor([[0.0, 0, 9, 9], OBJECT, [5, 5, 8, 8]]), torch.rand(2, 4)]
    after = [
        torch.tensor([[0.0, 0, 9, 8], [0, 0, 90, 90], [5, 5, 5, 8]]),
        torch.tensor([[0.0, 0, 1, 1], [2, 2, 3, 3]]),
    ]
    kept = without_truth(after, before, [target_of((1, 1, 7, 7), OBJECT), target_of()])
    assert kept[0].tolist() == [[0, 0, 9, 8]]
    assert torch.equal(kept[1], after[1])


def test_boxes_that_all_leave_the_image_leave_the_objects_to_learn_from() -> None:
    model = model_of(inside(*IOUS))
    for head in model.boxes.heads:
        head.deltas.bias.data[0] = 1e4
    losses = model.losses([IMAGE], [target_of(OBJECT)], torch.Generator())
    assert losses["loss_mask_3"].item() == pytest.approx(0.25 * math.log(2))
    losses = model.losses([IMAGE], [target_of()], torch.Generator())
    assert losses["loss_cls_1"].item() == pytest.approx(math.log(2))
    assert losses["loss_cls_2"].item() == 0
    torch.stack(list(losses.values())).sum().backward()


def test_scores_are_the_softmax_of_the_mean_logits_and_masks_are_of_the_last_boxes() -> None:
    boxes = inside(*IOUS, 0.9)
    model = model_of(boxes, classes=2, random=0.5, score_threshold=0.0, nms=1.0).eval()
    image = torch.randint(0, 255, (3, SIDE, SIDE), generator=torch.Generator().manual_seed(2))
    (found,) = model.detect([image])
    features = model.backbone([image])
    logits, probabilities = torch.zeros(4, 3), torch.zeros(4, 3)
    for head, (shift, scale) in zip(model.boxes.heads, DEVIATIONS, strict=True):
        scores, deltas = head(pool(features, [boxes], 7))
        logits += scores / 3
        probabilities += scores.softmax(dim=1) / 3
        weights = (1 / shift, 1 / shift, 1 / scale, 1 / scale)
        boxes = box_ops.clip(box_ops.decode(deltas[:, 0], boxes, weights), (SIDE, SIDE))
    wanted = logits.softmax(dim=1)
    # the other mean differs by this much, so the test can distinguish the two
    assert (wanted - probabilities).abs().max() > 0.01
    every = wanted[:, :2].flatten()
    order = every.argsort(descending=True)
    torch.testing.assert_close(found.scores, every[order])
    torch.testing.assert_close(found.boxes, boxes[order // 2])
    assert torch.equal(found.labels, order % 2)
    x = pool(features, [found.boxes], 14)
    torch.testing.assert_close(found.masks, model.masks.predict(x, found.labels))


def test_semantics_enter_boxes_and_masks_with_a_loss_of_a_fifth() -> None:
    model = model_of(inside(*IOUS), semantic=True)
    assert model.semantic is not None
    nn.init.zeros_(model.semantic.classes.weight)
    nn.init.normal_(model.masks.heads[0].predictor.weight)
    losses = model.losses([IMAGE], [target_of(OBJECT)], torch.Generator())
    assert losses["loss_semantic"].item() == pytest.approx(0.2 * math.log(2))
    nn.init.normal_(model.boxes.heads[0].get_parameter("classes.weight"))
    for name in ("loss_cls_1", "loss_mask_1"):
        model.zero_grad()
        losses = model.losses([IMAGE], [target_of(OBJECT)], torch.Generator())
        losses[name].backward()
        gradient = model.semantic.embedding.weight.grad
        assert gradient is not None
        assert gradient.abs().sum() > 0


def test_reference_settings_and_variants() -> None:
    record = METHODS.get("htc")
    settings: Any = record.settings()
    assert (settings.rpn_post_nms_train, settings.semantic) == (2000, False)
    assert record.variants["published-threshold"] == {"score_threshold": 0.001}
    assert [stage.iou for stage in STAGES] == [0.5, 0.6, 0.7]
