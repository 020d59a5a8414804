"""The places where training reads a number from the device, and so waits for a GPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.ops import batched_nms

from gains.detection.box_head import box_losses
from gains.detection.cascade import STAGES, refine
from gains.detection.pooling import crop_maps, pool
from gains.detection.sampling import draw_rois, label_rois
from gains.methods.htc.model import without_truth
from gains.models.block_maps import BlockMaps
from helpers.proposals import SETTINGS, SIDE, proposal_scene

aten = torch.ops.aten
ASKING = {
    aten.nonzero.default,
    aten._local_scalar_dense.default,
    aten.masked_select.default,
    aten.equal.default,
    aten._unique2.default,
    aten.repeat_interleave.Tensor,
}
PICKING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}


class Waits(TorchDispatchMode):
    """A counter of the calls that make the host wait for numbers of the device."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        by_flags = func in PICKING and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        self.count += by_flags or func in ASKING
        return func(*args, **(kwargs or {}))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Count also lists made from tensors, and tensors made from numbers, which are copied to a GPU."""
    mode = Waits()

    def counted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            mode.count += 1
            return function(*args, **kwargs)

        return call

    for owner, name in ((Tensor, "tolist"), (Tensor, "new_tensor"), (torch, "tensor")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))

    def uncounted(*found: Any) -> Tensor:
        before, kept = mode.count, batched_nms(*found)
        mode.count = before
        return kept

    monkeypatch.setattr("gains.detection.proposals.batched_nms", uncounted)
    return mode


def one_step(images: int) -> None:
    """Propose and draw boxes and compute their losses; then refine and label all of them again."""
    network, features, targets = proposal_scene(images)
    generator, sizes = torch.Generator().manual_seed(1), [(SIDE, SIDE)] * images
    proposals, losses = network(features, sizes, targets, generator)
    rois = draw_rois(proposals, targets, SETTINGS, 2, generator)
    count = sum(len(boxes) for boxes in rois.boxes)
    deltas = torch.zeros(count, 1, 4)
    losses["loss_cls"], losses["loss_box"] = box_losses(torch.zeros(count, 3), deltas, rois)
    moved = refine(rois.boxes, deltas, STAGES[0], sizes)
    again = label_rois(without_truth(moved, rois.boxes, targets), targets, 2, 0.6)
    assert len(again.positives.boxes) == images


def test_more_images_do_not_wait_more_often(waits: Waits) -> None:
    counts = []
    for images in (1, 2, 6):
        one_step(images)  # constants of this size are made once
        waits.count = 0
        with waits:
            one_step(images)
        counts.append(waits.count)
    # torchvision's NMS waits too, in each image
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] == 6


def test_pooling_waits_once(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU RoIAlign reads sizes to compute its weights; on a GPU it is one kernel."""
    monkeypatch.setattr(
        "gains.detection.pooling.roi_align",
        lambda x, rois, size, _: x.new_zeros(len(rois), 8, 7, 7),
    )
    _, features, targets = proposal_scene(6)
    waits.count = 0
    with waits:
        pool(features, [target.boxes for target in targets], 7)
    assert waits.count == 1


def test_maps_are_cropped_without_waiting(waits: Waits) -> None:
    maps = BlockMaps.from_parts(
        [(torch.ones(9, 9), 3, 4), (torch.zeros(0, 0), 0, 0)], [1.0, 1.0], (SIDE, SIDE)
    )
    boxes, index = torch.tensor([[2.0, 2, 20, 20], [0, 0, 9, 9]]), torch.tensor([0, 1])
    waits.count = 0
    with waits:
        assert crop_maps(maps.flip([2]), boxes, index).shape == (2, 28, 28)
    assert waits.count == 0
