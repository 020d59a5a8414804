"""Where training asks the device for a number: each time, a GPU is waited for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.ops import batched_nms

from gains.detection import boxes as box_ops
from gains.detection.box_head import box_losses
from gains.detection.cascade import STAGES, refine
from gains.detection.matching import FOREGROUND, IGNORED, fill, match
from gains.detection.pooling import crop_maps, pool
from gains.detection.proposals import ProposalNetwork
from gains.detection.sampling import draw, label
from gains.detection.settings import TwoStageSettings
from gains.methods.htc.model import without_truth
from gains.models.block_maps import BlockMaps
from gains.models.contract import Target

SIDE, CHANNELS = 64, 8
SETTINGS = TwoStageSettings(
    anchor_sizes=(8, 16, 32, 48, 64),
    rpn_anchors_per_image=10**6,
    rpn_pre_nms_train=20,
    rpn_post_nms_train=15,
    rois_per_image=12,
    backbone={"weights": "none", "norm": "gn", "freeze_at": 0, "fpn_channels": CHANNELS},
)
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
    """Counts what makes the host wait for numbers of the device."""

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
    """Count also lists made of tensors, and tensors made of numbers: those are copied to a GPU."""
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


def scene(images: int) -> tuple[ProposalNetwork, list[Tensor], list[Target]]:
    """Return a proposal network, features of images, and 0 to 3 objects in each."""
    torch.manual_seed(0)
    network = ProposalNetwork(SETTINGS)
    features = [torch.rand(images, CHANNELS, SIDE // s, SIDE // s) for s in (4, 8, 16, 32, 64)]
    targets = []
    for number in range(images):
        corner = torch.rand((number + 1) % 4, 2) * 30
        boxes = torch.cat([corner, corner + 10 + torch.rand(len(corner), 2) * 20], dim=1)
        labels = torch.arange(len(boxes)) % 2
        targets.append(Target(boxes, labels, torch.zeros(len(boxes), SIDE, SIDE).byte()))
    return network, features, targets


def one_step(images: int) -> None:
    """Propose, draw, and take the losses of boxes; then refine and label all of them anew."""
    network, features, targets = scene(images)
    generator, sizes = torch.Generator().manual_seed(1), [(SIDE, SIDE)] * images
    proposals, losses = network(features, sizes, targets, generator)
    rois = draw(proposals, targets, SETTINGS, 2, generator)
    count = sum(len(boxes) for boxes in rois.boxes)
    deltas = torch.zeros(count, 1, 4)
    losses["loss_cls"], losses["loss_box"] = box_losses(torch.zeros(count, 3), deltas, rois)
    moved = refine(rois.boxes, deltas, STAGES[0], sizes)
    again = label(without_truth(moved, rois.boxes, targets), targets, 2, 0.6)
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


def test_losses_of_proposals_equal_a_loop_over_images() -> None:
    """All anchors are drawn: half of them may be foreground, so none is left out."""
    network, features, targets = scene(4)
    _, losses = network(features, [(SIDE, SIDE)] * 4, targets, torch.Generator())
    logits, deltas, anchors = network._predict(features)
    every = torch.cat(anchors)
    cls, box = torch.zeros(()), torch.zeros(())
    for number, target in enumerate(targets):
        (index,), (role,) = match(fill([target.boxes]), every, 0.3, 0.7, keep_best=True)
        seen, found = role != IGNORED, role == FOREGROUND
        own = torch.cat([x[number] for x in logits])
        cls = cls + F.binary_cross_entropy_with_logits(
            own[seen], found[seen].float(), reduction="sum"
        )
        if found.any():
            wanted = box_ops.encode(target.boxes[index[found]], every[found], (1, 1, 1, 1))
            moved = torch.cat([x[number] for x in deltas])[found]
            box = box + (moved - wanted).abs().sum()
    scale = 1 / (SETTINGS.rpn_anchors_per_image * 4)
    torch.testing.assert_close(losses["loss_rpn_cls"], cls * scale)
    torch.testing.assert_close(losses["loss_rpn_box"], box * scale)
    assert losses["loss_rpn_box"] > 0
    total = losses["loss_rpn_cls"] + losses["loss_rpn_box"]
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_boxes_without_area_are_no_proposals() -> None:
    network, features, targets = scene(2)
    torch.nn.init.constant_(network.deltas.bias, -1e4)  # all boxes shrink and leave the image
    proposals, _ = network(features, [(SIDE, SIDE)] * 2, targets, torch.Generator())
    assert [tuple(p.shape) for p in proposals] == [(0, 4), (0, 4)]
    rois = draw(proposals, targets, SETTINGS, 2, torch.Generator())
    # the objects themselves are left: one in the first image, two in the second
    assert [len(boxes) for boxes in rois.boxes] == [1, 2]
    assert rois.labels[1].tolist() == [0, 1] or rois.labels[1].tolist() == [1, 0]


def test_pooling_waits_once(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU RoIAlign finds its weights by asking, on a GPU it is one kernel."""
    monkeypatch.setattr(
        "gains.detection.pooling.roi_align",
        lambda x, rois, size, _: x.new_zeros(len(rois), 8, 7, 7),
    )
    _, features, targets = scene(6)
    waits.count = 0
    with waits:
        pool(features, [target.boxes for target in targets], 7)
    assert waits.count == 1


def test_maps_are_cropped_without_waiting(waits: Waits) -> None:
    maps = BlockMaps.of(
        [(torch.ones(9, 9), 3, 4), (torch.zeros(0, 0), 0, 0)], [1.0, 1.0], (SIDE, SIDE)
    )
    boxes, index = torch.tensor([[2.0, 2, 20, 20], [0, 0, 9, 9]]), torch.tensor([0, 1])
    waits.count = 0
    with waits:
        assert crop_maps(maps.flip([2]), boxes, index).shape == (2, 28, 28)
    assert waits.count == 0


def test_rows_are_selected_image_by_image() -> None:
    parts = [torch.arange(3.0)[:, None], torch.zeros(0, 1), torch.tensor([[7.0], [8.0]])]
    keep = [torch.tensor([True, False, True]), torch.zeros(0).bool(), torch.tensor([False, True])]
    kept = box_ops.select_rows(parts, keep)
    assert [part.flatten().tolist() for part in kept] == [[0, 2], [], [8]]


def test_constants_made_while_predicting_serve_training() -> None:
    box_ops.constant.cache_clear()
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    with torch.inference_mode():
        box_ops.decode(torch.zeros(1, 4), boxes, (1, 2, 3, 4))
    deltas = torch.ones(1, 4, requires_grad=True)
    box_ops.decode(deltas, boxes, (1, 2, 3, 4)).sum().backward()
    assert deltas.grad is not None
