"""Features pooled from the pyramid, and crops of masks."""

from __future__ import annotations

import pytest
import torch
from torchvision.ops import roi_align

from gains.detection.pooling import crop, levels, pool


@pytest.mark.parametrize(
    ("side", "level"), [(20, 0), (111, 0), (113, 1), (223, 1), (225, 2), (449, 3), (2000, 3)]
)
def test_larger_boxes_are_pooled_from_coarser_levels(side: float, level: int) -> None:
    assert levels(torch.tensor([[0.0, 0, side, side]])).tolist() == [level]


def test_pooling_keeps_the_order_of_the_boxes() -> None:
    torch.manual_seed(0)
    features = [torch.rand(2, 3, 512 // s, 512 // s) for s in (4, 8, 16, 32)]
    boxes = [
        torch.tensor([[10.0, 10, 300, 290], [4, 4, 30, 40]]),
        torch.tensor([[0.0, 0, 150, 150]]),
    ]
    found = pool(features, boxes, 7)
    for row, (image, box, level) in enumerate(
        [(0, boxes[0][0], 2), (0, boxes[0][1], 0), (1, boxes[1][0], 1)]
    ):
        wanted = roi_align(
            features[level][image : image + 1], [box[None]], 7, 1 / 2 ** (level + 2), 0, True
        )
        torch.testing.assert_close(found[row], wanted[0])


def test_crop_is_the_mean_inside_each_cell() -> None:
    plane = torch.zeros(1, 56, 56)
    plane[:, :, 28:] = 1
    found = crop(plane, torch.tensor([[0.0, 0, 56, 56]]), torch.tensor([0]))
    assert found.shape == (1, 28, 28)
    # cells of 2 x 2 px: bilinear sampling at their middle mixes the columns beside the edge only
    torch.testing.assert_close(found[0, :, :13], torch.zeros(28, 13))
    torch.testing.assert_close(found[0, :, 15:], torch.ones(28, 13))


def test_half_precision_keeps_the_boxes() -> None:
    torch.manual_seed(0)
    features = [torch.rand(1, 4, 800 // s, 800 // s) for s in (4, 8, 16, 32)]
    boxes = [torch.tensor([[601.3, 487.7, 750.9, 622.2], [651.7, 700.3, 699.1, 745.5]])]
    half = [f.bfloat16() for f in features]
    wanted = pool([f.float() for f in half], boxes, 7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(pool(half, boxes, 7), wanted)
