"""VRSP-Net's scores, weights and losses worked out by hand, and its parts."""

from __future__ import annotations

import math

import pytest
import torch

from gains.detection.box_head import BoxDetections
from gains.methods.vrsp_net import VrspSettings
from gains.methods.vrsp_net.losses import (
    matching_loss,
    reclass_loss,
    roi_weights,
    weighted_loss,
)
from gains.methods.vrsp_net.model import CHUNK, Inference, VrspBranch, VrspNet
from gains.methods.vrsp_net.rescoring import prior_factor, rescored
from gains.models.contract import Task
from helpers.models import build, scene
from helpers.tiny import tiny_settings


def test_the_score_is_the_geometric_mean_of_box_class_and_shape() -> None:
    factor = prior_factor(torch.tensor([0.1, 1.0, 0.0]))
    torch.testing.assert_close(factor, torch.tensor([0.925999, 0.0, 1.0]), atol=1e-6, rtol=0)
    scores = rescored(torch.tensor([0.9]), torch.tensor([0.5]), torch.tensor([0.1]))
    assert scores.item() == pytest.approx(0.873604, abs=1e-6)
    assert rescored(torch.ones(1), torch.ones(1), torch.ones(1)).item() == 0


def test_the_weight_of_a_roi_counts_the_masks_of_all_classes() -> None:
    truth = torch.zeros(1, 28, 28, dtype=torch.bool)
    truth[:, :14] = True
    exact = torch.where(truth, 1.0, -1.0)[:, None]
    both = torch.cat([exact, torch.ones(1, 1, 28, 28)], dim=1)
    assert roi_weights(both, truth).item() == pytest.approx(2 / 3)
    assert roi_weights(exact, truth).item() == 1
    assert roi_weights(-torch.ones(1, 2, 28, 28), truth).item() == 0


def test_the_weighted_loss_is_the_mean_over_rois() -> None:
    logits, truth = torch.zeros(2, 2, 28, 28), torch.ones(2, 28, 28, dtype=torch.bool)
    loss = weighted_loss(logits, torch.tensor([0, 1]), truth, torch.tensor([0.5, 0.0]))
    assert loss.item() == pytest.approx(0.25 * math.log(2))


def test_matching_compares_features_by_their_cosine_and_trains_the_first_pass_only() -> None:
    found = torch.tensor([[1.0, 2.0, 0.0]], requires_grad=True)
    wanted = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
    loss = sum(matching_loss([found] * 2, [wanted] * 2) for _head in range(2))
    assert isinstance(loss, torch.Tensor)
    assert loss.item() == pytest.approx(0.024)
    loss.backward()
    assert found.grad is not None
    assert wanted.grad is None


def test_predicted_parts_count_by_their_iou_and_true_parts_a_tenth() -> None:
    even = torch.zeros(1, 2)
    loss = reclass_loss(even, even, torch.tensor([0]), torch.tensor([0.6]))
    assert loss.item() == pytest.approx((0.6 + 0.1) / 2 * math.log(2))


def test_numbers_of_weights_at_the_published_size() -> None:
    with torch.device("meta"):
        branch = VrspBranch(VrspSettings(), Task(2, 100, 0))
    parts = {"visible": 2_623_234, "fuse": 626_944, "reclass": 52_432_898}
    assert parts == {
        name: sum(p.numel() for p in branch.get_submodule(name).parameters()) for name in parts
    }
    assert sum(p.numel() for p in branch.prior.net.parameters()) == 3073
    assert not any(p.requires_grad for p in branch.prior.parameters())
    assert branch.prior.codes.shape == (2, 1024, 128)


def test_it_must_know_which_category_overlaps() -> None:
    with pytest.raises(ValueError, match="cell_category"):
        VrspNet(tiny_settings("vrsp_net"), Task(2, 10))


@pytest.mark.parametrize("classes", [1, 3])
def test_losses_have_one_graph_and_the_prior_none(classes: int) -> None:
    model = build("vrsp_net", classes=classes)
    image, target = scene(classes)
    model.prepare([target], torch.Generator().manual_seed(0))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses = model.losses([image], [target], torch.Generator().manual_seed(0))
    torch.stack(list(losses.values())).sum().backward()
    assert isinstance(model, VrspNet)
    assert all(p.grad is None for p in model.branch.prior.net.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert (losses["loss_reclass"] > 0) == (classes > 1)


def stub(model: VrspNet, values: dict[int, tuple[float, float]]) -> list[int]:
    """Replace what the branch finds: class probability and distance by label; return call sizes."""
    sizes: list[int] = []

    def infer(x: torch.Tensor, labels: torch.Tensor) -> Inference:
        sizes.append(len(labels))
        found = torch.tensor([values[int(label)] for label in labels]).reshape(-1, 2)
        return Inference(torch.zeros(len(x), 28, 28), found[:, 0], found[:, 1])

    model.branch.infer = infer  # type: ignore[method-assign]
    return sizes


def test_overlapping_candidates_are_chosen_by_the_new_score(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = build("vrsp_net")
    assert isinstance(model, VrspNet)
    features = [torch.zeros(1, 32, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    boxes = torch.tensor([[0.0, 0, 20, 20], [0, 0, 20, 19], [30, 30, 50, 50]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    distances = iter([0.9, 0.1, 0.1])
    monkeypatch.setattr(
        model.branch,
        "infer",
        lambda x, labels: Inference(
            torch.zeros(len(x), 28, 28),
            torch.ones(len(x)),
            torch.tensor([next(distances) for _ in labels]),
        ),
    )
    labels = torch.zeros(3, dtype=torch.int64)
    (found,) = model.with_masks(features, [BoxDetections(boxes, scores, labels)])
    # the first box has the best box score, but its mask resembles no shape
    assert found.boxes.tolist() == [boxes[1].tolist(), boxes[2].tolist()]
    assert found.box_scores is not None
    assert found.box_scores.tolist() == pytest.approx([0.8, 0.7])
    assert found.scores.tolist() == pytest.approx(
        [(s * 0.925999) ** (1 / 3) for s in (0.8, 0.7)], abs=1e-5
    )


def test_masks_of_many_candidates_are_made_in_chunks() -> None:
    model = build("vrsp_net")
    assert isinstance(model, VrspNet)
    sizes = stub(model, {0: (1.0, 0.0)})
    n = 2 * CHUNK + 3
    features = [torch.zeros(1, 32, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    boxes = torch.tensor([[0.0, 0, 20, 20]]).repeat(n, 1)
    found = BoxDetections(boxes, torch.rand(n), torch.zeros(n, dtype=torch.int64))
    model.with_masks(
        features, [found, BoxDetections(boxes[:0], found.scores[:0], found.labels[:0])]
    )
    assert sizes == [CHUNK, CHUNK, 3, 0]
