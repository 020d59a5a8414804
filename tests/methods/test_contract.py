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
from gains.models.contract import Detections, Detector, Target, Task
from helpers.models import build, scene
from helpers.tiny import maps_of, tiny_settings

CASES = [(m.name, v) for m in METHODS for v in ("default", *m.variants)]
# no mask reaches the logit 0.5 at first, and the IoU of an empty mask is not learnt
STEPS_BEFORE = {("mask_scoring_rcnn", "default"): 15}
NEEDS_TWO_CLASSES = [("donet", "mrp"), ("donet", "mrp-published-threshold")]
ADAMW = {"fastinst"}
"""Methods whose recipe is not SGD."""


def total(losses: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(losses.values())).sum()


def descend(model: Detector, steps: int, adamw: bool = False) -> list[float]:
    """Train on one image; return the losses."""
    image, target = scene()
    optimiser: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    if adamw:
        optimiser = torch.optim.AdamW(model.parameters(), lr=0.001)
    values = []
    for _ in range(steps):
        loss = total(model.losses([image], [target], torch.Generator().manual_seed(0)))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        values.append(loss.item())
    model.zero_grad()
    return values


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_every_trained_parameter_gets_a_gradient(method: str, variant: str) -> None:
    model = build(method, variant)
    descend(model, STEPS_BEFORE.get((method, variant), 0))
    image, target = scene()
    for seed in range(4):  # 32 of 1,023 anchors at a time: among them some of the coarsest levels
        generator = torch.Generator().manual_seed(seed)
        loss = total(model.losses([image, image], [target, target], generator))
        assert torch.isfinite(loss)
        loss.backward()
    without = [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert without == []


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_the_loss_falls_on_one_image(method: str, variant: str) -> None:
    values = descend(build(method, variant), 25, method in ADAMW)
    # squares fill their first RoIs, so logits grow, and the first other RoI costs a few steps much
    assert np.median(values[-10:]) < 0.7 * values[0]


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize(("method", "variant"), CASES)
def test_numbers_of_classes(method: str, variant: str, classes: int) -> None:
    if classes == 1 and (method, variant) in NEEDS_TWO_CLASSES:
        with pytest.raises(ValueError, match="at least 2 categories, found 1; set"):
            build(method, variant, classes)
        return
    model = build(method, variant, classes)
    image, target = scene(classes)
    assert torch.isfinite(total(model.losses([image], [target], torch.Generator())))
    for found in model.eval().detect([image]):
        assert found.labels.numel() == 0 or int(found.labels.max()) < classes


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_an_image_without_objects(method: str, variant: str) -> None:
    model = build(method, variant)
    image, target = scene()
    nothing = Target(
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.int64),
        torch.zeros(0, 64, 64, dtype=torch.uint8),
        maps_of(torch.zeros(0, 64, 64)),
    )
    for targets in ([nothing], [nothing, target]):
        loss = total(model.losses([image] * len(targets), targets, torch.Generator()))
        assert torch.isfinite(loss)
        loss.backward()


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_detections_are_valid(method: str, variant: str) -> None:
    model = build(method, variant).eval()
    image, _ = scene()
    wide = torch.zeros(3, 48, 90, dtype=torch.uint8)
    for found, (height, width) in zip(
        model.detect([image, wide]), [(64, 64), (48, 90)], strict=True
    ):
        assert_valid(found, height, width, tiny_settings(method, variant).score_threshold)


def assert_valid(found: Detections, height: int, width: int, threshold: float) -> None:
    n = len(found.scores)
    assert n <= 10
    assert found.boxes.shape == (n, 4)
    assert found.labels.shape == (n,)
    side = found.masks.shape[-1]
    assert found.masks.shape == ((n, height, width) if found.full else (n, side, side))
    assert (found.scores[:-1] >= found.scores[1:]).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    selected_by = found.scores if found.box_scores is None else found.box_scores
    assert selected_by.shape == (n,)
    assert ((selected_by > threshold) & (selected_by <= 1)).all()
    assert ((found.masks >= 0) & (found.masks <= 1)).all()
    limit = torch.tensor([width, height, width, height])
    assert (found.boxes >= 0).all()
    assert (found.boxes <= limit).all()


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_saved_weights_detect_the_same(method: str, variant: str, tmp_path: Path) -> None:
    model = build(method, variant).eval()
    torch.save(model.state_dict(), tmp_path / "w.pt")
    torch.manual_seed(99)
    other = METHODS.get(method).build(tiny_settings(method, variant), Task(2, 10, 0)).eval()
    other.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))
    image, _ = scene()
    for a, b in zip(model.detect([image]), other.detect([image]), strict=True):
        assert torch.equal(a.boxes, b.boxes)
        assert torch.equal(a.masks, b.masks)


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
