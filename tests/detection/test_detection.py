"""The shared parts of the detectors, against hand-worked cases and independent calculations."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import roi_align

from gains.detection import boxes as box_ops
from gains.detection.mask_head import ConvHead, mask_loss
from gains.detection.matching import BACKGROUND, FOREGROUND, IGNORED, fill, match, sample
from gains.detection.pooling import crop, levels, pool
from gains.detection.proposals import ProposalNetwork
from gains.detection.settings import TwoStageSettings
from gains.models.backbone import Backbone, group_norm
from gains.models.contract import Target
from gains.models.paste import Windows, enlarge, paste
from gains.models.settings import BackboneSettings


def test_decoding_undoes_encoding() -> None:
    references = torch.tensor([[0.0, 0, 10, 20], [5, 5, 50, 30]])
    boxes = torch.tensor([[1.0, 2, 15, 18], [0, 10, 40, 40]])
    weights = (10.0, 10.0, 5.0, 5.0)
    deltas = box_ops.encode(boxes, references, weights)
    torch.testing.assert_close(box_ops.decode(deltas, references, weights), boxes)


def test_delta_by_hand() -> None:
    # centre moves by 2 of 10 px, width doubles
    delta = box_ops.encode(
        torch.tensor([[-3.0, 0, 17, 10]]), torch.tensor([[0.0, 0, 10, 10]]), (1, 1, 1, 1)
    )
    torch.testing.assert_close(delta, torch.tensor([[0.2, 0, torch.log(torch.tensor(2.0)), 0]]))


def test_decoding_bounds_the_growth() -> None:
    huge = box_ops.decode(
        torch.tensor([[0.0, 0, 50, 50]]), torch.tensor([[0.0, 0, 16, 16]]), (1, 1, 1, 1)
    )
    torch.testing.assert_close(huge[0, 2] - huge[0, 0], torch.tensor(1000.0))


def test_anchors_by_hand() -> None:
    found = box_ops.anchors((2, 3), 4, 8, (0.5, 1.0, 2.0), torch.zeros(1))
    assert found.shape == (18, 4)
    torch.testing.assert_close(found[1], torch.tensor([-4.0, -4, 4, 4]))
    # the cell of row 1, column 2 has its centre at (8, 4); ratio is height over width
    tall = found[(1 * 3 + 2) * 3 + 2]
    torch.testing.assert_close((tall[:2] + tall[2:]) / 2, torch.tensor([8.0, 4.0]))
    torch.testing.assert_close((tall[3] - tall[1]) / (tall[2] - tall[0]), torch.tensor(2.0))
    torch.testing.assert_close((tall[3] - tall[1]) * (tall[2] - tall[0]), torch.tensor(64.0))


def matched(
    truth: Tensor, boxes: Tensor, low: float, high: float, keep_best: bool
) -> tuple[Tensor, Tensor]:
    index, role = match(fill([truth]), boxes, low, high, keep_best)
    return index[0], role[0]


def test_matching_roles() -> None:
    truth = torch.tensor([[0.0, 0, 10, 10], [100, 100, 110, 110]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [30, 30, 40, 40], [100, 100, 104, 104]])
    index, role = matched(truth, boxes, 0.3, 0.7, keep_best=False)
    assert role.tolist() == [FOREGROUND, IGNORED, BACKGROUND, BACKGROUND]
    index, role = matched(truth, boxes, 0.3, 0.7, keep_best=True)
    assert role.tolist() == [FOREGROUND, IGNORED, BACKGROUND, FOREGROUND]
    assert index[3] == 1


def test_an_object_that_nothing_touches_claims_nothing() -> None:
    truth = torch.tensor([[500.0, 500, 510, 510]])
    _, role = matched(truth, torch.tensor([[0.0, 0, 5, 5]]), 0.3, 0.7, keep_best=True)
    assert role.tolist() == [BACKGROUND]


def test_matching_without_objects_is_background() -> None:
    _, role = matched(torch.zeros(0, 4), torch.rand(5, 4), 0.5, 0.5, keep_best=True)
    assert (role == BACKGROUND).all()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("keep_best", [False, True])
def test_a_batch_is_matched_as_its_images_alone(
    monkeypatch: pytest.MonkeyPatch, shared: bool, keep_best: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(4, 40, 2, generator=generator) * 60
    sides = torch.rand(4, 40, 2, generator=generator) * 40 + 1
    boxes = torch.cat([corners, corners + sides], dim=2)
    truth = [boxes[0, :5] + 2, boxes[1, :0], boxes[2, :1], boxes[3, :9] + 1]
    candidates = boxes[0] if shared else boxes
    together = match(fill(truth), candidates, 0.3, 0.7, keep_best)
    monkeypatch.setattr("gains.detection.matching.PAIRS", 1)
    apart = match(fill(truth), candidates, 0.3, 0.7, keep_best)
    for number, objects in enumerate(truth):
        own = candidates if shared else candidates[number]
        index, role = matched(objects, own, 0.3, 0.7, keep_best)
        for found in (together, apart):
            assert torch.equal(found[1][number], role)
            if len(objects):
                assert torch.equal(found[0][number], index)


def test_sampling_sizes_and_repeatability() -> None:
    many = [FOREGROUND] * 30 + [BACKGROUND] * 100 + [IGNORED] * 10
    few = [IGNORED] * 135 + [FOREGROUND] * 2 + [BACKGROUND] * 3
    role = torch.tensor([many, few, [IGNORED] * 140], dtype=torch.int8)
    drawn = [sample(role, 40, 0.25, torch.Generator().manual_seed(1)).lists() for _ in range(2)]
    assert [(len(a), len(b)) for a, b in drawn[0]] == [(10, 30), (2, 3), (0, 0)]
    for row, (positive, negative), again in zip(role, drawn[0], drawn[1], strict=True):
        assert (row[positive] == FOREGROUND).all()
        assert (row[negative] == BACKGROUND).all()
        assert len(set(positive.tolist() + negative.tolist())) == len(positive) + len(negative)
        assert torch.equal(positive, again[0])
        assert torch.equal(negative, again[1])


def test_every_box_has_the_same_chance() -> None:
    role = torch.tensor([[FOREGROUND] * 8 + [BACKGROUND] * 4] * 2000, dtype=torch.int8)
    drawn = sample(role, 4, 0.5, torch.Generator().manual_seed(3))
    counts = torch.bincount(drawn.positive[drawn.is_positive], minlength=12)
    # 2 of 8 in 2,000 images: 500 each, with a standard deviation of 19
    assert ((counts[:8] - 500).abs() < 100).all()
    counts = torch.bincount(drawn.negative[drawn.is_negative], minlength=12)
    assert ((counts[8:] - 1000).abs() < 110).all()


@pytest.mark.parametrize(
    ("side", "level"), [(20, 0), (111, 0), (113, 1), (223, 1), (225, 2), (449, 3), (2000, 3)]
)
def test_levels(side: float, level: int) -> None:
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


def test_mask_loss_by_hand() -> None:
    logits = torch.zeros(1, 2, 28, 28)
    logits[:, 0] = 100  # the other class does not count
    target = torch.zeros(1, 28, 28)
    label = torch.tensor([1])
    torch.testing.assert_close(mask_loss(logits, label, target, None), torch.tensor(2.0).log())
    weight = torch.full((1, 28, 28), 1.5)
    torch.testing.assert_close(
        mask_loss(logits, label, target, weight), 1.5 * torch.tensor(2.0).log()
    )


def test_losses_of_no_roi_are_zero_with_a_graph() -> None:
    head = ConvHead(4, 4, 2)
    logits = head.logits(head.features(torch.zeros(0, 4, 14, 14)))
    loss = mask_loss(logits, torch.zeros(0, dtype=torch.int64), torch.zeros(0, 28, 28), None)
    loss.backward()
    assert loss.item() == 0


def test_initial_scales_are_detectron2s() -> None:
    torch.manual_seed(0)
    head = ConvHead(64, 64, 3)
    assert head.predictor.weight.std().item() == pytest.approx(0.001, rel=0.2)
    # MSRA, fan out: std = sqrt(2 / (64 * 9))
    assert head.convs[0].weight.std().item() == pytest.approx((2 / 576) ** 0.5, rel=0.1)
    assert head.predictor.bias.abs().sum().item() == 0


def test_rpn_losses_are_divided_by_the_wanted_number_of_anchors() -> None:
    settings = TwoStageSettings(
        backbone=BackboneSettings(weights="none", norm="gn", freeze_at=0, fpn_channels=8),
        rpn_anchors_per_image=10**6,
    )
    rpn = ProposalNetwork(settings)
    for parameter in rpn.parameters():
        torch.nn.init.zeros_(parameter)
    features = [torch.zeros(1, 8, 64 // s, 64 // s) for s in (4, 8, 16, 32, 64)]
    target = Target(
        torch.tensor([[0.0, 0, 32, 32]]), torch.tensor([0]), torch.ones(1, 64, 64).byte()
    )
    _, losses = rpn(features, [(64, 64)], [target], torch.Generator())
    every = torch.cat(
        [
            box_ops.anchors((64 // s, 64 // s), s, a, (0.5, 1, 2), torch.zeros(1))
            for s, a in zip((4, 8, 16, 32, 64), settings.anchor_sizes, strict=True)
        ]
    )
    index, role = matched(target.boxes, every, 0.3, 0.7, keep_best=True)
    drawn = (role != IGNORED).sum()
    # logits of zero cost ln 2 each; what is drawn is divided by what was wanted
    torch.testing.assert_close(
        losses["loss_rpn_cls"].detach(), drawn * torch.tensor(2.0).log() / 10**6
    )
    positive = role == FOREGROUND
    wanted = box_ops.encode(target.boxes[index[positive]], every[positive], (1, 1, 1, 1))
    torch.testing.assert_close(losses["loss_rpn_box"].detach(), wanted.abs().sum() / 10**6)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("norm", ["frozen_bn", "bn", "gn"])
def test_pyramid_shapes(name: str, norm: str) -> None:
    settings = BackboneSettings.model_validate(
        {"name": name, "norm": norm, "weights": "x.pt", "width": 8, "fpn_channels": 16}
    )
    features = Backbone(settings)([torch.zeros(3, 50, 70), torch.zeros(3, 64, 33)])
    assert [tuple(f.shape) for f in features] == [
        (2, 16, 16, 24),
        (2, 16, 8, 12),
        (2, 16, 4, 6),
        (2, 16, 2, 3),
        (2, 16, 1, 2),
    ]


def test_padding_is_zero_after_normalisation() -> None:
    backbone = Backbone(BackboneSettings(weights="x.pt", width=8, fpn_channels=16))
    batch = backbone.batch([torch.full((3, 40, 40), 255, dtype=torch.uint8)])
    assert batch.shape == (1, 3, 64, 64)
    assert (batch[:, :, 40:] == 0).all()
    torch.testing.assert_close(batch[0, 0, 0, 0], torch.tensor((255 - 123.675) / 58.395))


def test_bgr_turns_the_channels_and_keeps_the_scale() -> None:
    settings = BackboneSettings(weights="x.pt", width=8, fpn_channels=16, channel_order="bgr")
    image = torch.zeros(3, 32, 32)
    image[0] = 200  # red comes last
    batch = Backbone(settings).batch([image])
    torch.testing.assert_close(batch[0, :, 0, 0], torch.tensor([-103.53, -116.28, 200 - 123.675]))


def test_stride_of_a_bottleneck_may_sit_in_its_first_convolution() -> None:
    for flag in (False, True):
        body = Backbone(
            BackboneSettings(name="resnet50", weights="x.pt", width=8, stride_in_1x1=flag)
        ).body
        block = body.get_submodule("layer2.0")
        assert (block.conv1.stride == (2, 2)) is flag
        assert (block.conv2.stride == (2, 2)) is not flag


def test_freezing() -> None:
    body = Backbone(BackboneSettings(name="resnet18", weights="x.pt", norm="bn", freeze_at=2)).body
    trained = {n.split(".")[0] for n, p in body.named_parameters() if p.requires_grad}
    assert trained == {"layer2", "layer3", "layer4"}
    body.train()
    assert not body.bn1.training
    assert not body.get_submodule("layer1.0.bn1").training
    assert body.get_submodule("layer2.0.bn1").training


def test_half_precision_keeps_the_boxes() -> None:
    torch.manual_seed(0)
    features = [torch.rand(1, 4, 800 // s, 800 // s) for s in (4, 8, 16, 32)]
    boxes = [torch.tensor([[601.3, 487.7, 750.9, 622.2], [651.7, 700.3, 699.1, 745.5]])]
    half = [f.bfloat16() for f in features]
    wanted = pool([f.float() for f in half], boxes, 7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(pool(half, boxes, 7), wanted)


@pytest.mark.parametrize("change", [{"freeze_at": 2}, {"norm": "frozen_bn"}])
def test_random_weights_must_be_trained(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="weights: none needs everything trained"):
        BackboneSettings.model_validate({"weights": "none", "freeze_at": 0, "norm": "gn", **change})


def test_group_norm_divides_any_width() -> None:
    assert [group_norm(c).num_groups for c in (16, 32, 64, 100, 256, 512)] == [2, 4, 8, 4, 32, 32]
