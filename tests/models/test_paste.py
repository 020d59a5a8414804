"""Masks pasted into the image."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gains.models.paste import Windows, enlarge, paste


def whole(windows: Iterable[Windows], size: tuple[int, int]) -> Tensor:
    """Return pasted masks as one bool (D, H, W), in the order of the detections."""
    parts = list(windows)
    out = torch.zeros((sum(len(p.index) for p in parts), *size), dtype=torch.bool)
    for part in parts:
        for index, mask, (x, y) in zip(part.index, part.masks, part.corners.tolist(), strict=True):
            seen = mask.T[: size[0] - y, : size[1] - x]
            out[index, y : y + seen.shape[0], x : x + seen.shape[1]] = seen
            assert mask.sum() == seen.sum()
    return out


def test_paste_equals_grid_sample() -> None:
    torch.manual_seed(1)
    masks = torch.rand(5, 28, 28)
    boxes = torch.tensor(
        [
            [3.2, 4.7, 40.1, 30.9],
            [-5, -6, 20, 25],
            [30, 10, 70, 60],
            [10, 10, 11, 12],
            [0, 0, 50, 40],
        ]
    )
    size = (40, 50)
    y = torch.arange(40) + 0.5
    x = torch.arange(50) + 0.5
    for mask, box in zip(masks, boxes, strict=True):
        grid_y = (y - box[1]) / (box[3] - box[1]) * 2 - 1
        grid_x = (x - box[0]) / (box[2] - box[0]) * 2 - 1
        grid = torch.stack(torch.meshgrid(grid_y, grid_x, indexing="ij")[::-1], dim=-1)
        wanted = F.grid_sample(mask[None, None], grid[None], align_corners=False)[0, 0]
        (found,) = whole(paste(mask[None], box[None], size, threshold=0.5), size)
        # at the threshold itself rounding may decide either way
        sure = (wanted - 0.5).abs() > 1e-5
        assert torch.equal(found[sure], (wanted >= 0.5)[sure])


def test_paste_in_parts_is_paste_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(2)
    masks, boxes = torch.rand(5, 28, 28), torch.rand(5, 4) * 10 + torch.tensor([0.0, 0, 20, 20])
    at_once = whole(paste(masks, boxes, (40, 50)), (40, 50))
    monkeypatch.setattr("gains.models.paste.TOGETHER", 2)
    monkeypatch.setattr("gains.models.paste.PIXELS", 1)
    parts = list(paste(masks, boxes, (40, 50)))
    assert len(parts) == 5
    assert torch.equal(whole(parts, (40, 50)), at_once)


def test_paste_of_nothing() -> None:
    assert list(paste(torch.zeros(0, 28, 28), torch.zeros(0, 4), (5, 6))) == []
    assert list(enlarge(torch.zeros(0, 28, 28), (5, 6))) == []


def test_paste_of_boxes_without_area_or_outside_is_empty() -> None:
    boxes = torch.tensor([[3.0, 3, 3, 9], [60, 10, 70, 20], [-9, -9, -2, -2]])
    assert not whole(paste(torch.ones(3, 28, 28), boxes, (40, 50)), (40, 50)).any()


@pytest.mark.parametrize("together", [1, 10**6])
def test_enlarge_is_interpolation(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr("gains.models.paste.PIXELS", together)
    masks = torch.rand(3, 10, 12, generator=torch.Generator().manual_seed(3))
    wanted = F.interpolate(masks[None], (31, 47), mode="bilinear")[0]
    found = whole(enlarge(masks, (31, 47)), (31, 47))
    sure = (wanted - 0.5).abs() > 1e-5
    assert torch.equal(found[sure], (wanted > 0.5)[sure])


def test_a_box_of_the_size_of_its_mask_gets_its_cells() -> None:
    """Every pixel is one cell: a value of 1/2 belongs to the mask, a lower one does not."""
    masks = torch.full((2, 4, 4), 0.499)
    masks[0, 1] = 0.5  # the second row
    masks[1, :, 3] = 1.0  # the last column
    boxes = torch.tensor([[3.0, 5, 7, 9], [10, 0, 14, 4]])
    found = whole(paste(masks, boxes, (12, 20)), (12, 20))
    wanted = torch.zeros(2, 12, 20, dtype=torch.bool)
    wanted[0, 6, 3:7] = True
    wanted[1, 0:4, 13] = True
    assert torch.equal(found, wanted)


def test_a_mask_of_the_whole_image_needs_more_than_the_threshold() -> None:
    masks = torch.tensor([[[0.5, 0.51]], [[0.7, 0.2]]])
    found = whole(enlarge(masks, (1, 2)), (1, 2))
    assert found.tolist() == [[[False, True]], [[True, False]]]
    assert whole(enlarge(masks, (1, 2), threshold=0.6), (1, 2)).sum() == 1


def test_nothing_is_pasted_beyond_the_image_next_to_a_larger_mask() -> None:
    """Masks that are pasted together share the size of the largest window."""
    boxes = torch.tensor([[16.0, 8, 24, 16], [0, 0, 20, 12]])
    windows = list(paste(torch.ones(2, 4, 4), boxes, (12, 20)))
    assert len(windows) == 1
    found = whole(windows, (12, 20))
    assert found[0, 8:, 16:].all()
    assert found[0].sum() == 4 * 4
    assert found[1].sum() > 220  # the corners are rounded
