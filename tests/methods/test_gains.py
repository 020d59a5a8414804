"""GAInS' two branches, their losses and gradients, written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gains.detection.mask_head import MaskBranch
from gains.methods.gains.model import GainsBranch, build_detector
from gains.models.contract import Task
from helpers.rois import LABELS, pyramid, two_images
from helpers.tiny import planes_of, tiny_settings
from helpers.written_out import (
    conv,
    cross_entropy,
    head_features,
    head_logits,
    lively,
    roi_crops,
    roi_features,
)


def branch_of(variant: str = "default", **changes: Any) -> GainsBranch:
    torch.manual_seed(0)
    branch = GainsBranch(tiny_settings("gains", variant).model_copy(update=changes), 2)
    lively(branch.mask.predictor, branch.anomaly.predictor)
    return branch


def written_out(branch: GainsBranch, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mask logits and anomaly values of RoI features (paper, Fig. 2; the released code)."""
    before_deconv = head_features(branch.mask, x)
    guided = conv(branch.guidance, torch.cat([x, before_deconv], dim=1)).clamp(min=0)
    values = head_logits(branch.anomaly, head_features(branch.anomaly, guided))
    return head_logits(branch.mask, before_deconv), values


def written_losses(branch: GainsBranch, finest: Tensor, alrm: bool = True) -> dict[str, Tensor]:
    """Return the losses of :func:`two_images`: Eq. (4) times 0.75, and Eq. (5)."""
    positives = two_images()
    logits, values = written_out(branch, roi_features(finest, positives.boxes))
    rows = torch.arange(4)
    maps, masks = (
        roi_crops(
            [p[m] for p, m in zip(planes, positives.matched, strict=True)], positives.boxes
        ).float()
        for planes in (
            [planes_of(t.maps) for t in positives.targets if t.maps is not None],
            [t.masks for t in positives.targets],
        )
    )
    entropy = cross_entropy(logits[rows, LABELS], masks >= 0.5)
    return {
        "loss_mask": 0.75 * ((maps * entropy) if alrm else entropy).sum() / (4 * 28 * 28),
        "loss_anomaly": ((values[rows, LABELS] - maps) ** 2).sum() / (4 * 28 * 28),
    }


def test_the_pass_of_both_branches_is_that_of_the_paper() -> None:
    branch, x = branch_of(), torch.rand(3, 32, 14, 14)
    for found, wanted in zip(branch(x), written_out(branch, x), strict=True):
        assert wanted.std() > 0.1
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("variant", ["default", "gal"])
def test_losses_written_out(variant: str) -> None:
    branch, finest = branch_of(variant), torch.rand(2, 32, 16, 16)
    found = branch.losses(pyramid(finest), two_images(), torch.Generator())
    wanted = written_losses(branch, finest, alrm=variant == "default")
    assert {k: v.item() for k, v in found.items()} == pytest.approx(
        {k: v.item() for k, v in wanted.items()}, rel=1e-5
    )


@pytest.mark.parametrize("alrm", [True, False])
def test_without_the_branch_the_maps_weight_the_masks_if_asked(alrm: bool) -> None:
    branch, finest = branch_of(alrm=alrm), torch.rand(2, 32, 16, 16)
    chosen = tiny_settings("gains").model_copy(update={"gal": False, "alrm": alrm})
    plain = build_detector(chosen, Task(2, 10)).branch
    assert isinstance(plain, MaskBranch)
    plain.head.load_state_dict(branch.mask.state_dict())
    found = plain.losses(pyramid(finest), two_images(), torch.Generator())
    wanted = written_losses(branch, finest, alrm)["loss_mask"] / 0.75 * chosen.mask_weight
    assert {k: v.item() for k, v in found.items()} == {"loss_mask": pytest.approx(wanted.item())}


def gradients(branch: GainsBranch, finest: Tensor, loss: Tensor) -> dict[str, Tensor | None]:
    branch.zero_grad()
    finest.grad = None
    loss.backward()
    found = {name: p.grad for name, p in branch.named_parameters()}
    return {"features": finest.grad, **found}


@pytest.mark.parametrize("name", ["loss_mask", "loss_anomaly"])
def test_gradients_flow_as_in_the_pass_written_out(name: str) -> None:
    """The anomaly loss reaches the mask head up to its deconvolution, and the RoI features twice."""
    branch, finest = branch_of(), torch.rand(2, 32, 16, 16, requires_grad=True)
    losses = branch.losses(pyramid(finest), two_images(), torch.Generator())
    found = gradients(branch, finest, losses[name])
    wanted = gradients(branch, finest, written_losses(branch, finest)[name])
    without = ("anomaly.", "guidance.") if name == "loss_mask" else ("mask.deconv", "mask.pred")
    for key, gradient in wanted.items():
        if key.startswith(without):
            assert gradient is None
            assert found[key] is None
        else:
            assert gradient.abs().max() > 0
            torch.testing.assert_close(found[key], gradient, rtol=1e-3, atol=1e-6)


def test_weights_of_the_losses_are_settings() -> None:
    finest = torch.rand(2, 32, 16, 16)
    plain, changed = (
        branch.losses(pyramid(finest), two_images(), torch.Generator())
        for branch in (branch_of(), branch_of(mask_weight=3.0, anomaly_weight=5.0))
    )
    assert changed["loss_mask"].item() == pytest.approx(4 * plain["loss_mask"].item())
    assert changed["loss_anomaly"].item() == pytest.approx(5 * plain["loss_anomaly"].item())


def test_the_predicted_map_starts_at_a_setting() -> None:
    plain, features = tiny_settings("gains"), torch.rand(1, 32, 14, 14)
    for start in (0.0, 1.0):
        branch = GainsBranch(plain.model_copy(update={"anomaly_bias": start}), 2)
        logits, values = branch(features)
        assert values.mean().item() == pytest.approx(start, abs=0.01)
        assert logits.mean().item() == pytest.approx(0, abs=0.01)


def test_masks_are_the_mask_heads_probabilities_of_the_predicted_class() -> None:
    branch, finest, boxes = branch_of(), torch.rand(2, 32, 16, 16), two_images().boxes
    labels = torch.tensor([0, 1, 0, 1])
    found = branch.predict(pyramid(finest), boxes, labels)
    logits, values = written_out(branch, roi_features(finest, boxes))
    rows = torch.arange(4)
    torch.testing.assert_close(found, 1 / (1 + (-logits[rows, labels]).exp()))
    assert not torch.isclose(found, values[rows, labels].sigmoid()).any(dim=0).all()
