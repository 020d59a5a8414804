"""What figures show of a DoNet equals what its detections are made of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gains.detection.two_stage import sizes_of
from gains.figures.papers.donet import PARTS, attention, regions
from gains.methods.donet.mrp import MaskGuidedDetector, attend
from gains.models.contract import Detector
from helpers.models import build


def images() -> list[Tensor]:
    torch.manual_seed(1)
    return [255 * torch.rand(3, 64, 96), 255 * torch.rand(3, 64, 64)]


def model_of(variant: str) -> Detector:
    torch.manual_seed(0)
    return build("donet", variant, changes={"score_threshold": 0.0}).eval()


@pytest.mark.parametrize("variant", ["default", "mrp"])
def test_refined_regions_are_the_masks_of_the_detections(variant: str) -> None:
    model, cells = model_of(variant), 0
    for found, shown in zip(model.detect(images()), regions(model, images()), strict=True):
        assert set(shown.masks) == set(PARTS)
        assert {mask.shape for mask in shown.masks.values()} == {(len(shown.boxes), 28, 28)}
        chosen = found.labels == 0 if variant == "mrp" else found.labels >= 0
        ours = shown.scores.argsort(descending=True, stable=True)
        torch.testing.assert_close(shown.boxes[ours][: chosen.sum()], found.boxes[chosen])
        torch.testing.assert_close(
            shown.masks["refined"][ours][: chosen.sum()], found.masks[chosen]
        )
        cells += int(chosen.sum())
    assert cells > 0


def test_the_three_masks_are_those_of_the_branch() -> None:
    model = model_of("default")
    seen: list[dict[str, Tensor]] = []
    model.get_submodule("branch").register_forward_hook(lambda _m, _x, out: seen.append(out))
    (first, second) = regions(model, images())
    labels = torch.cat([first.labels, second.labels])
    for name in PARTS:
        own = seen[0][name][torch.arange(len(labels)), labels].sigmoid()
        torch.testing.assert_close(torch.cat([first.masks[name], second.masks[name]]), own)


def test_attention_is_the_factor_of_the_features() -> None:
    model = model_of("mrp")
    assert isinstance(model, MaskGuidedDetector)
    with torch.no_grad():
        features = model.backbone(images())
        cells, logits = model.cells.detect(features, sizes_of(images()))
        attended = attend(features, logits, [f.boxes for f in cells])
    shown = attention(model, images())
    weights = torch.stack([one.weights for one in shown])
    torch.testing.assert_close(features[0] * weights[:, None], attended[0])
    assert [one.stride for one in shown] == [4, 4]
    assert float(weights.min()) >= 0.5 and float(weights.max()) > 0.5
    for one, cell in zip(shown, cells, strict=True):
        torch.testing.assert_close(one.cells.boxes, cell.boxes)


def test_models_without_these_modules_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a DoNet with `modules: crm`"):
        regions(model_of("drm"), images())
    with pytest.raises(ValueError, match="expected a DoNet with `modules: crm`"):
        regions(build("mask_rcnn").eval(), images())
    with pytest.raises(ValueError, match="expected a DoNet with `modules: mrp`"):
        attention(model_of("default"), images())
