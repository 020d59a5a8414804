"""Samples at points, and points drawn where a mask is uncertain, against explicit loops."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gains.methods.pointrend.roi_points import grid_points, sample_features, sample_masks, to_image
from gains.models.points import sample_points, uncertain_points
from helpers.bilinear import bilinear

MAP = torch.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])


@pytest.mark.parametrize(
    ("x", "y", "value"),
    [
        (0.5 / 3, 0.25, 1.0),
        (1.5 / 3, 0.25, 2.0),
        (2.5 / 3, 0.75, 32.0),
        (1 / 3, 0.25, 1.5),  # between two columns
        (0.5 / 3, 0.5, 4.5),  # between two rows
        (2 / 3, 0.5, 13.5),  # between four cells
        (0.75 / 3, 0.25, 1.25),
        (0.0, 0.25, 0.5),  # on the edge half of a cell lies outside
        (1.0, 1.0, 8.0),  # on a corner three quarters do
        (1.2, 0.5, 0.0),
    ],
)
def test_samples_by_hand(x: float, y: float, value: float) -> None:
    found = sample_points(MAP[None, None], torch.tensor([[[x, y]]]))
    assert found.shape == (1, 1, 1)
    assert found.item() == pytest.approx(value, abs=1e-5)
    # the other sampler takes px; here cells of 4 px, in the second of two images
    stack = torch.stack([torch.full_like(MAP, 99), MAP])[:, None]
    pixels = torch.tensor([[[x * 12, y * 8]]])
    other = sample_features(stack, 4, torch.tensor([1]), pixels)
    assert other.item() == pytest.approx(value, abs=1e-5)


def test_samples_equal_a_loop_over_cells() -> None:
    torch.manual_seed(0)
    maps, points = torch.rand(2, 3, 4, 5), torch.rand(2, 6, 2) * 1.4 - 0.2
    found = sample_points(maps, points)
    for n in range(2):
        for p in range(6):
            x, y = points[n, p].tolist()
            wanted = [bilinear(plane, x * 5, y * 4) for plane in maps[n]]
            torch.testing.assert_close(found[n, :, p], torch.tensor(wanted))


def test_features_equal_a_loop_over_cells() -> None:
    torch.manual_seed(1)
    maps, image = torch.rand(2, 3, 4, 5), torch.tensor([1, 0, 1])
    points = torch.rand(3, 6, 2) * torch.tensor([48.0, 40.0]) - 4
    found = sample_features(maps, 8, image, points)
    for r in range(3):
        for p in range(6):
            x, y = (points[r, p] / 8).tolist()
            wanted = [bilinear(plane, x, y) for plane in maps[image[r]]]
            torch.testing.assert_close(found[r, p], torch.tensor(wanted))


def test_gradients_of_features_equal_those_of_grid_sample() -> None:
    torch.manual_seed(2)
    maps = [torch.rand(1, 8, 9, 7).requires_grad_() for _ in range(2)]
    maps[1].data.copy_(maps[0].data)
    points, weight = torch.rand(1, 50, 2) * 1.2 - 0.1, torch.rand(1, 50, 8)
    scaled = points * torch.tensor([7 * 4, 9 * 4])
    ours = sample_features(maps[0], 4, torch.tensor([0]), scaled)
    theirs = F.grid_sample(maps[1], (2 * points - 1)[:, :, None], align_corners=False)
    (ours * weight).sum().backward()
    (theirs[..., 0].transpose(1, 2) * weight).sum().backward()
    torch.testing.assert_close(maps[0].grad, maps[1].grad)


def test_masks_equal_a_loop_over_pixels() -> None:
    torch.manual_seed(3)
    masks = (torch.rand(3, 6, 9) > 0.5).to(torch.uint8)
    index, points = torch.tensor([2, 0]), torch.rand(2, 8, 2) * torch.tensor([11.0, 8.0]) - 1
    found = sample_masks(masks, index, points)
    for r in range(2):
        wanted = [bilinear(masks[index[r]], x, y) for x, y in points[r].tolist()]
        torch.testing.assert_close(found[r], torch.tensor(wanted))


@pytest.mark.parametrize("rois", [0, 2])
def test_samples_of_no_roi_or_no_point(rois: int) -> None:
    maps = torch.rand(1, 3, 4, 4).requires_grad_()
    points, image = torch.zeros(rois, 5 * (rois == 0), 2), torch.zeros(rois, dtype=torch.int64)
    found = sample_features(maps, 4, image, points)
    assert found.shape == (*points.shape[:2], 3)
    found.sum().backward()
    assert maps.grad is not None
    assert sample_masks(torch.zeros(1, 4, 4).byte(), image, points).shape == points.shape[:2]


def test_grid_and_boxes_by_hand() -> None:
    grid = grid_points(2, torch.device("cpu"))
    assert grid.tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    found = to_image(grid[None, 1:3], torch.tensor([[10.0, 20.0, 14.0, 40.0]]))
    assert found.tolist() == [[[13.0, 25.0], [11.0, 35.0]]]


def ramps() -> Tensor:
    """Return two maps of 7 x 7 logits; one is 0 along a column, the other along a row."""
    ramp = torch.linspace(-3, 3, 7)
    return torch.stack([(ramp - 1).expand(7, 7), (ramp + 2)[:, None].expand(7, 7)])[:, None]


def test_the_share_kept_is_the_most_uncertain_of_the_candidates() -> None:
    logits, count = ramps(), 20
    found = uncertain_points(logits, count, torch.Generator().manual_seed(4))
    assert found.shape == (2, count, 2)
    # the candidates are the generator's first draw, what fills up its second
    replay = torch.Generator().manual_seed(4)
    candidates = torch.rand((2, 3 * count, 2), generator=replay)
    rest = torch.rand((2, 5, 2), generator=replay)
    for plane, drawn, uniform, kept in zip(logits[:, 0], candidates, rest, found, strict=True):
        doubt = [abs(bilinear(plane, 7 * x, 7 * y)) for x, y in drawn.tolist()]
        wanted = sorted(range(3 * count), key=doubt.__getitem__)[:15]
        chosen = {tuple(point) for point in kept[:15].tolist()}
        assert chosen == {tuple(drawn[k].tolist()) for k in wanted}
        assert torch.equal(kept[15:], uniform)


@pytest.mark.parametrize(("share", "uniform"), [(0.75, 49), (0.0, 196), (1.0, 0)])
def test_what_fills_up_is_uniform(share: float, uniform: int) -> None:
    found = uncertain_points(
        ramps()[:1].expand(300, -1, -1, -1), 196, torch.Generator().manual_seed(5), share=share
    )
    kept, rest = found[:, : 196 - uniform, 0], found[:, 196 - uniform :]
    assert rest.shape[1] == uniform
    assert ((found >= 0) & (found < 1)).all()
    if uniform:
        # four standard errors of a mean and of a share
        error = 4 / math.sqrt(rest[..., 0].numel())
        assert (rest.mean(dim=(0, 1)) - 0.5).abs().max() < error * math.sqrt(1 / 12)
        assert abs((rest < 0.25).all(dim=2).float().mean().item() - 1 / 16) < error * 0.25
    if kept.shape[1]:
        # the logit is 0 at x = 4.5 / 7, and towards the outer edges
        near = ((kept - 4.5 / 7).abs() < 1.3 / 7).float().mean()
        assert near > 0.6


def test_points_repeat_with_the_seed_alone() -> None:
    a, b, c = (uncertain_points(ramps(), 30, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_drawing_leaves_no_graph_and_admits_no_map() -> None:
    logits = ramps().clone().requires_grad_()
    assert not uncertain_points(logits, 30, torch.Generator()).requires_grad
    assert uncertain_points(logits[:0], 30, torch.Generator()).shape == (0, 30, 2)


def test_the_number_of_uncertain_points_is_rounded_down() -> None:
    points = uncertain_points(
        torch.zeros(1, 1, 4, 4), 10, torch.Generator().manual_seed(0), oversampling=3, share=0.75
    )
    generator = torch.Generator().manual_seed(0)
    torch.rand((1, 30, 2), generator=generator)
    # 0.75 * 10 = 7.5, so 7 points are uncertain and 3 are random
    torch.testing.assert_close(points[:, 7:], torch.rand((1, 3, 2), generator=generator))
