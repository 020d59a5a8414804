"""What figures show of a model of layering equals what its detections are made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from gains.figures.papers.layering import layer_outputs
from gains.pixelwise.components import components_by_layer, semantic_components
from helpers.models import build


def images() -> list[Tensor]:
    torch.manual_seed(1)
    return [255 * torch.rand(3, 64, 96), 255 * torch.rand(3, 64, 64)]


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("min_area", [0, 4, 20])
def test_objects_by_layer_are_the_detections(classes: int, min_area: int) -> None:
    model = build("layering", classes=classes, changes={"min_area": min_area}).eval()
    number = 0
    for found, shown in zip(model.detect(images()), layer_outputs(model, images()), strict=True):
        assert len(shown) == classes
        pairs = [(s, mask) for one in shown for s, mask in zip(
            one.objects.scores.tolist(), one.objects.stack(), strict=True)]  # fmt: skip
        pairs.sort(key=lambda pair: -pair[0])
        np.testing.assert_allclose([s for s, _ in pairs], found.scores.numpy(), rtol=1e-6)
        masks = found.masks.numpy() > 0.5
        assert {m.tobytes() for _, m in pairs} == {m.tobytes() for m in masks}
        number += len(pairs)
    assert number > 0


def test_components_by_layer_are_those_of_all_layers_in_order() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        foreground = rng.random((24, 20), dtype=np.float32)
        layers = rng.random((3, 24, 20), dtype=np.float32)
        parts = components_by_layer(foreground, layers, 0.5, 0.5, 3)
        on = (layers > 0.5) | (layers == layers.max(axis=0))
        every = [c for one in on for c in semantic_components(np.where(one, foreground, 0), 0.5, 3)]
        ours = [component for part in parts for component in part]
        assert [(c.top, c.left, c.mask.tobytes()) for c in ours] == [
            (c.top, c.left, c.mask.tobytes()) for c in every
        ]
        assert len(parts) == 3 and all(parts)


def test_a_layer_is_counted_by_hand() -> None:
    """Two squares in layer 2 and one that crosses the first in layer 1."""
    foreground = np.zeros((20, 30), dtype=np.float32)
    layers = np.zeros((3, 20, 30), dtype=np.float32)
    for layer, columns in ((1, slice(0, 8)), (1, slice(12, 20)), (0, slice(6, 11))):
        foreground[2:10, columns] = 0.9
        layers[layer, 2:10, columns] = 0.8
    parts = components_by_layer(foreground, layers, 0.5, 0.5, 10)
    found = [[(c.left, c.mask.shape) for c in part] for part in parts]
    assert found == [[(6, (8, 5))], [(0, (8, 8)), (12, (8, 8))], []]


def test_a_model_without_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="the model has no layers; expected .* `layering`"):
        layer_outputs(build("unet2").eval(), images())
