"""The contract that every method keeps, and GAInS against the published program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gains.detection.mask_head import mask_loss
from gains.methods import METHODS
from gains.methods.gains.model import GainsBranch, anomaly_loss
from gains.testing.method_contract import *  # noqa: F403 - pytest collects its tests
from gains.testing.method_contract import Contract
from helpers.models import build, scene
from helpers.tiny import tiny_settings

CONTRACT = Contract(
    methods=[method.name for method in METHODS.own()],
    # no mask reaches the logit 0.5 at first, and the IoU of an empty mask is not learnt
    steps_before={("mask_scoring_rcnn", "default"): 15},
    two_classes=[("donet", "mrp"), ("donet", "mrp-published-threshold")],
    adamw=["fastinst", "stardist"],
)


@pytest.fixture(scope="module")
def reference(golden: Path) -> dict[str, Any]:
    with np.load(golden / "losses.npz") as stored:
        return {name: torch.from_numpy(np.asarray(stored[name])) for name in stored.files}


def test_reweighted_mask_loss_equals_the_published_program(reference: dict[str, Any]) -> None:
    logits = reference["mask_logits"].clone().requires_grad_()
    labels = reference["image_ann_category_box"][:, 2].long()
    loss = mask_loss(logits, labels, reference["target_mask"], reference["target_anomaly"])
    assert loss.item() == pytest.approx(reference["loss_mask_reweighted"].item(), rel=1e-5)


def test_plain_mask_loss_equals_the_published_program(reference: dict[str, Any]) -> None:
    labels = reference["image_ann_category_box"][:, 2].long()
    loss = mask_loss(reference["mask_logits"], labels, reference["target_mask"], None)
    assert loss.item() == pytest.approx(reference["loss_mask_plain"].item(), rel=1e-5)


def test_gradients_equal_the_published_program(reference: dict[str, Any]) -> None:
    labels = reference["image_ann_category_box"][:, 2].long()
    mask = reference["mask_logits"].clone().requires_grad_()
    anomaly = reference["anomaly_logits"].clone().requires_grad_()
    loss = anomaly_loss(anomaly, labels, reference["target_anomaly"])
    assert loss.item() == pytest.approx(reference["loss_anomaly"].item(), rel=1e-5)
    reweighted = mask_loss(mask, labels, reference["target_mask"], reference["target_anomaly"])
    (loss + reweighted).backward()
    for name, found in (("grad_mask", mask.grad), ("grad_anomaly", anomaly.grad)):
        assert found is not None
        scale = reference[name].abs().max().item()
        torch.testing.assert_close(found, reference[name], rtol=1e-5, atol=1e-5 * scale)


def test_ablation_variants_differ_as_the_paper_says() -> None:
    image, target = scene()

    def losses(variant: str) -> dict[str, torch.Tensor]:
        return build("gains", variant).losses([image], [target], torch.Generator().manual_seed(3))

    both, gal, alrm, base = (losses(v) for v in ("default", "gal", "alrm", "baseline"))
    assert "loss_anomaly" in both
    assert "loss_anomaly" in gal
    assert "loss_anomaly" not in alrm
    # a map of 1.5 on the mask weighs more than none; the two-branch head has the factor 0.75
    assert alrm["loss_mask"] > base["loss_mask"]
    assert both["loss_mask"] > gal["loss_mask"]
    assert gal["loss_mask"].item() == pytest.approx(0.75 * 0.69, abs=0.05)


def test_baseline_is_mask_rcnn() -> None:
    image, target = scene()
    found = [
        build(*case).losses([image], [target], torch.Generator().manual_seed(3))
        for case in (("gains", "baseline"), ("mask_rcnn", "default"))
    ]
    assert {k: v.item() for k, v in found[0].items()} == {k: v.item() for k, v in found[1].items()}


def test_the_anomaly_loss_reaches_the_mask_branch() -> None:
    settings = tiny_settings("gains")
    branch = GainsBranch(settings, 2)
    _, values = branch(torch.rand(2, 32, 14, 14))
    anomaly_loss(values, torch.tensor([0, 1]), torch.ones(2, 28, 28)).backward()
    assert branch.mask.convs[0].weight.grad is not None
    assert branch.mask.predictor.weight.grad is None


def test_a_method_that_needs_maps_says_so() -> None:
    image, target = scene()
    target.maps = None
    with pytest.raises(ValueError, match="gradient anomaly maps"):
        build("gains").losses([image], [target], torch.Generator())
