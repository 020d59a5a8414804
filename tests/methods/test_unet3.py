"""UNet-2 and UNet-3: targets and objects of two overlapping squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gains.methods.unet2.model import UNet2
from gains.methods.unet3.contour import boundary_bands, midline_contours
from gains.methods.unet3.model import UNet3
from gains.models.contract import Task
from gains.pixelwise.components import contour_components
from helpers.models import scene
from helpers.tiny import tiny_settings


def two_squares() -> torch.Tensor:
    """Return two squares of 11 px that share 3 columns."""
    masks = torch.zeros(2, 25, 31, dtype=torch.bool)
    masks[0, 7:18, 4:15] = True
    masks[1, 7:18, 12:23] = True
    return masks


def test_a_band_lies_on_both_sides_of_an_outline() -> None:
    mask = torch.zeros(1, 9, 9, dtype=torch.bool)
    mask[0, 2:7, 2:7] = True
    # 4 * 5 px outside, without corners, and a ring of 16 px inside
    assert boundary_bands(mask).sum() == 20 + 16
    assert not boundary_bands(torch.ones(1, 5, 5, dtype=torch.bool)).any()


def test_contours_run_through_the_middle_of_an_overlap() -> None:
    masks = two_squares()
    bands = boundary_bands(masks).any(dim=0)
    assert bands.sum() == 152
    assert (bands | masks.all(dim=0)).sum() == 161
    assert midline_contours(masks, 0).sum() == 63
    assert midline_contours(masks, 0)[12, 12:15].tolist() == [False, True, False]
    wide = F.max_pool2d(midline_contours(masks, 0)[None].float(), (3, 1), 1, (1, 0))
    tall = F.max_pool2d(midline_contours(masks, 0)[None].float(), (1, 3), 1, (0, 1))
    assert torch.equal(midline_contours(masks, 1), ((wide + tall) > 0)[0])
    assert not midline_contours(masks[:0], 1).any()


def test_perfect_outputs_of_two_overlapping_squares() -> None:
    masks = two_squares()
    foreground = masks.any(dim=0).numpy().astype(np.float32)
    contour = midline_contours(masks, 1).numpy().astype(np.float32)
    found = contour_components(foreground, contour, 0.5, 0.5, 0)
    assert [int(c.mask.sum()) for c in found] == [99, 110]
    ious = []
    for component, truth in zip(found, masks.numpy(), strict=True):
        whole = np.zeros((25, 31), dtype=bool)
        height, width = component.mask.shape
        whole[component.top :, component.left :][:height, :width] = component.mask
        ious.append((whole & truth).sum() / (whole | truth).sum())
    assert ious == pytest.approx([0.8182, 0.9091], abs=1e-4)


def test_losses_are_cross_entropies_with_unions_and_contours() -> None:
    image, target = scene(classes=2, objects=3)
    for kind, method, names in (
        (UNet2, "unet2", ["foreground"]),
        (UNet3, "unet3", ["foreground", "contour"]),
    ):
        torch.manual_seed(0)
        made = kind(tiny_settings(method), Task(2, 10))
        found = made.losses([image], [target], torch.Generator())
        (logits,) = made.logits([image])
        own = [target.masks[target.labels == k].bool() for k in range(2)]
        truth = {
            "foreground": torch.stack([m.any(dim=0) for m in own]).float(),
            "contour": torch.stack([midline_contours(m, 1) for m in own]).float(),
        }
        assert list(found) == [f"loss_{name}" for name in names]
        for name in names:
            p = logits[name].sigmoid()
            t = truth[name]
            expected = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
            torch.testing.assert_close(found[f"loss_{name}"], expected, rtol=1e-4, atol=1e-6)


def test_objects_of_each_class_come_from_its_own_channels() -> None:
    foreground = torch.zeros(2, 5, 9)
    foreground[0], foreground[1, :, :2] = 0.9, 0.8
    contour = torch.zeros(2, 5, 9)
    contour[0, :, 4] = 0.9
    settings = tiny_settings("unet3").model_copy(update={"min_area": 0})
    outputs = {"foreground": foreground.numpy(), "contour": contour.numpy()}
    found = UNet3(settings, Task(2, 10)).objects(outputs)
    assert [[c.left for c in part] for part in found] == [[0, 4], [0]]
    found = UNet2(settings, Task(2, 10)).objects({"foreground": foreground.numpy()})
    assert [[c.mask.shape for c in part] for part in found] == [[(5, 9)], [(5, 2)]]
