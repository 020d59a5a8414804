"""The two-stage detector: what its parts give to each other, in training and in prediction."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gains.detection.box_head import BoxBranch, BoxDetections
from gains.detection.mask_head import MaskBranch
from gains.detection.positives import Positives
from gains.detection.two_stage import TwoStageDetector, sizes_of
from gains.models.contract import Target, Task
from helpers.targets import target_of
from helpers.tiny import tiny_settings

COUNTS = {"rpn_post_nms_train": 7, "rpn_post_nms_test": 11}
IMAGES = [torch.full((3, 64, 96), 90).byte(), torch.full((3, 40, 64), 30).byte()]
"""Both are wider than high; the second is smaller."""


class Boxes(nn.Module):
    """A box branch that notes what it gets and finds what it is told."""

    def __init__(self, found: list[BoxDetections]) -> None:
        super().__init__()
        self.found = found
        self.got: dict[str, Any] = {}

    def losses(
        self, features: list[Tensor], proposals: list[Tensor], targets: list[Target], generator: Any
    ) -> tuple[dict[str, Tensor], Positives]:
        self.got = {"features": features, "proposals": proposals, "generator": generator}
        positives = Positives([t.boxes for t in targets], [torch.zeros(1).long()] * 2, targets)
        return {"loss_cls": torch.tensor(1.0)}, positives

    def detect(
        self, features: list[Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> list[BoxDetections]:
        self.got = {"features": features, "proposals": proposals, "sizes": sizes}
        return self.found


class Masks(nn.Module):
    """A mask branch that notes what it gets and numbers its masks."""

    def __init__(self) -> None:
        super().__init__()
        self.got: dict[str, Any] = {}

    def losses(
        self, features: list[Tensor], positives: Positives, generator: torch.Generator
    ) -> dict[str, Tensor]:
        self.got = {"features": features, "positives": positives, "generator": generator}
        return {"loss_mask": torch.tensor(2.0)}

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        self.got = {"features": features, "boxes": boxes, "labels": labels}
        return torch.arange(len(labels))[:, None, None].expand(-1, 2, 2) / 10


def detections(*boxes: tuple[float, ...], scores: list[float], labels: list[int]) -> BoxDetections:
    return BoxDetections(
        torch.tensor(boxes).reshape(-1, 4), torch.tensor(scores), torch.tensor(labels).long()
    )


FOUND = [
    detections((1, 2, 30, 40), (5, 5, 9, 9), scores=[0.9, 0.6], labels=[1, 0]),
    detections(scores=[], labels=[]),
    detections((3, 3, 8, 9), scores=[0.7], labels=[1]),
]


def detector_of(boxes: nn.Module, masks: nn.Module) -> TwoStageDetector:
    torch.manual_seed(0)
    settings = tiny_settings("mask_rcnn").model_copy(update=COUNTS)
    return TwoStageDetector(settings, Task(2, 10), masks, boxes)


def test_training_passes_everything_on() -> None:
    boxes, masks = Boxes([]), Masks()
    detector = detector_of(boxes, masks)
    targets = [target_of((8.0, 8, 30, 30)), target_of((4.0, 4, 20, 20))]
    generator = torch.Generator().manual_seed(1)
    losses = detector.losses(IMAGES, targets, generator)
    assert set(losses) == {"loss_rpn_cls", "loss_rpn_box", "loss_cls", "loss_mask"}
    assert [losses[name].item() for name in ("loss_cls", "loss_mask")] == [1, 2]
    assert [len(own) for own in boxes.got["proposals"]] == [7, 7]
    # proposals lie in their own image, without its padding
    for own, (height, width) in zip(boxes.got["proposals"], ((64, 96), (40, 64)), strict=True):
        assert own[:, 2].max() <= width
        assert own[:, 3].max() <= height
        assert own[:, 2].max() > height - 1
    assert boxes.got["features"] is masks.got["features"]
    assert [tuple(x.shape[2:]) for x in boxes.got["features"]] == [
        (64 // s, -(-96 // s)) for s in (4, 8, 16, 32, 64)
    ]
    assert boxes.got["generator"] is masks.got["generator"] is generator
    assert masks.got["positives"].targets is targets


def test_prediction_uses_its_own_counts_and_gives_each_box_its_mask() -> None:
    boxes, masks = Boxes(FOUND), Masks()
    found = detector_of(boxes, masks).detect([*IMAGES, IMAGES[0]])
    assert [len(own) for own in boxes.got["proposals"]] == [11, 11, 11]
    assert boxes.got["sizes"] == [(64, 96), (40, 64), (64, 96)]
    assert masks.got["labels"].tolist() == [1, 0, 1]
    assert [len(own) for own in masks.got["boxes"]] == [2, 0, 1]
    for own, wanted, numbers in zip(found, FOUND, ([0.0, 0.1], [], [0.2]), strict=True):
        assert torch.equal(own.boxes, wanted.boxes)
        assert torch.equal(own.scores, wanted.scores)
        assert torch.equal(own.labels, wanted.labels)
        assert own.masks[:, 0, 0].tolist() == pytest.approx(numbers)
        assert not own.full
        assert own.box_scores is None


def test_prediction_keeps_no_graph() -> None:
    settings = tiny_settings("mask_rcnn").model_copy(update={"score_threshold": 0.0})
    detector = TwoStageDetector(settings, Task(2, 10), MaskBranch(settings, 2))
    assert isinstance(detector.boxes, BoxBranch)
    found = detector.detect(IMAGES)
    for own in found:
        assert len(own.boxes) == 10
        assert own.masks.shape == (10, 28, 28)
        assert not any(x.requires_grad for x in (own.boxes, own.scores, own.masks))


def test_sizes_are_height_and_width() -> None:
    assert sizes_of(IMAGES) == [(64, 96), (40, 64)]
