"""The layers of FCOS' head, written out by hand: which tower predicts what, and their norms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gains.detection.fcos.head import FCOSHead
from gains.detection.fcos.locations import FCOS_STRIDES
from helpers import by_hand
from helpers.by_hand import Array

SHAPES = ((4, 6), (2, 3), (1, 2), (1, 1), (1, 1))
CHANNELS, CLASSES = 16, 3


def normalised(x: Array, groups: int) -> Array:
    """Return planes (C, H, W) whose groups of channels have mean 0 and variance 1."""
    parts = x.reshape(groups, -1)
    mean, variance = parts.mean(axis=1, keepdims=True), parts.var(axis=1, keepdims=True)
    return np.asarray(((parts - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape))


def tower_by_hand(tower: nn.Sequential, x: Array) -> Array:
    """Return the output of two layers of convolution, group norm of two groups, and ReLU."""
    for conv in (tower[0], tower[3]):
        x = by_hand.relu(normalised(by_hand.convolved(x, conv), 2))
    return x


def test_predictions_of_all_levels_by_hand() -> None:
    head = FCOSHead(CHANNELS, 2, CLASSES)
    generator = torch.Generator().manual_seed(0)
    for layer in head.modules():
        if isinstance(layer, nn.Conv2d):
            for parameter in layer.parameters():
                nn.init.normal_(parameter, std=0.1, generator=generator)
    head.scales.data = torch.tensor([1.0, 0.5, 2.0, 1.5, 3.0])
    features = [torch.randn(2, CHANNELS, *shape, generator=generator) for shape in SHAPES]
    found = head(features)
    start = 0
    for level, (x, (rows, columns)) in enumerate(zip(features, SHAPES, strict=True)):
        for image in range(2):
            own = by_hand.numbers(x[image])
            classes = by_hand.convolved(tower_by_hand(head.class_tower, own), head.classes)
            hidden = tower_by_hand(head.box_tower, own)
            distances = by_hand.convolved(hidden, head.distances)
            scale = head.scales[level].item() * 8 * 2**level
            centreness = by_hand.convolved(hidden, head.centreness)[0]
            np.testing.assert_allclose(found.hidden[level][image].detach(), hidden, atol=1e-4)
            for row in range(rows):
                for column in range(columns):
                    place = start + row * columns + column
                    for value, wanted in (
                        (found.logits[image, place], classes[:, row, column]),
                        (
                            found.distances[image, place],
                            by_hand.relu(scale * distances[:, row, column]),
                        ),
                        (found.centreness[image, place], centreness[row, column]),
                    ):
                        np.testing.assert_allclose(value.detach(), wanted, rtol=1e-3, atol=1e-3)
        start += rows * columns
    assert found.logits.shape == (2, start, CLASSES)


def features_of(channels: int) -> list[Tensor]:
    return [torch.rand(1, channels, 128 // s, 128 // s) for s in FCOS_STRIDES]


def test_the_head_starts_at_the_prior_and_scales_levels() -> None:
    torch.manual_seed(0)
    head = FCOSHead(16, 2, 3)
    features = features_of(16)
    found = head(features)
    assert found.logits.sigmoid().mean().item() == pytest.approx(0.01, rel=0.2)
    assert (found.distances >= 0).all()
    with torch.no_grad():
        head.scales[1] *= 3
    again = head(features)
    ratio = torch.where(found.locations.levels == 1, 3.0, 1.0)[None, :, None]
    torch.testing.assert_close(again.distances, found.distances * ratio)
    assert torch.equal(again.logits, found.logits)


def test_distances_are_in_strides_of_the_level() -> None:
    head = FCOSHead(8, 1, 1)
    nn.init.zeros_(head.distances.weight)
    nn.init.constant_(head.distances.get_parameter("bias"), 2.0)
    found = head(features_of(8))
    torch.testing.assert_close(found.distances[0, :, 0], 2 * found.locations.strides)


def test_every_prediction_teaches_its_own_tower() -> None:
    head = FCOSHead(CHANNELS, 1, CLASSES)
    for name, tower in (("logits", "class"), ("distances", "box"), ("centreness", "box")):
        head.zero_grad()
        # distances start at about 0, where the ReLU may hide them
        nn.init.constant_(head.get_parameter("distances.bias"), 1.0)
        found = head([torch.randn(1, CHANNELS, *shape) for shape in SHAPES])
        (getattr(found, name) ** 2).sum().backward()
        for kind in ("class", "box"):
            gradient = head.get_parameter(f"{kind}_tower.0.weight").grad
            learns = gradient is not None and bool(gradient.abs().sum() > 0)
            assert learns == (kind == tower), (name, kind)
