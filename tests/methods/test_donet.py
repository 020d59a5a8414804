"""DoNet's mask branch (DRM, CRM) against explicit calculations."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gains.detection.positives import Positives
from gains.methods import METHODS
from gains.methods.donet.model import DoNetBranch, mismatch, soft_consistency
from gains.models.contract import Task
from helpers.models import build, scene
from helpers.rois import pyramid, two_images
from helpers.tiny import tiny_settings
from helpers.written_out import conv, head_features, head_logits, lively, roi_features

RECORD = METHODS.get("donet")
LADDER = {
    "intersection": {"coarse", "intersection"},
    "drm": {"coarse", "intersection", "complement"},
    "no-consistency": {"coarse", "intersection", "complement", "refined"},
    "default": {"coarse", "intersection", "complement", "refined", "consistency"},
}


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def branch_of(variant: str = "default") -> DoNetBranch:
    torch.manual_seed(0)
    return DoNetBranch(tiny_settings("donet", variant), Task(2, 10, 0))


def some_rois() -> tuple[list[Tensor], Positives]:
    torch.manual_seed(1)
    _, target = scene()
    features = [torch.rand(1, 32, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    return features, Positives([target.boxes + 1], [torch.arange(3)], [target])


def random_logits() -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(3, 2, 28, 28, requires_grad=True) for _ in range(3)]


def test_the_published_consistency_counts_differing_pixels() -> None:
    refined = torch.tensor([[2.0, -1.0], [0.5, -3.0]])
    intersection = torch.tensor([[1.0, -1.0], [2.0, 4.0]])
    complement = torch.tensor([[-1.0, -2.0], [1.0, -1.0]])
    # merged by XOR: 1 0 / 0 1; refined: 1 0 / 1 0
    assert mismatch(refined, intersection, complement).item() == 50


def test_the_published_consistency_is_the_cross_entropy_of_hard_masks() -> None:
    refined, intersection, complement = (x.detach().sigmoid() > 0.5 for x in random_logits())
    merged = intersection ^ complement
    wanted = F.binary_cross_entropy(merged.float(), refined.float())
    torch.testing.assert_close(mismatch(*random_logits()), wanted)
    assert 40 < wanted < 60


def test_the_published_consistency_has_no_gradient() -> None:
    assert not mismatch(*random_logits()).requires_grad


def test_the_soft_consistency_by_hand() -> None:
    refined, intersection, complement = [0.3, -1.2], [0.8, 2.0], [-0.5, 1.5]
    total = 0.0
    for z, o, m in zip(refined, intersection, complement, strict=True):
        a, b, p = sigmoid(o), sigmoid(m), sigmoid(z)
        merged = a * (1 - b) + (1 - a) * b
        total -= merged * math.log(p) + (1 - merged) * math.log(1 - p)
    found = soft_consistency(*(torch.tensor(x) for x in (refined, intersection, complement)))
    assert found.item() == pytest.approx(total / 2, rel=1e-6)


def test_the_soft_consistency_teaches_all_three_masks() -> None:
    logits = random_logits()
    soft_consistency(*logits).backward()
    assert all(x.grad is not None and x.grad.abs().min() > 0 for x in logits)


@pytest.mark.parametrize("consistency", [mismatch, soft_consistency])
def test_consistency_of_no_pixel_is_zero(consistency: object) -> None:
    assert callable(consistency)
    assert consistency(*[torch.zeros(0, 2, 28, 28)] * 3) == 0


@pytest.mark.parametrize("variant", LADDER)
def test_every_module_adds_its_losses(variant: str) -> None:
    found = branch_of(variant).losses(*some_rois(), torch.Generator())
    assert set(found) == {f"loss_{name}" for name in LADDER[variant]}


def test_the_losses_have_the_published_weights_and_targets() -> None:
    branch, (_, positives) = branch_of(), some_rois()
    logits = {
        name: torch.randn(3, 2, 28, 28)
        for name in ("coarse", "intersection", "complement", "refined")
    }
    found = branch.mask_losses(logits, positives)
    # the scene's squares lie apart, so that each is its own complement; RoIs are off by 1 px
    whole = torch.zeros(28, 28)
    whole[:26, :26] = 1  # 15 of 16 px: 26.25 of 28 cells, and the 27th is covered by less than half
    wanted = {"coarse": whole, "intersection": 0 * whole, "complement": whole, "refined": whole}
    weights = {"coarse": 0.75, "intersection": 1.0, "complement": 1.0, "refined": 1.0}
    for name, target in wanted.items():
        z = torch.stack([logits[name][k, label] for k, label in enumerate((0, 1, 0))])
        p = z.sigmoid()
        loss = -(target * p.log() + (1 - target) * (1 - p).log()).mean()
        assert found[f"loss_{name}"].item() == pytest.approx(weights[name] * loss.item(), rel=1e-4)
    merged = (logits["intersection"] > 0) != (logits["complement"] > 0)
    differing = ((logits["refined"] > 0) != merged).float().mean().item()
    assert found["loss_consistency"].item() == pytest.approx(0.125 * differing, rel=1e-5)


def test_soft_consistency_compares_the_true_class() -> None:
    branch, (_, positives) = branch_of("soft-consistency"), some_rois()
    logits = {name: torch.randn(3, 2, 28, 28) for name in LADDER["no-consistency"]}
    found = branch.mask_losses(logits, positives)["loss_consistency"]
    logits["refined"][0, 1] += 9  # the first object is of class 0
    assert branch.mask_losses(logits, positives)["loss_consistency"] == found
    logits["refined"][0, 0] += 9
    assert branch.mask_losses(logits, positives)["loss_consistency"] != found


def test_the_refined_masks_are_the_instance_heads_second_pass() -> None:
    branch, x = branch_of(), torch.rand(2, 32, 14, 14)
    inner = branch.instance.features(x)
    joined = torch.cat([x, inner], dim=1)
    parts = [
        part.head.features(F.relu(part.unit(joined)))
        for part in (branch.parts["intersection"], branch.parts["complement"])
    ]
    assert branch.fusion is not None
    v = torch.cat([x, *parts], dim=1)
    for layer in (branch.fusion[0], branch.fusion[2], branch.fusion[4]):
        v = F.relu(conv(layer, v))
    found = branch(x)
    second = branch.instance.logits(branch.instance.features(v))
    torch.testing.assert_close(found["refined"], second)
    torch.testing.assert_close(found["coarse"], branch.instance.logits(inner))
    torch.testing.assert_close(branch.output(x), second)


@pytest.mark.parametrize("name", ["intersection", "complement"])
def test_parts_teach_the_instance_head_that_they_read_from(name: str) -> None:
    """Gradients flow through the guidance into the coarse features, as in the pass written out."""
    branch, x = branch_of(), torch.rand(2, 32, 14, 14, requires_grad=True)
    lively(branch.parts[name].head.predictor)
    part = branch.parts[name]
    joined = torch.cat([x, head_features(branch.instance, x)], dim=1)
    guided = conv(part.unit, joined).clamp(min=0)
    wanted = head_logits(part.head, head_features(part.head, guided))
    found = branch(x)[name]
    torch.testing.assert_close(found, wanted)
    sources = [x, *branch.instance.convs.parameters()]
    for own, other in zip(
        torch.autograd.grad(found.square().sum(), sources),
        torch.autograd.grad(wanted.square().sum(), sources),
        strict=True,
    ):
        assert other.abs().max() > 0
        torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-4)


def test_predicted_masks_are_the_refined_ones_of_the_class_asked() -> None:
    branch, finest, boxes = branch_of(), torch.rand(2, 32, 16, 16), two_images().boxes
    lively(branch.instance.predictor)
    labels = torch.tensor([0, 1, 1, 0])
    wanted = branch(roi_features(finest, boxes))["refined"][torch.arange(4), labels]
    found = branch.predict(pyramid(finest), boxes, labels)
    torch.testing.assert_close(found, 1 / (1 + (-wanted).exp()))


def test_coarse_and_refined_pass_share_their_weights() -> None:
    branch, x = branch_of(), torch.rand(2, 32, 14, 14)
    wanted = torch.rand(2, 2, 28, 28)

    def gradients(*names: str) -> list[Tensor]:
        branch.zero_grad()
        logits = branch(x)
        torch.stack([F.mse_loss(logits[name], wanted) for name in names]).sum().backward()
        found = [parameter.grad for parameter in branch.instance.parameters()]
        assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in found)
        return [gradient.clone() for gradient in found if gradient is not None]

    both, coarse, refined = (
        gradients(*names) for names in (("coarse", "refined"), ("coarse",), ("refined",))
    )
    for total, a, b in zip(both, coarse, refined, strict=True):
        torch.testing.assert_close(total, a + b)


@pytest.mark.parametrize(("variant", "kept"), [("drm", "coarse"), ("default", "refined")])
def test_which_mask_is_the_output(variant: str, kept: str) -> None:
    branch, x = branch_of(variant), torch.rand(2, 32, 14, 14)
    torch.testing.assert_close(branch.output(x), branch(x)[kept])


def test_base_is_mask_rcnn() -> None:
    image, target = scene()
    found = [
        build(*case).losses([image], [target], torch.Generator().manual_seed(3))
        for case in (("donet", "base"), ("mask_rcnn", "default"))
    ]
    assert {k: v.item() for k, v in found[0].items()} == {k: v.item() for k, v in found[1].items()}


@pytest.mark.parametrize("variant", ["default", "mrp"])
def test_it_must_know_which_category_overlaps(variant: str) -> None:
    assert RECORD.needs_cell
    with pytest.raises(ValueError, match="cell_category"):
        RECORD.build(tiny_settings("donet", variant), Task(2, 10))
