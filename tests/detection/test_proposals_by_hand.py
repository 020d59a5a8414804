"""The region proposal network, written out by hand: head, anchors, labels, losses, proposals."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from gains.detection.proposals import ProposalNetwork
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target
from helpers import by_hand
from helpers.by_hand import iou
from helpers.targets import target_of

SIDES = (8, 16, 24, 40, 60)
RATIOS = (0.5, 1, 2)
LEVELS = ((4, (8, 12)), (8, (4, 6)), (16, (2, 3)), (32, (1, 2)), (64, (1, 1)))
"""px per cell, and height and width in cells; the canvas has 32 x 48 px."""
SIZES = [(32, 48), (29, 40)]
"""Height and width of the two images without padding."""
OBJECTS = (
    # the first is an anchor of p3 itself; the second lies at the same distance of two anchors
    ((8.0, 8, 24, 24), (34.0, 4, 42, 12), (0.0, 0, 5, 30)),
    # no anchor overlaps this object by 0.7, so its best one learns it
    ((14.0, 3, 31, 27),),
)
WEIGHTS = (1, 1, 1, 1)


class Cell(NamedTuple):
    """An anchor and what the network predicts for it."""

    level: int
    anchor: list[float]
    logit: float
    deltas: list[float]


def network_of(**changes: float) -> ProposalNetwork:
    settings = TwoStageSettings(
        anchor_sizes=SIDES,
        backbone={"weights": "none", "norm": "gn", "freeze_at": 0, "fpn_channels": 4},
        **changes,
    )
    network = ProposalNetwork(settings)
    generator = torch.Generator().manual_seed(0)
    for layer, scale in ((network.conv, 0.4), (network.objectness, 1), (network.deltas, 0.1)):
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=scale, generator=generator)
    return network


def features() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(2, 4, *shape, generator=generator) for _, shape in LEVELS]


def targets() -> list[Target]:
    return [target_of(*objects) for objects in OBJECTS]


def predicted(network: ProposalNetwork, image: int) -> list[Cell]:
    """Return the anchors of an image, level by level and cell by cell."""
    cells = []
    for level, ((stride, _), side, x) in enumerate(zip(LEVELS, SIDES, features(), strict=True)):
        hidden = by_hand.relu(by_hand.convolved(by_hand.numbers(x[image]), network.conv))
        logits = by_hand.convolved(hidden, network.objectness)
        deltas = by_hand.convolved(hidden, network.deltas)
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                for number, ratio in enumerate(RATIOS):
                    w, h = side / math.sqrt(ratio), side * math.sqrt(ratio)
                    x0, y0 = column * stride - w / 2, row * stride - h / 2
                    own = deltas[4 * number : 4 * number + 4, row, column].tolist()
                    anchor = [x0, y0, x0 + w, y0 + h]
                    cells.append(Cell(level, anchor, logits[number, row, column].item(), own))
    return cells


def roles_of(cells: list[Cell], objects: tuple[tuple[float, ...], ...]) -> list[tuple[str, int]]:
    """Return whether each anchor is foreground, background or ignored, and its object."""
    overlaps = [[iou(cell.anchor, own) for own in objects] for cell in cells]
    best_of_object = [max(row[k] for row in overlaps) for k in range(len(objects))]
    roles = []
    for row in overlaps:
        best = max(range(len(objects)), key=row.__getitem__)
        role = "foreground" if row[best] >= 0.7 else "ignored" if row[best] >= 0.3 else "background"
        if any(v > best_of - 1e-9 for v, best_of in zip(row, best_of_object, strict=True)):
            role = "foreground"
        roles.append((role, best))
    return roles


def test_losses_of_all_anchors_by_hand() -> None:
    network = network_of(rpn_anchors_per_image=1000)
    _, found = network(features(), SIZES, targets(), torch.Generator())
    cls = box = 0.0
    low_quality = 0
    for image, objects in enumerate(OBJECTS):
        cells = predicted(network, image)
        for cell, (role, best) in zip(cells, roles_of(cells, objects), strict=True):
            if role != "ignored":
                cls += by_hand.cross_entropy(cell.logit, role == "foreground")
            if role == "foreground":
                wanted = by_hand.deltas(cell.anchor, objects[best], WEIGHTS)
                box += sum(abs(a - b) for a, b in zip(cell.deltas, wanted, strict=True))
                low_quality += iou(cell.anchor, objects[best]) < 0.7
    assert low_quality >= 2
    assert set(found) == {"loss_rpn_cls", "loss_rpn_box"}
    # the divisor is the number that was asked for, though the images have fewer anchors
    assert found["loss_rpn_cls"].item() == pytest.approx(cls / 2000, rel=1e-4)
    assert found["loss_rpn_box"].item() == pytest.approx(box / 2000, rel=1e-4)


def test_two_equally_good_anchors_both_learn_an_object() -> None:
    cells = predicted(network_of(), 0)
    roles = roles_of(cells, OBJECTS[0])
    best = [
        cell.anchor for cell, role in zip(cells, roles, strict=True) if role == ("foreground", 1)
    ]
    assert len(best) > 1


@pytest.mark.parametrize(("count", "positive"), [(8, 4), (9, 4), (20, None)])
def test_numbers_of_drawn_anchors(count: int, positive: int | None) -> None:
    """With equal logits a loss counts: an anchor of the background costs 20, a positive one 0."""
    network = network_of(rpn_anchors_per_image=count)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    nn.init.constant_(network.objectness.get_parameter("bias"), 20.0)
    cells = predicted(network, 0)
    available = sum(role == "foreground" for role, _ in roles_of(cells, OBJECTS[0]))
    one = [x[:1] for x in features()]
    _, found = network(one, SIZES[:1], targets()[:1], torch.Generator())
    # at most half of them are positive; if there are fewer, background fills up
    negative = count - (positive or available)
    assert available >= 4
    assert positive is not None or available < 10
    assert found["loss_rpn_cls"].item() == pytest.approx(20 * negative / count, rel=1e-5)


def proposals_by_hand(
    cells: list[Cell], size: tuple[int, int], per_level: int, kept: int
) -> list[list[float]]:
    candidates = []
    for level in range(5):
        own = sorted((c for c in cells if c.level == level), key=lambda c: -c.logit)[:per_level]
        boxes = [by_hand.clipped(by_hand.moved(c.anchor, c.deltas, WEIGHTS), size) for c in own]
        scored = [
            (c.logit, box)
            for c, box in zip(own, boxes, strict=True)
            if box[2] > box[0] and box[3] > box[1]
        ]
        keep = by_hand.suppress([box for _, box in scored], [score for score, _ in scored], 0.7)
        candidates += [scored[k] for k in keep]
    return [box for _, box in sorted(candidates, reverse=True)[:kept]]


NUMBERS = {
    "rpn_pre_nms_train": 15,
    "rpn_post_nms_train": 20,
    "rpn_pre_nms_test": 5,
    "rpn_post_nms_test": 14,
}


@pytest.mark.parametrize(("training", "per_level", "kept"), [(True, 15, 20), (False, 5, 14)])
def test_proposals_by_hand(training: bool, per_level: int, kept: int) -> None:
    network = network_of(**NUMBERS)
    arguments = (targets(), torch.Generator()) if training else ()
    proposals, losses = network(features(), SIZES, *arguments)
    assert bool(losses) is training
    for image, (size, found) in enumerate(zip(SIZES, proposals, strict=True)):
        cells = predicted(network, image)
        wanted = proposals_by_hand(cells, size, per_level, kept)
        # both numbers decide something in each image
        for other in ((per_level - 1, kept), (per_level + 1, kept), (per_level, kept + 1)):
            assert wanted != proposals_by_hand(cells, size, *other)
        torch.testing.assert_close(found, torch.tensor(wanted), atol=1e-4, rtol=1e-5)
        assert not found.requires_grad


def test_anchors_without_a_number_leave_the_others_alone() -> None:
    network, maps = network_of(), features()
    maps[0][0, 0, 0, 0] = torch.nan
    proposals, _ = network(maps, SIZES)
    # the convolution spreads it to the first two rows and columns of p2
    cells = [
        cell
        for number, cell in enumerate(predicted(network, 0))
        if number >= 3 * 8 * 12 or number // 3 // 12 > 1 or number // 3 % 12 > 1
    ]
    wanted = proposals_by_hand(cells, SIZES[0], 1000, 1000)
    # some scores are equal, so their order is left to chance
    for mine, own in zip(sorted(proposals[0].tolist()), sorted(wanted), strict=True):
        assert mine == pytest.approx(own, abs=1e-3)
    assert len(wanted) < len(cells) - 20


@pytest.mark.parametrize("score", [torch.nan, torch.inf])
def test_anchors_without_a_score_are_no_proposals(score: float) -> None:
    network = network_of()
    with torch.no_grad():
        network.get_parameter("objectness.bias")[1] = score
    proposals, _ = network(features(), SIZES)
    # the second of the three ratios has no score
    cells = [cell for number, cell in enumerate(predicted(network, 0)) if number % 3 != 1]
    wanted = proposals_by_hand(cells, SIZES[0], 1000, 1000)
    for mine, own in zip(sorted(proposals[0].tolist()), sorted(wanted), strict=True):
        assert mine == pytest.approx(own, abs=1e-3)


def test_levels_do_not_suppress_each_other() -> None:
    """Two levels whose anchors are equal, and deltas of zero: one box of each level stays."""
    network = network_of()
    network.settings = network.settings.model_copy(update={"anchor_sizes": (16,) * 5})
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    maps = [torch.zeros(1, 4, 1, 1) for _ in LEVELS]
    (found,), _ = network(maps, [(100, 100)])
    # a quarter of each of the three anchors of the first cell lies inside the image
    assert len(found) == 15


def test_the_layers_start_as_published() -> None:
    torch.manual_seed(0)
    settings = TwoStageSettings(backbone={"weights": "x.pt", "fpn_channels": 64})
    network = ProposalNetwork(settings)
    for layer in (network.conv, network.objectness, network.deltas):
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.2)
        assert (layer.bias == 0).all()
