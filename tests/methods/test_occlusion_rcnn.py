"""Occlusion R-CNN's derived mask and its three losses, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gains.detection.positives import Positives
from gains.methods import METHODS
from gains.methods.occlusion_rcnn.model import OcclusionBranch, invisible_logits
from gains.models.contract import Target, Task
from helpers.tiny import tiny_settings

RECORD = METHODS.get("occlusion_rcnn")


def branch_of(amodal: float, visible: float, **changes: Any) -> OcclusionBranch:
    """Return a branch whose heads have the same output everywhere, for every class."""
    torch.manual_seed(0)
    settings = tiny_settings("occlusion_rcnn").model_copy(update=changes)
    branch = OcclusionBranch(settings, Task(2, 10, 0))
    for head, value in ((branch.amodal, amodal), (branch.visible, visible)):
        torch.nn.init.zeros_(head.predictor.weight)
        torch.nn.init.constant_(head.predictor.get_parameter("bias"), value)
    return branch


def two_cells() -> tuple[list[torch.Tensor], Positives]:
    """Return features, and a RoI of 28 px on the first of two cells that share a strip."""
    masks = torch.zeros(2, 64, 64, dtype=torch.uint8)
    masks[0, 8:36, 8:29] = 1  # 21 of the RoI's 28 columns
    masks[1, 8:36, 22:60] = 1  # takes the last 7 of these
    boxes = torch.tensor([[8.0, 8.0, 29.0, 36.0], [22.0, 8.0, 60.0, 36.0]])
    target = Target(boxes, torch.zeros(2, dtype=torch.int64), masks)
    roi = torch.tensor([[8.0, 8.0, 36.0, 36.0]])
    features = [torch.rand(1, 32, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    return features, Positives([roi], [torch.tensor([0])], [target])


def cross_entropy(logit: float, share: float) -> float:
    """Return the mean cross entropy of one logit where a share of the pixels is foreground."""
    p = 1 / (1 + math.exp(-logit))
    return -share * math.log(p) - (1 - share) * math.log(1 - p)


@pytest.mark.parametrize(("amodal", "visible"), [(0.4, 1.1), (0.4, -1.1), (-0.7, 0.3)])
def test_the_three_losses_are_the_mean_cross_entropies(amodal: float, visible: float) -> None:
    found = branch_of(amodal, visible).losses(*two_cells(), torch.Generator())
    assert {name: loss.item() for name, loss in found.items()} == pytest.approx(
        {
            "loss_amodal": cross_entropy(amodal, 21 / 28),
            "loss_visible": cross_entropy(visible, 14 / 28),
            # in the amodal and not in the visible mask: the strip of 7 columns
            "loss_invisible": cross_entropy(amodal - max(visible, 0.0), 7 / 28),
        },
        rel=1e-5,
    )


def test_one_weight_scales_all_three_losses() -> None:
    plain, doubled = (
        branch_of(0.4, 1.1, mask_weight=w).losses(*two_cells(), torch.Generator())
        for w in (1.0, 2.0)
    )
    assert {k: 2 * v.item() for k, v in plain.items()} == pytest.approx(
        {k: v.item() for k, v in doubled.items()}
    )


def test_the_invisible_logit_subtracts_only_what_is_visible() -> None:
    amodal = torch.tensor([3.0, 3.0, -2.0, -2.0])
    visible = torch.tensor([5.0, -5.0, 1.0, -1.0])
    assert invisible_logits(amodal, visible).tolist() == [-2.0, 3.0, -3.0, -2.0]


def test_confident_heads_leave_amodal_xor_visible() -> None:
    """If the visible mask lies inside the amodal one, the derived mask is their XOR."""
    amodal = torch.zeros(6, 6, dtype=torch.bool)
    amodal[1:5, 1:5] = True
    visible = amodal.clone()
    visible[:, 3:] = False
    logits = [torch.where(mask, 10.0 * k, -10.0) for k, mask in ((1, amodal), (2, visible))]
    assert torch.equal(invisible_logits(*logits) > 0, amodal ^ visible)


@pytest.mark.parametrize(("visible", "reached"), [(0.5, True), (-0.5, False)])
def test_the_invisible_loss_reaches_the_visible_head_where_it_says_visible(
    visible: float, reached: bool
) -> None:
    branch = branch_of(0.2, visible)
    branch.losses(*two_cells(), torch.Generator())["loss_invisible"].backward()
    for head, wanted in ((branch.amodal, True), (branch.visible, reached)):
        gradient = head.predictor.get_parameter("bias").grad
        assert gradient is not None
        assert bool(gradient.abs().sum() > 0) == wanted


def test_the_amodal_mask_is_the_output() -> None:
    features, positives = two_cells()
    found = branch_of(0.4, 1.1).predict(features, positives.boxes, torch.tensor([0]))
    torch.testing.assert_close(found, torch.full((1, 28, 28), 1 / (1 + math.exp(-0.4))))


def test_it_must_know_which_category_overlaps() -> None:
    assert RECORD.needs_cell
    with pytest.raises(ValueError, match="cell_category"):
        RECORD.build(tiny_settings("occlusion_rcnn"), Task(2, 10))
