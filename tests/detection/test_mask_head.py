"""The mask loss, and the scale of new weights."""

from __future__ import annotations

import pytest
import torch

from gains.detection.mask_head import ConvHead, mask_loss


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
    assert len(head.convs) == 4
    # MSRA, fan out: std = sqrt(2 / (64 * 9)), and sqrt(2 / (64 * 4)) for the deconvolution
    assert head.deconv.weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.1)
    assert all((layer.bias == 0).all() for layer in (*head.convs, head.deconv))
    assert head.convs[0].weight.std().item() == pytest.approx((2 / 576) ** 0.5, rel=0.1)
    assert head.predictor.bias.abs().sum().item() == 0
