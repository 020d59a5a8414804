"""Passes of Occlusion R-CNN, Mask Scoring R-CNN and CondInst written out, on random weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gains.detection.fcos.head import LocationPredictions
from gains.detection.overlap import part_targets
from gains.methods.condinst.dynamic import aligned_bilinear
from gains.methods.condinst.model import CondInst, MaskFeatureBranch, full_mask_targets
from gains.methods.mask_scoring_rcnn.model import MaskScoringBranch
from gains.methods.occlusion_rcnn.model import OcclusionBranch
from gains.models.contract import Task
from helpers.models import scene
from helpers.rois import LABELS, pyramid, two_images
from helpers.tiny import tiny_settings
from helpers.written_out import (
    conv,
    cross_entropy,
    head_features,
    head_logits,
    linear,
    lively,
    roi_features,
)

ROWS = torch.arange(4)


def occlusion() -> OcclusionBranch:
    torch.manual_seed(0)
    branch = OcclusionBranch(tiny_settings("occlusion_rcnn"), Task(2, 10, 0))
    lively(branch.amodal.predictor, branch.visible.predictor)
    return branch


def test_occlusion_rcnn_predicts_the_amodal_mask_of_the_class_asked() -> None:
    branch, finest, boxes = occlusion(), torch.rand(2, 32, 16, 16), two_images().boxes
    labels = torch.tensor([0, 1, 1, 0])
    x = roi_features(finest, boxes)
    wanted = head_logits(branch.amodal, head_features(branch.amodal, x))[ROWS, labels]
    torch.testing.assert_close(branch.predict(pyramid(finest), boxes, labels), wanted.sigmoid())


def test_occlusion_rcnns_heads_are_separate_and_read_the_roi_features() -> None:
    """Both loss values and gradients are those of two heads, written out."""
    branch, finest = occlusion(), torch.rand(2, 32, 16, 16, requires_grad=True)
    positives = two_images()
    found = branch.losses(pyramid(finest), positives, torch.Generator())
    x = roi_features(finest, positives.boxes)
    amodal, visible = (
        head_logits(head, head_features(head, x))[ROWS, LABELS]
        for head in (branch.amodal, branch.visible)
    )
    parts = part_targets(positives, 0)
    wanted = {
        "loss_amodal": cross_entropy(amodal, parts.whole).mean(),
        "loss_visible": cross_entropy(visible, parts.complement).mean(),
        "loss_invisible": cross_entropy(amodal - visible.clamp(min=0), parts.intersection).mean(),
    }
    assert found.keys() == wanted.keys()
    sources = [finest, *branch.parameters()]
    for name, loss in wanted.items():
        torch.testing.assert_close(found[name].double(), loss, rtol=1e-5, atol=1e-6)
        for own, other in zip(
            *(
                torch.autograd.grad(value, sources, retain_graph=True, materialize_grads=True)
                for value in (found[name], loss)
            ),
            strict=True,
        ):
            torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-6)


def test_mask_scoring_reads_roi_features_and_the_mask_of_the_class() -> None:
    torch.manual_seed(0)
    branch = MaskScoringBranch(tiny_settings("mask_scoring_rcnn"), 2)
    head = branch.iou_head
    lively(branch.head.predictor, head.ious)
    for hidden in (head.fc1, head.fc2):
        torch.nn.init.normal_(hidden.bias, std=0.3)
    finest, boxes = torch.rand(2, 32, 16, 16), two_images().boxes
    logits, chosen, ious = branch(pyramid(finest), boxes, LABELS)
    x = roi_features(finest, boxes)
    wanted = head_logits(branch.head, head_features(branch.head, x))
    torch.testing.assert_close(logits, wanted)
    own = wanted[ROWS, LABELS]
    torch.testing.assert_close(chosen, own)
    blocks = own.sigmoid().reshape(4, 14, 2, 14, 2).amax(dim=(2, 4))
    y = torch.cat([x, blocks[:, None]], dim=1)
    for layer in head.convs[:3]:
        y = conv(layer, y).clamp(min=0)
    weight, bias = (head.convs[3].get_parameter(name) for name in ("weight", "bias"))
    y = F.conv2d(y, weight, bias, stride=2, padding=1).clamp(min=0).flatten(1)
    y = linear(head.fc2, linear(head.fc1, y).clamp(min=0)).clamp(min=0)
    torch.testing.assert_close(ious, linear(head.ious, y)[ROWS, LABELS])


def test_condinsts_mask_features_sum_three_levels_at_the_stride_of_p3() -> None:
    torch.manual_seed(0)
    branch = MaskFeatureBranch(tiny_settings("condinst")).eval()

    def layer(module: torch.nn.Module, x: Tensor) -> Tensor:
        convolution, norm, _ = module.children()
        return norm(F.conv2d(x, convolution.get_parameter("weight"), padding=1)).clamp(min=0)

    levels = [torch.randn(2, 32, 16 // s, 24 // s) for s in (1, 2, 4, 8, 16)]
    one, two, three = (layer(m, x) for m, x in zip(branch.refine, levels, strict=False))
    x = one + aligned_bilinear(two, 2) + aligned_bilinear(three, 4)
    for module in branch.tower:
        x = layer(module, x)
    torch.testing.assert_close(branch(levels), conv(branch.out, x))


def test_condinsts_masks_learn_the_object_of_their_location(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heads that draw each object's own mask where it is matched have a Dice loss near 0."""
    torch.manual_seed(0)
    model = CondInst(tiny_settings("condinst"), Task(2, 10))
    image, target = scene()
    other = target.select(torch.tensor([False, True, True]))
    seen: list[Tensor] = []

    def draw(_features: Tensor, found: LocationPredictions, index: Tensor, place: Tensor) -> Tensor:
        points = found.locations.points[place]
        truth = full_mask_targets([target, other], (16, 16)).float()
        boxes = [target.boxes, other.boxes]
        rows = []
        for number, (x, y) in zip(index.tolist(), points.tolist(), strict=True):
            own = boxes[number]
            inside = (own[:, 0] <= x) & (x <= own[:, 2]) & (own[:, 1] <= y) & (y <= own[:, 3])
            areas = (own[:, 2:] - own[:, :2]).prod(dim=1).where(inside, torch.inf)
            rows.append(3 * number + int(areas.argmin()))
        seen.append(torch.tensor(rows))
        return (truth[torch.tensor(rows)] - 0.5) * 50

    monkeypatch.setattr(model, "mask_logits", draw)
    losses = model.losses([image, image], [target, other], torch.Generator().manual_seed(0))
    assert len(seen[0].unique()) >= 4
    assert losses["loss_mask"].item() < 1e-4


def test_condinsts_detections_use_the_parameters_of_their_own_image() -> None:
    torch.manual_seed(0)
    model = CondInst(tiny_settings("condinst"), Task(2, 10)).eval()
    torch.nn.init.constant_(model.head.classes.get_parameter("bias"), 2.0)
    torch.nn.init.normal_(model.controller.weight, std=0.2)
    images = [torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8) for _ in range(2)]
    together = model.detect(images)
    assert len(together[1].scores) > 0
    for image, found in zip(images, together, strict=True):
        (alone,) = model.detect([image])
        torch.testing.assert_close(found.masks, alone.masks, atol=1e-3, rtol=1e-3)
        assert found.masks.std() > 0.05
        assert ((found.masks >= 0) & (found.masks <= 1)).all()
