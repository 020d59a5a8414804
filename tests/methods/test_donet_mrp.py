"""DoNet's mask-guided region proposal (MRP) against explicit calculations."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gains.methods.donet.mrp import MaskGuidedDetector, attend, cell_attention
from gains.models.contract import Target
from helpers.models import build, scene


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def attention_by_hand(logits: Tensor, boxes: Tensor, canvas: tuple[int, int]) -> list[list[float]]:
    """Return the map of a canvas pixel by pixel, mask by mask."""

    def value(mask: Tensor, y: float, x: float) -> float:
        side, total = len(mask), 0.0
        for row in range(side):
            for column in range(side):
                weight = max(0.0, 1 - abs(y - row)) * max(0.0, 1 - abs(x - column))
                total += weight * mask[row, column].item()
        return total

    found = []
    for row in range(canvas[0]):
        line = []
        for column in range(canvas[1]):
            total = 0.0
            for mask, (x0, y0, x1, y1) in zip(logits, boxes.tolist(), strict=True):
                y = (row + 0.5 - y0) / (y1 - y0) * len(mask) - 0.5
                x = (column + 0.5 - x0) / (x1 - x0) * len(mask) - 0.5
                total += max(0.0, value(mask, y, x))
            line.append(sigmoid(total))
        found.append(line)
    return found


def test_attention_of_two_overlapping_cells_on_a_small_canvas() -> None:
    boxes = torch.tensor([[1.0, 1.0, 5.0, 4.0], [3.0, 2.0, 7.0, 6.0], [0.0, 6.0, 4.0, 8.0]])
    logits = torch.tensor([1.5, 0.7, -3.0])[:, None, None].expand(3, 28, 28)
    found = cell_attention(logits, boxes, (8, 10), (8, 10))
    wanted = torch.full((8, 10), 0.5)  # also where the third says that there is none
    wanted[1:4, 1:5] = sigmoid(1.5)
    wanted[2:6, 3:7] = sigmoid(0.7)
    wanted[2:4, 3:5] = sigmoid(2.2)
    torch.testing.assert_close(found, wanted)


def test_attention_pastes_bilinearly_and_clamps_each_cell() -> None:
    torch.manual_seed(0)
    logits = 2 * torch.randn(2, 4, 4)
    boxes = torch.tensor([[1.2, 0.4, 8.7, 6.1], [4.0, 2.5, 11.3, 7.9]])
    found = cell_attention(logits, boxes, (8, 12), (8, 12))
    torch.testing.assert_close(found, torch.tensor(attention_by_hand(logits, boxes, (8, 12))))


@pytest.mark.parametrize("shape", [(40, 24), (20, 12), (5, 3), (3, 2)])
def test_attention_of_a_level_is_the_canvas_resized_by_nearest_neighbour(
    shape: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    logits, canvas = torch.randn(3, 28, 28), (160, 96)
    boxes = torch.tensor([[10.0, 20, 60, 90], [40.0, 60, 96, 160], [0.0, 0, 30, 20]])
    whole = cell_attention(logits, boxes, canvas, canvas)
    wanted = F.interpolate(whole[None, None], shape)[0, 0]
    torch.testing.assert_close(cell_attention(logits, boxes, canvas, shape), wanted)


def test_without_cells_attention_halves_the_features() -> None:
    features = [torch.rand(2, 3, side, side) for side in (16, 8, 4, 2, 1)]
    none = [torch.zeros(0, 28, 28)] * 2, [torch.zeros(0, 4)] * 2
    for found, x in zip(attend(features, *none), features, strict=True):
        torch.testing.assert_close(found, x / 2)


def test_attention_weighs_each_image_with_its_own_cells_and_passes_gradients_on() -> None:
    features = [torch.rand(2, 3, n, 2 * n, requires_grad=True) for n in (16, 8, 4, 2, 1)]
    logits = [torch.ones(1, 28, 28, requires_grad=True), torch.ones(0, 28, 28)]
    boxes = [torch.tensor([[0.0, 0.0, 62.0, 64.0]]), torch.zeros(0, 4)]
    found = attend(features, logits, boxes)
    for after, x in zip(found, features, strict=True):
        middle = x.shape[3] // 2
        torch.testing.assert_close(after[1], x[1] / 2)
        torch.testing.assert_close(after[0, ..., middle:], x[0, ..., middle:] / 2)
        # the pixel that is kept may lie in the outer half cell, where the mask fades
        inside = after[0, ..., 1:middle] / x[0, ..., 1:middle]
        assert ((inside > 0.5) & (inside <= sigmoid(1.0) + 1e-6)).all()
    torch.stack([x.sum() for x in found]).sum().backward()
    assert all(x.grad is not None and (x.grad > 0).all() for x in features)
    assert logits[0].grad is not None
    assert logits[0].grad.sum() > 0


def mrp(classes: int = 2) -> MaskGuidedDetector:
    model = build("donet", "mrp", classes)
    assert isinstance(model, MaskGuidedDetector)
    return model


def test_each_stage_learns_the_other_stages_objects_as_background() -> None:
    model = mrp(3)
    labels = torch.tensor([0, 2, 1, 0])
    target = Target(torch.zeros(4, 4), labels, torch.zeros(4, 8, 8, dtype=torch.uint8))
    assert model.cells.relabel(target).labels.tolist() == [0, 3, 3, 0]
    assert model.others.relabel(target).labels.tolist() == [3, 2, 1, 3]
    assert target.labels.tolist() == [0, 2, 1, 0]


def test_a_box_on_a_nucleus_is_background_though_it_overlaps_a_cell() -> None:
    model, generator = mrp(), torch.Generator().manual_seed(0)
    cell, nucleus = [8.0, 8.0, 48.0, 48.0], [10.0, 10.0, 46.0, 46.0]
    boxes = torch.tensor([cell, nucleus])
    masks = torch.ones(2, 64, 64, dtype=torch.uint8)
    target = Target(boxes, torch.tensor([0, 1]), masks)
    features = [torch.rand(1, 32, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    proposals = [torch.tensor([[10.0, 10.0, 45.0, 46.0]])]  # IoU 0.79 with the cell
    for stage, own in ((model.cells, [cell]), (model.others, [nucleus, proposals[0][0].tolist()])):
        relabelled = stage.relabel(target)
        _, positives = stage.boxes.losses(features, proposals, [relabelled], generator)
        assert sorted(positives.boxes[0].tolist()) == sorted(own)


def test_cells_come_from_the_first_stage_and_all_else_from_the_second() -> None:
    image, _ = scene()
    for favoured, kept in (((0, 1), {0, 1}), ((1, 0), set()), ((0, 0), {0}), ((1, 2), {2})):
        model = mrp(3).eval()
        model.kept = 1000
        for stage, label in zip((model.cells, model.others), favoured, strict=True):
            torch.nn.init.constant_(stage.boxes.head.classes.bias, -9.0)
            stage.boxes.head.classes.bias.data[label] = 9.0
        found = model.detect([image])[0]
        assert set(found.labels.tolist()) == kept


def test_detections_of_a_batch_are_those_of_its_images() -> None:
    model, (image, _) = mrp().eval(), scene()
    other = image.flip(2) // 2 + 30
    for together, alone in zip(model.detect([image, other]), (image, other), strict=True):
        single = model.detect([alone])[0]
        assert len(single.boxes) == 10
        torch.testing.assert_close(together.boxes, single.boxes, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(together.masks, single.masks, rtol=1e-4, atol=1e-4)


def test_the_second_stage_reaches_the_cells_masks_through_the_attention() -> None:
    model, (image, target) = mrp(), scene()
    losses = model.losses([image], [target], torch.Generator().manual_seed(0))
    guided = [loss for name, loss in losses.items() if name.endswith("_guided")]
    assert len(guided) == len(losses) / 2
    torch.stack(guided).sum().backward()
    gradient = model.cells.branch.instance.predictor.weight.grad
    assert gradient is not None
    assert gradient[0].abs().sum() > 0  # the channel of the cells
    assert gradient[1].abs().sum() == 0
