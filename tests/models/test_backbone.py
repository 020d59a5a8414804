"""The backbone and its pyramid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from gains.config.file import check
from gains.methods.run_settings import RunSettings
from gains.models.backbone import Backbone, group_norm
from gains.models.settings import BackboneSettings
from gains.study.opening import from_config
from helpers.tiny import settings_of


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("norm", ["frozen_bn", "bn", "gn"])
def test_the_pyramid_has_five_levels_each_half_the_size_of_the_one_before(
    name: str, norm: str
) -> None:
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


def test_frozen_stages_stay_out_of_training() -> None:
    body = Backbone(BackboneSettings(name="resnet18", weights="x.pt", norm="bn", freeze_at=2)).body
    trained = {n.split(".")[0] for n, p in body.named_parameters() if p.requires_grad}
    assert trained == {"layer2", "layer3", "layer4"}
    body.train()
    assert not body.bn1.training
    assert not body.get_submodule("layer1.0.bn1").training
    assert body.get_submodule("layer2.0.bn1").training


@pytest.mark.parametrize("change", [{"freeze_at": 2}, {"norm": "frozen_bn"}])
def test_random_weights_must_be_trained_unless_a_model_gives_values(
    change: dict[str, object],
) -> None:
    block = {"weights": "none", "freeze_at": 0, "norm": "gn", **change}
    content = settings_of("mask_rcnn").to_json()
    content["method"]["backbone"].update(block)
    with pytest.raises(ValueError, match=r"method\.backbone: weights: none starts from random"):
        RunSettings.from_json(content, "test")
    # the values of a whole model may stay as they are
    content["recipe"]["start_from"] = "model.pt"
    assert RunSettings.from_json(content, "test").initial_weights == Path("model.pt")
    study: dict[str, Any] = {
        "title": "t",
        "datasets": {"cells": {"source": "synthetic-cells"}},
        "detector": {"backbone": block},
        "tables": {"t": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
    }
    with pytest.raises(ValueError, match=r"mask_rcnn/default\.backbone: weights: none starts"):
        from_config(check({"study": "s", "studies": {"s": study}}, "test"))
    study["recipe"] = {"start_from": "model.pt"}
    from_config(check({"study": "s", "studies": {"s": study}}, "test"))


def test_group_norm_divides_any_width() -> None:
    assert [group_norm(c).num_groups for c in (16, 32, 64, 100, 256, 512)] == [2, 4, 8, 4, 32, 32]


def test_the_state_holds_layers_and_no_constants() -> None:
    backbone = Backbone(BackboneSettings(weights="x.pt", width=8, fpn_channels=16))
    assert {name.split(".")[0] for name in backbone.state_dict()} == {"body", "fpn"}
