"""FastInst's detections: scores, boxes and masks."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gains.methods.fastinst import FastInstSettings
from gains.methods.fastinst.losses import (
    Truth,
)
from gains.methods.fastinst.model import FastInst, mask_scores
from gains.models.contract import Target, Task
from helpers.tiny import tiny_settings


def test_truth_is_padded_at_the_bottom_and_the_right() -> None:
    target = Target(torch.zeros(1, 4), torch.tensor([1]), torch.ones(1, 40, 50, dtype=torch.uint8))
    padded = Truth.from_targets([target], (64, 64)).masks[0]
    assert padded.shape == (1, 64, 64)
    assert padded.sum() == 40 * 50
    assert padded[0, :40, :50].all()


def test_mask_score_by_hand() -> None:
    masks = torch.tensor([[[0.9, 0.7], [0.4, 0.5]], [[0.1, 0.2], [0.3, 0.5]]])
    # 0.5 is outside; the second mask is empty
    torch.testing.assert_close(mask_scores(masks), torch.tensor([0.8, 0.0]))


def detector(max_detections: int = 10, **changes: Any) -> FastInst:
    chosen = tiny_settings("fastinst").model_copy(update=changes)
    return FastInst(chosen, Task(2, max_detections))


def test_scores_by_hand() -> None:
    logits = torch.tensor([[0.6, 0.3, 0.1], [0.1, 0.7, 0.2], [0.45, 0.5, 0.05]]).log()
    masks = torch.full((3, 8, 8), -50.0)
    masks[0] = math.log(0.9 / 0.1)
    masks[1] = math.log(0.6 / 0.4)
    found = detector()._detections(logits, masks, (64, 64))
    # the third query has an empty mask; the others' pairs with a class score p * mean mask
    torch.testing.assert_close(found.scores, torch.tensor([0.54, 0.42, 0.27, 0.06]))
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.full
    assert found.masks.shape == (4, 64, 64)
    assert found.boxes.tolist() == [[0, 0, 64, 64]] * 4
    few = detector(max_detections=2)._detections(logits, masks, (64, 64))
    # chosen by class: 0.7 and 0.6
    torch.testing.assert_close(few.scores, torch.tensor([0.54, 0.42]))


def test_threshold_acts_on_the_final_score() -> None:
    logits = torch.tensor([[0.08, 0.0001, 0.9199]]).log()
    masks = torch.full((1, 8, 8), math.log(0.6 / 0.4))
    assert len(detector()._detections(logits, masks, (64, 64)).scores) == 0
    found = detector(score_threshold=0.0)._detections(logits, masks, (64, 64))
    torch.testing.assert_close(found.scores, torch.tensor([0.048, 0.00006]))


def test_nothing_above_the_threshold_is_no_detection() -> None:
    logits = torch.tensor([[0.01, 0.02, 0.97]]).log()
    found = detector()._detections(logits, torch.zeros(1, 8, 8), (60, 64))
    assert found.masks.shape == (0, 60, 64) and found.boxes.shape == (0, 4)


def test_masks_are_cropped_and_boxes_tight() -> None:
    masks = torch.full((1, 8, 8), -40.0)
    masks[0, 2:5, 3:] = 40  # rows 16..40, columns from 24 on
    found = detector()._detections(torch.tensor([[9.0, 0, 0]]), masks, (48, 50))
    assert found.masks.shape[1:] == (48, 50)
    x0, y0, x1, y1 = found.boxes[0].tolist()
    assert (x0, y0, x1, y1) == (24, 16, 50, 40)
    # the padded image would reach further right
    assert found.masks[0, 30, 49] > 0.99


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="choose a divisor"):
        FastInstSettings.model_validate({"heads": 7})
