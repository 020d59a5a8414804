"""The mask branch of Mask R-CNN: both passes written out by hand, RoI by RoI and cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gains.detection.mask_head import MaskBranch, map_targets, mask_targets
from gains.detection.positives import Positives
from gains.models.contract import Target
from helpers import by_hand
from helpers.by_hand import Array, ramps
from helpers.tiny import maps_of, tiny_settings

CANVAS = (512, 512)
CLASSES = 3
ROIS = (
    # side in px, top left corner, object of the image; one and two px per cell of the target
    [(28, 40, 30, 1), (56, 300, 210, 0)],
    [(28, 100, 120, 0), (280, 110, 64, 0)],
)
"""All boxes are squares whose side is a multiple of 28 px; the last is pooled from p4."""
LABELS = ([2, 0], [1])


def branch_of(weight: float = 1.0, reweighted: bool = False) -> MaskBranch:
    base = tiny_settings("mask_rcnn")
    backbone = base.backbone.model_copy(update={"fpn_channels": 4})
    settings = base.model_copy(
        update={"backbone": backbone, "mask_channels": 4, "mask_weight": weight}
    )
    branch = MaskBranch(settings, CLASSES, reweighted)
    generator = torch.Generator().manual_seed(0)
    for parameter in branch.head.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator)
    return branch


def logits_by_hand(branch: MaskBranch, image: int, box: by_hand.Box) -> Array:
    """Return (K, 28, 28)."""
    x = by_hand.pooled(image, box, 14)
    for conv in branch.head.convs:
        x = by_hand.relu(by_hand.convolved(x, conv))
    return by_hand.convolved(
        by_hand.relu(by_hand.doubled(x, branch.head.deconv)), branch.head.predictor
    )


def box_of(roi: tuple[int, int, int, int]) -> list[float]:
    side, x, y, _ = roi
    return [float(v) for v in (x, y, x + side, y + side)]


def scene() -> Positives:
    """Return the RoIs, and objects whose pixels are drawn at random."""
    generator = torch.Generator().manual_seed(1)
    targets = []
    for labels in LABELS:
        masks = (torch.rand(len(labels), *CANVAS, generator=generator) < 0.5).byte()
        maps = maps_of(1 + torch.rand(masks.shape, generator=generator))
        targets.append(Target(torch.zeros(len(labels), 4), torch.tensor(labels), masks, maps))
    return Positives(
        [torch.tensor([box_of(roi) for roi in rois]) for rois in ROIS],
        [torch.tensor([roi[3] for roi in rois]) for rois in ROIS],
        targets,
    )


def means_by_hand(planes: Tensor, roi: tuple[int, int, int, int]) -> Array:
    """Return the mean of the px in each of the RoI's 28 x 28 cells."""
    side, x0, y0, index = roi
    step = side // 28
    plane = by_hand.numbers(planes[index])
    rows = [
        [plane[y : y + step, x : x + step].mean() for x in range(x0, x0 + side, step)]
        for y in range(y0, y0 + side, step)
    ]
    return np.array(rows)


def planes_of(target: Target) -> Tensor:
    """Return the maps of a target as whole planes; each block has a margin of one pixel."""
    assert target.maps is not None
    return 1 + target.maps.blocks[:, 1:-1, 1:-1]


def test_targets_by_hand() -> None:
    positives = scene()
    found = mask_targets(positives), map_targets(positives)
    number = halves = 0
    for rois, target in zip(ROIS, positives.targets, strict=True):
        for roi in rois:
            share = means_by_hand(target.masks, roi)
            halves += (share == 0.5).sum()
            # a cell that the object covers by half belongs to it
            assert np.array_equal(found[0][number].numpy(), share >= 0.5)
            weights = means_by_hand(planes_of(target), roi)
            np.testing.assert_allclose(found[1][number], weights, atol=1e-4)
            number += 1
    assert halves > 100
    assert found[0].dtype == torch.bool
    assert found[0].shape == found[1].shape == (4, 28, 28)


@pytest.mark.parametrize(("weight", "reweighted"), [(1.0, False), (0.75, True)])
def test_loss_by_hand(weight: float, reweighted: bool) -> None:
    branch, positives = branch_of(weight, reweighted), scene()
    total = 0.0
    for image, (rois, target) in enumerate(zip(ROIS, positives.targets, strict=True)):
        for roi in rois:
            logits = logits_by_hand(branch, image, box_of(roi))[LABELS[image][roi[3]]]
            truth = means_by_hand(target.masks, roi) >= 0.5
            weights = means_by_hand(planes_of(target), roi) if reweighted else np.ones((28, 28))
            total += sum(
                w * by_hand.cross_entropy(z, float(t))
                for w, z, t in zip(weights.flat, logits.flat, truth.flat, strict=True)
            )
    found = branch.losses(ramps(2, CANVAS), positives, torch.Generator())
    assert set(found) == {"loss_mask"}
    # the mean over the cells of all four RoIs
    assert found["loss_mask"].item() == pytest.approx(weight * total / (4 * 784), rel=1e-4)


def test_masks_of_the_predicted_class_by_hand() -> None:
    branch = branch_of()
    boxes = [[box_of(roi) for roi in rois] for rois in ROIS]
    labels = [1, 2, 0, 1]
    found = branch.predict(
        ramps(2, CANVAS), [torch.tensor(own) for own in boxes], torch.tensor(labels)
    )
    flat = [(image, box) for image, own in enumerate(boxes) for box in own]
    assert found.shape == (4, 28, 28)
    for mask, (image, box), label in zip(found, flat, labels, strict=True):
        every = 1 / (1 + np.exp(-logits_by_hand(branch, image, box)))
        np.testing.assert_allclose(mask.detach(), every[label], atol=1e-4)
        others = [k for k in range(CLASSES) if k != label]
        assert all(abs(every[k] - every[label]).mean() > 0.01 for k in others)


def test_no_detection_gives_no_mask() -> None:
    none = torch.zeros(0, dtype=torch.int64)
    assert branch_of().predict(ramps(1, CANVAS), [torch.zeros(0, 4)], none).shape == (0, 28, 28)


def test_a_batch_without_foreground_costs_nothing_and_keeps_its_graph() -> None:
    branch, positives = branch_of(reweighted=True), scene()
    empty = Positives([torch.zeros(0, 4)] * 2, [torch.zeros(0).long()] * 2, positives.targets)
    loss = branch.losses(ramps(2, CANVAS), empty, torch.Generator())["loss_mask"]
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None and (p.grad == 0).all() for p in branch.head.parameters())


def test_samples_without_maps_are_refused() -> None:
    positives = scene()
    positives.targets[1].maps = None
    with pytest.raises(ValueError, match="reads gradient anomaly maps, but the samples have none"):
        map_targets(positives)


def test_an_undecided_head_costs_ln_2_per_cell() -> None:
    branch, positives = branch_of(weight=0.5), scene()
    for parameter in branch.head.parameters():
        nn.init.zeros_(parameter)
    found = branch.losses(ramps(2, CANVAS), positives, torch.Generator())
    assert found["loss_mask"].item() == pytest.approx(0.5 * math.log(2))
