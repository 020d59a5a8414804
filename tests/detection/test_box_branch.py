"""The box branch of Faster R-CNN: both passes written out by hand, RoI by RoI."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from gains.detection.box_head import BoxBranch, BoxHead, select_boxes
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Task
from helpers import by_hand
from helpers.by_hand import iou, ramps
from helpers.targets import target_of
from helpers.tiny import tiny_settings

CANVAS = (512, 640)
CLASSES = 3
WEIGHTS = (10, 10, 5, 5)

OBJECTS = ((100.0, 100, 200, 200), (240.0, 60, 560, 380), (300.0, 300, 420, 400))
LABELS = (2, 0, 1)
PROPOSALS = [
    (100.0, 100, 150, 200),  # IoU of exactly 1/2
    (100.0, 100, 149, 200),  # just less
    (110.0, 96, 215, 190),
    (230.0, 70, 545, 400),  # the second object, p4
    (290.0, 290, 420, 410),  # overlaps the second object, but the third one more
    (20.0, 400, 60, 450),
    (40.0, 40, 500, 500),  # p5
]
OTHERS = [(310.0, 150, 420, 260), (300.0, 140, 400, 270)]


def settings(**changes: float) -> TwoStageSettings:
    base: TwoStageSettings = tiny_settings("mask_rcnn")
    backbone = base.backbone.model_copy(update={"fpn_channels": 4})
    return base.model_copy(update={"backbone": backbone, "box_dim": 8, **changes})


def branch_of(kept: int = 100, **changes: float) -> BoxBranch:
    """Return a branch whose predictions differ from RoI to RoI and from class to class."""
    branch = BoxBranch(settings(**changes), Task(CLASSES, kept))
    generator = torch.Generator().manual_seed(0)
    for name, scale in (("fc1", 0.15), ("fc2", 0.6), ("classes", 0.25), ("deltas", 0.3)):
        layer = branch.head.get_submodule(name)
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=scale, generator=generator)
    return branch


def head_by_hand(
    branch: BoxBranch, image: int, box: by_hand.Box
) -> tuple[list[float], list[list[float]]]:
    """Return the K + 1 logits of a RoI, and the four deltas of each class."""
    x = by_hand.pooled(image, box, 7).flatten()
    for layer in (branch.head.fc1, branch.head.fc2):
        x = by_hand.relu(by_hand.linear(x, layer))
    flat = by_hand.linear(x, branch.head.deltas).tolist()
    return by_hand.linear(x, branch.head.classes).tolist(), [
        flat[4 * k : 4 * k + 4] for k in range(CLASSES)
    ]


def learn(branch: BoxBranch, objects: bool = True) -> dict[str, Tensor]:
    """Return the losses of two images, the second of which has one object."""
    targets = [
        target_of(*(OBJECTS if objects else ()), labels=LABELS if objects else ()),
        target_of(*(OTHERS[:1] if objects else ()), labels=(1,) if objects else ()),
    ]
    proposals = [torch.tensor(PROPOSALS), torch.tensor(OTHERS)]
    losses, _ = branch.losses(ramps(2, CANVAS), proposals, targets, torch.Generator())
    return losses


def test_losses_of_all_rois_by_hand() -> None:
    branch = branch_of(rois_per_image=100, roi_positive_fraction=1.0)
    cls = box = 0.0
    count, roles = 0, []
    for image, (candidates, objects, labels) in enumerate(
        ((PROPOSALS, OBJECTS, LABELS), (OTHERS, OTHERS[:1], (1,)))
    ):
        for roi in (*candidates, *objects):  # the objects' own boxes are RoIs too
            overlaps = [iou(roi, own) for own in objects]
            best = max(range(len(objects)), key=overlaps.__getitem__)
            foreground = overlaps[best] >= 0.5
            label = labels[best] if foreground else CLASSES
            logits, deltas = head_by_hand(branch, image, roi)
            cls -= math.log(by_hand.softmax(logits)[label])
            if foreground:
                wanted = by_hand.deltas(roi, objects[best], WEIGHTS)
                box += sum(abs(a - b) for a, b in zip(deltas[label], wanted, strict=True))
            roles.append(label)
            count += 1
    assert roles == [2, 3, 2, 0, 1, 3, 3, 2, 0, 1, 1, 1, 1]
    found = learn(branch)
    assert set(found) == {"loss_cls", "loss_box"}
    # both are means over all RoIs, background included
    assert found["loss_cls"].item() == pytest.approx(cls / count, rel=1e-4)
    assert found["loss_box"].item() == pytest.approx(box / count, rel=1e-4)


def test_without_objects_only_the_last_class_is_learnt() -> None:
    branch = branch_of(rois_per_image=100, roi_positive_fraction=1.0)
    found = learn(branch, objects=False)
    rois = [(0, box) for box in PROPOSALS] + [(1, box) for box in OTHERS]
    costs = [-math.log(by_hand.softmax(head_by_hand(branch, *roi)[0])[CLASSES]) for roi in rois]
    assert found["loss_cls"].item() == pytest.approx(sum(costs) / 9, rel=1e-4)
    assert found["loss_box"].item() == 0


def test_no_roi_at_all_costs_nothing() -> None:
    losses, positives = branch_of().losses(
        ramps(1, CANVAS), [torch.zeros(0, 4)], [target_of()], torch.Generator()
    )
    assert [loss.item() for loss in losses.values()] == [0, 0]
    assert positives.boxes[0].shape == (0, 4)
    torch.stack(list(losses.values())).sum().backward()


def test_masks_learn_from_the_foreground_and_its_objects() -> None:
    branch = branch_of(rois_per_image=100, roi_positive_fraction=1.0)
    targets = [target_of(*OBJECTS, labels=LABELS), target_of(*OTHERS[:1], labels=(1,))]
    proposals = [torch.tensor(PROPOSALS), torch.tensor(OTHERS)]
    _, found = branch.losses(ramps(2, CANVAS), proposals, targets, torch.Generator())
    pairs = [
        {(tuple(box), index) for box, index in zip(boxes.tolist(), own.tolist(), strict=True)}
        for boxes, own in zip(found.boxes, found.matched, strict=True)
    ]
    assert pairs[0] == {
        *((PROPOSALS[k], index) for k, index in ((0, 0), (2, 0), (3, 1), (4, 2))),
        *((box, index) for index, box in enumerate(OBJECTS)),
    }
    assert pairs[1] == {(OTHERS[0], 0), (OTHERS[1], 0)}
    labels = [LABELS[index] for index in found.matched[0].tolist()] + [1] * len(found.boxes[1])
    assert found.labels.tolist() == labels
    assert found.targets is targets


def test_gradients_reach_the_features_but_no_proposal() -> None:
    branch = branch_of(rois_per_image=100, roi_positive_fraction=1.0)
    maps = [x.requires_grad_() for x in ramps(1, CANVAS)]
    proposals = [torch.tensor(PROPOSALS)]
    losses, positives = branch.losses(maps, proposals, [target_of(*OBJECTS)], torch.Generator())
    (losses["loss_cls"] + losses["loss_box"]).backward()
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in maps[:4])
    assert maps[4].grad is None
    assert not positives.boxes[0].requires_grad


def crowd() -> list[list[tuple[float, ...]]]:
    """Return the proposals of three images: groups of similar boxes, none, and one group."""
    generator = torch.Generator().manual_seed(3)
    groups = ((60.0, 60, 140, 170), (330.0, 90, 420, 160), (230.0, 200, 470, 440))
    jitter = torch.randn(3, 5, 4, generator=generator) * 6
    first = [
        tuple((torch.tensor(group) + own).tolist())
        for group, near in zip(groups, jitter, strict=True)
        for own in near
    ]
    return [first, [], first[:4]]


SIZES = [(440, 450), (512, 640), (300, 600)]


def candidates_by_hand(
    branch: BoxBranch, image: int, boxes: list[tuple[float, ...]], threshold: float
) -> list[tuple[float, int, list[float]]]:
    """Return score, class and clipped box of every class of every proposal above the threshold."""
    found = []
    for proposal in boxes:
        logits, deltas = head_by_hand(branch, image, proposal)
        scores = by_hand.softmax(logits)
        for label in range(CLASSES):  # the last logit is the background
            box = by_hand.moved(proposal, deltas[label], WEIGHTS)
            if scores[label] > threshold:
                found.append((scores[label], label, by_hand.clipped(box, SIZES[image])))
    return found


def detections_by_hand(
    found: list[tuple[float, int, list[float]]], nms: float, kept: int
) -> list[tuple[float, int, list[float]]]:
    survivors = []
    for label in range(CLASSES):
        own = [one for one in found if one[1] == label]
        keep = by_hand.suppress([one[2] for one in own], [one[0] for one in own], nms)
        survivors += [own[k] for k in keep]
    return sorted(survivors, reverse=True)[:kept]


@pytest.mark.parametrize(("threshold", "nms", "kept"), [(0.2, 0.5, 100), (0.05, 0.8, 9)])
def test_detections_by_hand(threshold: float, nms: float, kept: int) -> None:
    branch, proposals = branch_of(kept, score_threshold=threshold, nms=nms), crowd()
    found = branch.detect(
        ramps(3, CANVAS), [torch.tensor(p).reshape(-1, 4) for p in proposals], SIZES
    )
    for image, (boxes, own) in enumerate(zip(proposals, found, strict=True)):
        candidates = candidates_by_hand(branch, image, boxes, threshold)
        wanted = detections_by_hand(candidates, nms, kept)
        if image == 0:
            # every rule decides something here: NMS, the number kept, and more than one class
            assert len(wanted) < len(candidates)
            assert (len(wanted) == kept) is (kept == 9)
            assert len({label for _, label, _ in wanted}) > 1
        torch.testing.assert_close(own.scores, torch.tensor([score for score, _, _ in wanted]))
        assert own.labels.tolist() == [label for _, label, _ in wanted]
        torch.testing.assert_close(
            own.boxes,
            torch.tensor([box for _, _, box in wanted]).reshape(-1, 4),
            atol=1e-3,
            rtol=1e-5,
        )


def constant_branch(bias: list[float], deltas: list[float], **changes: float) -> BoxBranch:
    """Return a branch that predicts the same logits and deltas for every RoI."""
    branch = branch_of(100, **changes)
    for parameter in branch.head.parameters():
        nn.init.zeros_(parameter)
    branch.head.classes.bias.data = torch.tensor(bias)
    branch.head.deltas.bias.data = torch.tensor(deltas)
    return branch


def test_limits_of_score_and_overlap_are_exclusive() -> None:
    # probabilities 1/4 each; the second box has an IoU of exactly 1/2 with the first, the third more
    boxes = torch.tensor([[100.0, 100, 150, 200], [100, 100, 200, 200], [100, 100, 152, 200]])
    for threshold, count in ((0.25, 0), (0.249, 2 * CLASSES)):
        branch = constant_branch([0.0] * 4, [0.0] * 12, score_threshold=threshold)
        (found,) = branch.detect(ramps(1, CANVAS), [boxes], [CANVAS])
        assert len(found.boxes) == count
    assert {tuple(box) for box in found.boxes.tolist()} == {tuple(b) for b in boxes[:2].tolist()}


def test_a_class_that_moves_its_box_out_of_the_image_finds_nothing() -> None:
    # the second class moves every box by its whole width: delta 10
    deltas = [0.0] * 4 + [10.0, 0, 0, 0] + [0.0] * 4
    branch = constant_branch([0.0] * 4, deltas)
    boxes = torch.tensor([[40.0, 50, 80, 90]])
    (inside,), (outside,) = (
        branch.detect(ramps(1, CANVAS), [boxes], [size]) for size in ((300, 100), (300, 80))
    )
    found = dict(zip(inside.labels.tolist(), inside.boxes.tolist(), strict=True))
    assert found == {0: [40, 50, 80, 90], 1: [80, 50, 100, 90], 2: [40, 50, 80, 90]}
    assert sorted(outside.labels.tolist()) == [0, 2]


def test_layers_of_the_head_start_as_published() -> None:
    torch.manual_seed(0)
    head = BoxHead(16, 128, 80)
    # uniform within sqrt(3 / inputs), which has a standard deviation of sqrt(1 / inputs)
    for layer, inputs in ((head.fc1, 16 * 49), (head.fc2, 128)):
        assert layer.weight.std().item() == pytest.approx(inputs**-0.5, rel=0.05)
        assert layer.weight.abs().max().item() <= (3 / inputs) ** 0.5
    assert head.classes.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert head.deltas.weight.std().item() == pytest.approx(0.001, rel=0.05)
    assert all((layer.bias == 0).all() for layer in (head.fc1, head.fc2, head.classes, head.deltas))
    logits, deltas = head(torch.rand(5, 16, 7, 7))
    assert (logits.shape, deltas.shape) == ((5, 81), (5, 80, 4))


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_each_class_has_its_own_box(classes: int) -> None:
    boxes = torch.tensor([[[10.0 * k, 0, 10 * k + 5, 5] for k in range(classes)]])
    scores = torch.tensor([[0.9, 0.8, 0.7][:classes]])
    found = select_boxes(boxes, scores, (50, 50), settings(), 10)
    assert found.labels.tolist() == list(range(classes))
    assert found.boxes.tolist() == boxes[0].tolist()
