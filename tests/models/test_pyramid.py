"""The stages of a ResNet and the levels of its pyramid, written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gains.models.backbone import Backbone
from gains.models.initialisation import init_relu
from gains.models.settings import BackboneSettings
from helpers import by_hand


def backbone_of(stages: int = 4, **changes: object) -> Backbone:
    torch.manual_seed(0)
    settings = {"name": "resnet18", "weights": "x.pt", "width": 4, "fpn_channels": 4, **changes}
    return Backbone(BackboneSettings.model_validate(settings), stages)


def upsampled(x: by_hand.Array) -> by_hand.Array:
    """Return planes whose cells are repeated twice in both directions."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


@pytest.mark.parametrize("stages", [4, 3])
def test_each_level_is_the_sum_of_its_stage_and_the_coarser_level(stages: int) -> None:
    backbone = backbone_of(stages)
    image = (torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(1)) * 255).byte()
    found = backbone([image])
    every = backbone.body(backbone.batch([image]))
    assert [tuple(x.shape[1:]) for x in every] == [
        (4 * 2**n, 16 // 2**n, 24 // 2**n) for n in range(4)
    ]
    merged: by_hand.Array | None = None
    wanted: list[by_hand.Array] = []
    for stage, inner, outer in zip(
        reversed(every[-stages:]),
        reversed(list(backbone.fpn.inner_blocks)),
        reversed(list(backbone.fpn.layer_blocks)),
        strict=True,
    ):
        own = by_hand.convolved(by_hand.numbers(stage[0]), inner[0])
        merged = own if merged is None else own + upsampled(merged)
        wanted.insert(0, by_hand.convolved(merged, outer[0]))
    wanted.append(wanted[-1][:, ::2, ::2])  # the last level is every second cell of p5
    assert len(found) == stages + 1
    for level, own in zip(found, wanted, strict=True):
        np.testing.assert_allclose(level[0].detach(), own, rtol=1e-4, atol=1e-5)


def test_every_stage_but_the_first_halves_its_input_once() -> None:
    body = backbone_of(name="resnet50").body
    strides = [
        [
            conv.stride[0]
            for conv in stage.modules()
            if isinstance(conv, nn.Conv2d) and conv.stride != (1, 1)
        ]
        for stage in body.stages
    ]
    # in the block and in its shortcut
    assert strides == [[], [2, 2], [2, 2], [2, 2]]
    assert [len(list(stage.children())) for stage in body.stages] == [3, 4, 6, 3]
    assert (body.conv1.stride, body.conv1.kernel_size) == ((2, 2), (7, 7))


@pytest.mark.parametrize(
    ("freeze_at", "frozen"),
    [(0, set()), (1, {"conv1"}), (2, {"conv1", "layer1"}), (3, {"conv1", "layer1", "layer2"})],
)
def test_stages_are_frozen_from_the_stem_on(freeze_at: int, frozen: set[str]) -> None:
    body = backbone_of(freeze_at=freeze_at).body
    parts = {name.split(".")[0]: p.requires_grad for name, p in body.named_parameters()}
    assert {name for name, trained in parts.items() if not trained} == frozen


def test_images_are_normalised_channel_by_channel() -> None:
    image = torch.tensor([10, 20, 30])[:, None, None].expand(3, 32, 32).byte()
    rgb, bgr = (
        backbone_of(channel_order=order).batch([image])[0, :, 5, 7].tolist()
        for order in ("rgb", "bgr")
    )
    wanted = [(10 - 123.675) / 58.395, (20 - 116.28) / 57.12, (30 - 103.53) / 57.375]
    assert rgb == pytest.approx(wanted)
    assert bgr == pytest.approx([30 - 103.53, 20 - 116.28, 10 - 123.675])


def test_smaller_images_are_padded_below_and_to_the_right() -> None:
    images = [torch.full((3, 33, 20), 255), torch.full((3, 10, 65), 255)]
    batch = backbone_of().batch(images)
    assert batch.shape == (2, 3, 64, 96)
    for own, (height, width) in zip(batch[:, 0] != 0, ((33, 20), (10, 65)), strict=True):
        assert own[:height, :width].all()
        assert own.sum() == height * width


def test_weights_before_a_relu_keep_the_variance_of_gradients() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 64, 3)
    init_relu(layer)
    # sqrt(2 / (outputs * 3 * 3))
    assert layer.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)
    assert layer.bias is not None
    assert (layer.bias == 0).all()
    body = backbone_of(width=16).body
    assert body.conv1.weight.std().item() == pytest.approx((2 / (16 * 49)) ** 0.5, rel=0.1)
