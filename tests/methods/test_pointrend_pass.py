"""PointRend's pass through its heads written out, and the boxes and points that it learns from."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import box_iou

from gains.detection.positives import Positives
from gains.methods import METHODS
from gains.methods.pointrend.model import PointBranch, coarse_targets, point_targets
from gains.models.contract import Task
from helpers.models import scene
from helpers.rois import LABELS, pyramid, two_images
from helpers.tiny import tiny_settings
from helpers.written_out import conv, cross_entropy, linear, lively

ROWS = torch.arange(4)
IMAGES = torch.tensor([0, 0, 0, 1])
SPAN = 64
"""Height and width of what the finest level of :func:`pyramid` covers, px."""


def branch_of(**changes: Any) -> PointBranch:
    torch.manual_seed(0)
    branch = PointBranch(tiny_settings("pointrend").model_copy(update=changes), 2)
    lively(branch.coarse.predictor, branch.points.predictor)
    return branch


def at_points(planes: Tensor, points: Tensor) -> Tensor:
    """Sample planes (R, C, h, w) at points (R, P, 2) in [0, 1] of their extent: (R, P, C)."""
    grid = (2 * points - 1)[:, :, None]
    return F.grid_sample(planes, grid, align_corners=False)[..., 0].transpose(1, 2)


def in_boxes(boxes: Tensor, points: Tensor) -> Tensor:
    """Return points in [0, 1] of boxes (R, 4) in [0, 1] of the finest level."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return (low + points * (high - low)) / SPAN


def coarse_pass(branch: PointBranch, finest: Tensor, boxes: Tensor) -> Tensor:
    """Return coarse logits (R, K, 7, 7): 14 x 14 samples of p2, a convolution, three layers."""
    centres = [[(x + 0.5) / 14, (y + 0.5) / 14] for y in range(14) for x in range(14)]
    points = torch.tensor(centres).expand(len(boxes), -1, -1)
    sampled = at_points(finest[IMAGES], in_boxes(boxes, points))
    x = sampled.transpose(1, 2).reshape(len(boxes), -1, 14, 14)
    head = branch.coarse
    x = conv(head.conv, x, stride=2).clamp(min=0).flatten(1)
    x = linear(head.fc2, linear(head.fc1, x).clamp(min=0)).clamp(min=0)
    return linear(head.predictor, x).reshape(len(boxes), 2, 7, 7)


def point_pass(
    branch: PointBranch, finest: Tensor, boxes: Tensor, coarse: Tensor, points: Tensor
) -> Tensor:
    """Return the logits (R, P, K): p2 at the points, and the coarse logits before every layer."""
    x = at_points(finest[IMAGES], in_boxes(boxes, points))
    there = at_points(coarse, points)
    for layer in branch.points.layers:
        x = linear(layer, torch.cat([x, there], dim=2)).clamp(min=0)
    return linear(branch.points.predictor, torch.cat([x, there], dim=2))


def losses_and_points(branch: PointBranch, finest: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Return the losses of :func:`two_images` and the points that they were computed at."""
    drawn: list[Tensor] = []

    def remember(positives: Positives, points: Tensor) -> Tensor:
        drawn.append(points)
        return point_targets(positives, points)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gains.methods.pointrend.model.point_targets", remember)
        losses = branch.losses(pyramid(finest), two_images(), torch.Generator().manual_seed(1))
    (points,) = drawn
    return losses, points


def test_losses_and_gradients_of_the_pass_written_out() -> None:
    branch, finest = branch_of(mask_weight=2.0), torch.rand(2, 32, 16, 16, requires_grad=True)
    found, points = losses_and_points(branch, finest)
    positives = two_images()
    boxes = torch.cat(positives.boxes)
    coarse = coarse_pass(branch, finest, boxes)
    logits = point_pass(branch, finest, boxes, coarse, points)
    wanted = {
        "loss_mask": 2 * cross_entropy(coarse[ROWS, LABELS], coarse_targets(positives)).mean(),
        "loss_point": 2
        * cross_entropy(logits[ROWS, :, LABELS], point_targets(positives, points)).mean(),
    }
    for name, loss in wanted.items():
        assert found[name].item() == pytest.approx(loss.item(), rel=1e-5)
        sources = [finest, *branch.parameters()]
        pairs = [
            torch.autograd.grad(value, sources, retain_graph=True, allow_unused=True)
            for value in (found[name], loss)
        ]
        for own, other in zip(*pairs, strict=True):
            assert (own is None) == (other is None)
            if own is not None and other is not None:
                torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-6)


def test_points_lie_where_the_mask_of_the_true_class_is_uncertain() -> None:
    """Class 0 is uncertain in the three left columns of seven, class 1 in the three right ones."""
    branch = branch_of()
    logits = torch.full((2, 7, 7), 9.0)
    logits[0, :, :3] = logits[1, :, 4:] = 0.01
    torch.nn.init.zeros_(branch.coarse.predictor.weight)
    branch.coarse.predictor.bias.data = logits.flatten()
    _, points = losses_and_points(branch, torch.rand(2, 32, 16, 16))
    # of 588 candidates about 210 lie left of the third column's centre, and 147 are kept
    for own, label in zip(points, LABELS.tolist(), strict=True):
        x = own[:147, 0] if label == 0 else 1 - own[:147, 0]
        assert (x < 2.6 / 7).all()
        assert (own[147:, 0] > 0.5).float().mean() == pytest.approx(0.5, abs=0.25)


def test_predicted_masks_are_those_of_the_pass_written_out() -> None:
    """Without subdivision, the mask is the point head at the centres of 28 x 28 cells."""
    branch = branch_of(subdivision_steps=2, subdivision_points=784)
    finest, boxes = torch.rand(2, 32, 16, 16), two_images().boxes
    labels = torch.tensor([0, 1, 0, 1])
    found = branch.predict(pyramid(finest), boxes, labels)
    rois = torch.cat(boxes)
    centres = [[(x + 0.5) / 28, (y + 0.5) / 28] for y in range(28) for x in range(28)]
    points = torch.tensor(centres).expand(4, -1, -1)
    coarse = coarse_pass(branch, finest, rois)
    logits = point_pass(branch, finest, rois, coarse, points)[ROWS, :, labels]
    wanted = 1 / (1 + (-logits).exp())
    torch.testing.assert_close(found, wanted.reshape(4, 28, 28), rtol=1e-4, atol=1e-5)


def test_subdivision_doubts_the_predicted_class() -> None:
    """The class that is asked for is uncertain on one side, the other class on the other side."""
    branch = branch_of(subdivision_steps=1, subdivision_points=49)
    logits = torch.full((2, 7, 7), 9.0)
    logits[0, :, :2] = logits[1, :, 5:] = 0.01
    # the point head returns the coarse logits at 7 x 7 points; evaluated again, minus 50
    calls: list[Tensor] = []

    def evaluate(_finest: Tensor, _rois: Tensor, _coarse: Tensor, points: Tensor) -> Tensor:
        calls.append(points)
        return (
            logits.flatten(1).expand(4, -1, -1)
            if len(calls) == 1
            else torch.full((4, 2, 49), -50.0)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(branch, "_at", evaluate)
        labels = torch.tensor([0, 1, 0, 1])
        found = branch.predict(pyramid(torch.rand(2, 32, 16, 16)), two_images().boxes, labels)
    for mask, label in zip(found, labels.tolist(), strict=True):
        columns = torch.nonzero(mask < 0.5)[:, 1]
        assert len(columns) == 49
        assert (columns < 5).all() if label == 0 else (columns >= 9).all()


def test_masks_learn_from_boxes_that_the_head_predicts() -> None:
    """A head that shrinks every box to a quarter of its sides leaves RoIs that overlap little."""
    torch.manual_seed(0)
    model = METHODS.get("pointrend").build(tiny_settings("pointrend"), Task(2, 10, 0))
    deltas = model.get_submodule("boxes.head.deltas")
    torch.nn.init.zeros_(deltas.get_parameter("weight"))
    quarter = 5 * math.log(0.25)
    deltas.get_parameter("bias").data = torch.tensor([0.0, 0, quarter, quarter] * 2)
    image, target = scene()
    seen: list[Positives] = []

    def remember(_features: Any, positives: Positives, _generator: Any) -> dict[str, Tensor]:
        seen.append(positives)
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.branch, "losses", remember)
        model.losses([image], [target], torch.Generator().manual_seed(0))
    (positives,) = seen
    (boxes,), (matched,) = positives.boxes, positives.matched
    assert len(boxes) >= 3
    # the objects' own boxes of 16 px are among the RoIs
    centre = (target.boxes[:, :2] + target.boxes[:, 2:]) / 2
    for wanted in torch.cat([centre - 2, centre + 2], dim=1):
        assert (boxes - wanted).abs().amax(dim=1).min() < 1e-3
    # an overlap of at least a half means at most 32 px, of which a quarter of each side is left
    assert box_iou(boxes, target.boxes[matched]).diagonal().max() < 0.126
