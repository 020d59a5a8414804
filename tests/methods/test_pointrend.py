"""PointRend's heads, labels, boxes and subdivision, against cases by hand and loops."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gains.detection.positives import Positives
from gains.detection.sampling import RoiSample
from gains.methods.pointrend import PointRendSettings
from gains.methods.pointrend.model import (
    CoarseHead,
    PointBranch,
    PointHead,
    RefinedBoxBranch,
    coarse_targets,
    point_targets,
    subdivide,
)
from gains.models.contract import Task
from helpers.bilinear import bilinear
from helpers.rois import pyramid, two_images
from helpers.tiny import tiny_settings


def settings(**changes: object) -> PointRendSettings:
    chosen = tiny_settings("pointrend")
    assert isinstance(chosen, PointRendSettings)
    return chosen.model_copy(update=changes)


def circle_distance(points: Tensor) -> Tensor:
    """Return the signed distance to a circle, (R, P) at points (R, P, 2)."""
    return 0.31 - (points - torch.tensor([0.47, 0.55])).norm(dim=-1)


class Counted:
    """A function of points that records the number and the positions of the points."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function
        self.asked: list[Tensor] = []

    def __call__(self, points: Tensor) -> Tensor:
        self.asked.append(points)
        return self.function(points)


def cell_centres(side: int) -> Tensor:
    return torch.tensor(
        [[(x + 0.5) / side, (y + 0.5) / side] for y in range(side) for x in range(side)]
    )


def test_subdivision_renders_a_disc_as_sharp_as_evaluation_everywhere() -> None:
    evaluate = Counted(circle_distance)
    found = subdivide(evaluate, 7, 5, 784, torch.zeros(2, 5))
    assert found.shape == (2, 224, 224)
    assert [points.shape for points in evaluate.asked] == [(2, 784, 2)] * 4
    wanted = circle_distance(cell_centres(224)[None]).reshape(224, 224)
    edge = wanted.abs() < 0.5 / 224
    assert edge.sum() > 300
    for rendered in found:
        torch.testing.assert_close(rendered[edge], wanted[edge])
        assert torch.equal(rendered >= 0, wanted >= 0)
    # bilinear interpolation of the first map alone draws the edge elsewhere
    (plain,) = torch.nn.functional.interpolate(
        circle_distance(cell_centres(28)[None]).reshape(1, 1, 28, 28),
        scale_factor=8,
        mode="bilinear",
    )
    assert not torch.equal(plain[0] >= 0, wanted >= 0)


def test_each_step_evaluates_the_most_uncertain_cells() -> None:
    def marked(points: Tensor) -> Tensor:
        return (
            circle_distance(points)
            if points.shape[1] == 49
            else torch.full(points.shape[:2], 100.0)
        )

    found = subdivide(marked, 7, 1, 40, torch.zeros(1, 5))[0].flatten()
    coarse = circle_distance(cell_centres(7)[None]).reshape(7, 7)
    padded = torch.nn.functional.pad(coarse[None, None], (1, 1, 1, 1), mode="replicate")[0, 0]
    doubt = [abs(bilinear(padded, 7 * x + 1, 7 * y + 1)) for x, y in cell_centres(14).tolist()]
    wanted = sorted(range(14 * 14), key=doubt.__getitem__)[:40]
    assert torch.nonzero(found == 100).flatten().tolist() == sorted(wanted)


@pytest.mark.parametrize(
    ("steps", "count", "evaluated", "side"),
    [
        (5, 784, [784] * 4, 224),
        (5, 783, [196, 783, 783, 783, 783], 224),
        (1, 784, [196], 14),
        (0, 784, [49], 7),
        (2, 10, [49, 10, 10], 28),
    ],
)
def test_sizes_of_the_subdivision(steps: int, count: int, evaluated: list[int], side: int) -> None:
    evaluate = Counted(circle_distance)
    assert subdivide(evaluate, 7, steps, count, torch.zeros(3, 5)).shape == (3, side, side)
    assert [points.shape[1] for points in evaluate.asked] == evaluated


def test_subdivision_of_no_roi() -> None:
    assert subdivide(circle_distance, 7, 5, 784, torch.zeros(0, 5)).shape == (0, 224, 224)


@pytest.mark.parametrize("classes", [1, 3])
def test_shapes_of_the_coarse_head(classes: int) -> None:
    head = CoarseHead(8, 16, 32, classes)
    assert head(torch.rand(4, 8, 14, 14)).shape == (4, classes, 7, 7)
    assert head(torch.rand(0, 8, 14, 14)).shape == (0, classes, 7, 7)


def test_initial_scales_are_detectron2s() -> None:
    torch.manual_seed(0)
    coarse, points = CoarseHead(64, 64, 64, 2), PointHead(64, 128, 2)
    assert coarse.predictor.weight.std().item() == pytest.approx(0.001, rel=0.1)
    assert points.predictor.weight.std().item() == pytest.approx(0.001, rel=0.2)
    # MSRA, fan out: sqrt(2 / (64 * 2 * 2)) and sqrt(2 / 128); Xavier: uniform in sqrt(3 / fan in)
    assert coarse.conv.weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.05)
    for layer in points.layers:
        assert layer.weight.std().item() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert coarse.fc1.weight.abs().max().item() == pytest.approx((3 / (64 * 49)) ** 0.5, rel=0.01)


def test_every_layer_of_the_point_head_sees_the_coarse_logits() -> None:
    torch.manual_seed(1)
    head = PointHead(3, 4, 2)
    fine, coarse = torch.rand(2, 5, 3), torch.randn(2, 5, 2)
    found = head(fine, coarse)
    layers = [*head.layers, head.predictor]
    for r in range(2):
        for p in range(5):
            x = fine[r, p]
            for layer in layers:
                width = len(x)
                assert layer.weight.shape[1] == width + 2
                x = layer.weight[:, :width] @ x + layer.weight[:, width:] @ coarse[r, p]
                x = x + layer.bias if layer is layers[-1] else (x + layer.bias).clamp(min=0)
            torch.testing.assert_close(found[r, p], x)


def test_labels_of_points_are_samples_of_the_true_masks() -> None:
    positives = two_images()
    points = torch.rand(4, 12, 2, generator=torch.Generator().manual_seed(0))
    found = point_targets(positives, points)
    row = 0
    for boxes, matched, target in zip(
        positives.boxes, positives.matched, positives.targets, strict=True
    ):
        for (x0, y0, x1, y1), index in zip(boxes.tolist(), matched.tolist(), strict=True):
            for (x, y), value in zip(points[row].tolist(), found[row].tolist(), strict=True):
                at = (x0 + x * (x1 - x0), y0 + y * (y1 - y0))
                assert value == pytest.approx(bilinear(target.masks[index], *at), abs=1e-4)
            row += 1
    # some points lie between pixels of both kinds: the labels are soft
    assert ((found > 0.05) & (found < 0.95)).any()


def test_coarse_targets_by_hand() -> None:
    found = coarse_targets(two_images())
    assert found.dtype == torch.bool
    # the last box has cells of 2 px; its object begins 7 px to the right and ends 9 px down, so
    # that half a cell is covered along both edges, and a quarter of the one at the corner
    wanted = torch.zeros(7, 7, dtype=torch.bool)
    wanted[:5, 3:] = True
    wanted[4, 3] = False
    assert torch.equal(found[3], wanted)


def test_losses_by_hand() -> None:
    branch = PointBranch(settings(mask_weight=0.5), 2)
    for predictor in (branch.coarse.predictor, branch.points.predictor):
        torch.nn.init.zeros_(predictor.weight)
    # the loss reads the true class alone: of both, one of the classes has 2, the other 0
    branch.coarse.predictor.bias.data[:49] = 2
    branch.points.predictor.bias.data[1] = 2
    positives, finest = two_images(), torch.rand(2, 32, 16, 16)
    losses = branch.losses(pyramid(finest), positives, torch.Generator().manual_seed(7))

    def entropy(logit: float, target: float) -> float:
        return math.log1p(math.exp(-logit)) + (1 - target) * logit

    targets, classes = coarse_targets(positives), [1, 0, 0, 1]
    by_hand = [
        entropy(2 if c == 0 else 0, t)
        for c, target in zip(classes, targets, strict=True)
        for t in target.flatten().tolist()
    ]
    assert losses["loss_mask"].item() == pytest.approx(0.5 * sum(by_hand) / len(by_hand), rel=1e-5)
    # the coarse logit is 2 or 0 all over, so that the points are the generator's
    points = torch.empty(0)

    def remember(positives: Positives, drawn: Tensor) -> Tensor:
        nonlocal points
        points = drawn
        return point_targets(positives, drawn)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gains.methods.pointrend.model.point_targets", remember)
        again = branch.losses(pyramid(finest), positives, torch.Generator().manual_seed(7))
    assert again["loss_point"].item() == losses["loss_point"].item()
    assert points.shape == (4, 196, 2)
    by_hand = [
        entropy(2 if c == 1 else 0, t)
        for c, target in zip(classes, point_targets(positives, points), strict=True)
        for t in target.tolist()
    ]
    found = losses["loss_point"].item()
    assert found == pytest.approx(0.5 * sum(by_hand) / len(by_hand), rel=1e-4)


def test_masks_show_what_the_finest_level_shows() -> None:
    """A head that passes a channel on renders it inside each box, for the class asked."""
    torch.manual_seed(2)
    branch = PointBranch(settings(subdivision_steps=5, subdivision_points=784), 2)
    for layer in (*branch.points.layers, branch.points.predictor):
        torch.nn.init.zeros_(layer.weight)
    for layer in branch.points.layers:  # one channel keeps the positive part, one the negative
        layer.weight.data[0, 0] = layer.weight.data[1, 1] = 1
    branch.points.predictor.weight.data[:, :2] = torch.tensor([[1.0, -1], [-1, 1]])
    y, x = torch.meshgrid(torch.arange(16) * 4 + 2.0, torch.arange(16) * 4 + 2.0, indexing="ij")
    logit = torch.stack([12.0 - ((x - 30) ** 2 + (y - 34) ** 2).sqrt(), 0.3 * (x - y) + 1])
    finest = torch.zeros(2, 32, 16, 16)
    finest[:, 0], finest[:, 1] = logit.clamp(min=0), (-logit).clamp(min=0)
    boxes = [torch.tensor([[14.0, 18, 47, 49]]), torch.tensor([[8.0, 10, 56, 40]])]
    found = branch.predict(pyramid(finest), boxes, torch.tensor([0, 1]))
    assert found.shape == (2, 224, 224)
    for k, (sign, box) in enumerate(zip((1, -1), (boxes[0][0], boxes[1][0]), strict=True)):
        px = box[:2] + cell_centres(224) * (box[2:] - box[:2])
        wanted = sign * sample_px(finest[k, 0] - finest[k, 1], px).reshape(224, 224)
        edge = wanted.abs() < 0.02
        assert edge.sum() > 100
        torch.testing.assert_close(found[k][edge], wanted.sigmoid()[edge], atol=1e-4, rtol=0)
        assert ((found[k] >= 0.5) != (wanted >= 0)).float().mean() < 0.001


def sample_px(plane: Tensor, points: Tensor) -> Tensor:
    """Sample a plane with cells of 4 px at points (N, 2): weights of rows times of columns."""
    centres = torch.arange(16) * 4 + 2
    columns, rows = ((1 - (points[:, k, None] - centres).abs() / 4).clamp(min=0) for k in (0, 1))
    return (rows @ plane * columns).sum(dim=1)


def refined(deltas: Tensor) -> Positives:
    """Return the mask RoIs of two images: in the first one foreground RoI and one background."""
    positives = two_images()
    rois = RoiSample(
        [torch.tensor([[10.0, 10, 30, 20], [0, 0, 9, 9]]), torch.tensor([[8.0, 8, 28, 28]])],
        [torch.tensor([1, 2]), torch.tensor([1])],
        [torch.tensor([1, 0]), torch.tensor([0])],
        positives.targets,
        [torch.tensor([0]), torch.tensor([0])],
    )
    return RefinedBoxBranch(settings(), Task(2, 10)).mask_rois(rois, deltas)


def test_mask_rois_are_the_boxes_predicted_for_the_true_class() -> None:
    deltas = torch.full((3, 2, 4), 50.0)
    # weights 10, 10, 5, 5: half a width to the right, a tenth of a height up, twice as wide
    deltas[0, 1] = torch.tensor([5.0, -1.0, 5 * math.log(2), 0.0])
    # half a width right and down, out of an image of 32 px
    deltas[2, 1] = torch.tensor([5.0, 5.0, 0.0, 0.0])
    deltas.requires_grad_()
    found = refined(deltas)
    torch.testing.assert_close(found.boxes[0], torch.tensor([[10.0, 9, 50, 19]]))
    torch.testing.assert_close(found.boxes[1], torch.tensor([[18.0, 18, 32, 32]]))
    assert not any(boxes.requires_grad for boxes in found.boxes)
    assert [matched.tolist() for matched in found.matched] == [[1], [0]]


def test_a_box_refined_out_of_the_image_does_no_harm() -> None:
    deltas = torch.zeros(3, 2, 4)
    deltas[0, 1, 0] = 100.0
    found = refined(deltas)
    assert found.boxes[0][0, 0] == found.boxes[0][0, 2] == 50
    branch = PointBranch(settings(), 2)
    finest = torch.rand(2, 32, 16, 16).requires_grad_()
    losses = branch.losses(pyramid(finest), found, torch.Generator())
    (losses["loss_mask"] + losses["loss_point"]).backward()
    assert finest.grad is not None
    assert all(torch.isfinite(x).all() for x in (*losses.values(), finest.grad))


def test_half_precision_gives_losses_in_full() -> None:
    branch, finest = PointBranch(settings(), 2), torch.rand(2, 32, 16, 16)
    wanted = branch.losses(pyramid(finest), two_images(), torch.Generator().manual_seed(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = branch.losses(
            [f.bfloat16() for f in pyramid(finest)], two_images(), torch.Generator().manual_seed(1)
        )
        masks = branch.predict(pyramid(finest), [torch.rand(0, 4)] * 2, torch.zeros(0).long())
    assert masks.shape[0] == 0
    for name, value in found.items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(wanted[name].item(), rel=0.02)
