"""Proposals and their losses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gains.detection import boxes as box_ops
from gains.detection.matching import FOREGROUND, IGNORED, match_boxes, pad_rows
from gains.detection.proposals import ProposalNetwork
from gains.detection.sampling import draw_rois
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target
from gains.models.settings import BackboneSettings
from helpers.proposals import SETTINGS, SIDE, proposal_scene


def matched(
    truth: Tensor, boxes: Tensor, low: float, high: float, keep_best: bool
) -> tuple[Tensor, Tensor]:
    index, role = match_boxes(pad_rows([truth]), boxes, low, high, keep_best)
    return index[0], role[0]


def test_rpn_losses_are_divided_by_the_wanted_number_of_anchors() -> None:
    settings = TwoStageSettings(
        backbone=BackboneSettings(weights="none", norm="gn", freeze_at=0, fpn_channels=8),
        rpn_anchors_per_image=10**6,
    )
    rpn = ProposalNetwork(settings)
    for parameter in rpn.parameters():
        torch.nn.init.zeros_(parameter)
    features = [torch.zeros(1, 8, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    target = Target(
        torch.tensor([[0.0, 0, 32, 32]]), torch.tensor([0]), torch.ones(1, 64, 64).byte()
    )
    _, losses = rpn(features, [(64, 64)], [target], torch.Generator())
    every = torch.cat(
        [
            box_ops.anchors((64 // s, 64 // s), s, a, (0.5, 1, 2), torch.zeros(1))
            for s, a in zip((4, 8, 16, 32, 64), settings.anchor_sizes, strict=True)
        ]
    )
    index, role = matched(target.boxes, every, 0.3, 0.7, keep_best=True)
    drawn = (role != IGNORED).sum()
    # logits of zero cost ln 2 each; the sum over drawn anchors is divided by the requested number
    torch.testing.assert_close(
        losses["loss_rpn_cls"].detach(), drawn * torch.tensor(2.0).log() / 10**6
    )
    positive = role == FOREGROUND
    wanted = box_ops.encode(target.boxes[index[positive]], every[positive], (1, 1, 1, 1))
    torch.testing.assert_close(losses["loss_rpn_box"].detach(), wanted.abs().sum() / 10**6)


def test_losses_of_proposals_equal_a_loop_over_images() -> None:
    """All anchors are drawn: half of them may be foreground, so none is left out."""
    network, features, targets = proposal_scene(4)
    _, losses = network(features, [(SIDE, SIDE)] * 4, targets, torch.Generator())
    logits, deltas, anchors = network._predict(features)
    every = torch.cat(anchors)
    cls, box = torch.zeros(()), torch.zeros(())
    for number, target in enumerate(targets):
        (index,), (role,) = match_boxes(pad_rows([target.boxes]), every, 0.3, 0.7, keep_best=True)
        seen, found = role != IGNORED, role == FOREGROUND
        own = torch.cat([x[number] for x in logits])
        cls = cls + F.binary_cross_entropy_with_logits(
            own[seen], found[seen].float(), reduction="sum"
        )
        if found.any():
            wanted = box_ops.encode(target.boxes[index[found]], every[found], (1, 1, 1, 1))
            moved = torch.cat([x[number] for x in deltas])[found]
            box = box + (moved - wanted).abs().sum()
    scale = 1 / (SETTINGS.rpn_anchors_per_image * 4)
    torch.testing.assert_close(losses["loss_rpn_cls"], cls * scale)
    torch.testing.assert_close(losses["loss_rpn_box"], box * scale)
    assert losses["loss_rpn_box"] > 0
    total = losses["loss_rpn_cls"] + losses["loss_rpn_box"]
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_boxes_without_area_are_no_proposals() -> None:
    network, features, targets = proposal_scene(2)
    torch.nn.init.constant_(
        network.deltas.get_parameter("bias"), -1e4
    )  # all boxes shrink and leave the image
    proposals, _ = network(features, [(SIDE, SIDE)] * 2, targets, torch.Generator())
    assert [tuple(p.shape) for p in proposals] == [(0, 4), (0, 4)]
    rois = draw_rois(proposals, targets, SETTINGS, 2, torch.Generator())
    # the objects themselves are left: one in the first image, two in the second
    assert [len(boxes) for boxes in rois.boxes] == [1, 2]
    assert rois.labels[1].tolist() == [0, 1] or rois.labels[1].tolist() == [1, 0]
