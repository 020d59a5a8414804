"""The RoIs that the second stage learns from: candidates, labels, numbers."""

from __future__ import annotations

import pytest
import torch

from gains.detection.sampling import RoiSample, draw_rois, label_rois
from gains.detection.settings import TwoStageSettings
from helpers.targets import target_of

OBJECTS = ((0.0, 0, 100, 100), (200.0, 0, 300, 100))
TARGET = target_of(*OBJECTS, labels=(1, 0))
NEAR = [(0.0, 0, 100, 100 - k) for k in range(1, 11)]
FAR = [(0.0, 300 + k, 20, 340) for k in range(30)]


def drawn(
    near: int, far: int, count: int, fraction: float = 0.25, seed: int = 0
) -> tuple[RoiSample, list[tuple[float, ...]]]:
    """Return the RoIs of an image with this many boxes near and far from its objects."""
    settings = TwoStageSettings(rois_per_image=count, roi_positive_fraction=fraction)
    proposals = torch.tensor(NEAR[:near] + FAR[:far]).reshape(-1, 4)
    rois = draw_rois([proposals], [TARGET], settings, 2, torch.Generator().manual_seed(seed))
    return rois, [tuple(box) for box in rois.boxes[0].tolist()]


@pytest.mark.parametrize(
    ("near", "far", "count", "foreground", "background"),
    [
        (10, 30, 16, 4, 12),  # a quarter of 16
        (10, 30, 19, 4, 15),  # rounded down
        (0, 30, 16, 2, 14),  # the two objects themselves; background fills up
        (10, 5, 16, 4, 5),  # but foreground does not
        (0, 0, 16, 2, 0),
    ],
)
def test_numbers_of_foreground_and_background(
    near: int, far: int, count: int, foreground: int, background: int
) -> None:
    rois, boxes = drawn(near, far, count)
    assert len(boxes) == len(set(boxes)) == foreground + background
    assert all(box in (*NEAR, *OBJECTS) for box in boxes[:foreground])
    assert all(box in FAR for box in boxes[foreground:])
    assert [(label < 2).item() for label in rois.labels[0]] == [True] * foreground + [
        False
    ] * background
    assert rois.foreground[0].tolist() == list(range(foreground))


def test_the_share_of_the_foreground_is_that_of_the_settings() -> None:
    rois, _ = drawn(10, 30, 16, fraction=0.5)
    assert rois.foreground[0].tolist() == list(range(8))
    assert len(rois.boxes[0]) == 16


def test_labels_and_objects_belong_to_their_boxes() -> None:
    rois, boxes = drawn(10, 30, 100, fraction=1.0)
    assert set(boxes) == {*NEAR, *FAR, *OBJECTS}
    for box, label, matched in zip(boxes, rois.labels[0], rois.matched[0], strict=True):
        if box in FAR:
            assert label == 2
        else:
            number = int(box == OBJECTS[1])
            assert (label, matched) == (TARGET.labels[number], number)
    kept = rois.positives.boxes[0]
    assert torch.equal(rois.matched_boxes(), TARGET.boxes[rois.positives.matched[0]])
    assert len(kept) == 12


def test_other_seeds_draw_other_rois() -> None:
    first, again, other = (set(drawn(10, 30, 16, seed=seed)[1]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_labels_of_given_boxes_at_a_threshold() -> None:
    boxes = [(0.0, 0, 100, 60), (0.0, 0, 100, 59), (200.0, 0, 300, 80), (500.0, 0, 510, 10)]
    targets = [TARGET, target_of(OBJECTS[0], labels=(1,)), target_of()]
    parts = [torch.tensor(boxes), torch.zeros(0, 4), torch.tensor(boxes[:1])]
    rois = label_rois(parts, targets, 2, 0.6)
    assert [labels.tolist() for labels in rois.labels] == [[1, 2, 0, 2], [], [2]]
    assert [index.tolist() for index in rois.foreground] == [[0, 2], [], []]
    assert rois.positives.labels.tolist() == [1, 0]
    assert rois.positives.boxes[0].tolist() == [list(boxes[0]), list(boxes[2])]
    # an object without a good box claims none, unlike in the proposal network
    assert label_rois([torch.tensor(boxes[1:2])], [TARGET], 2, 0.6).labels[0].tolist() == [2]
    # by default the threshold is 1/2
    assert label_rois(parts, targets, 2).labels[0].tolist() == [1, 1, 0, 2]


def test_rows_of_the_foreground_count_on_from_image_to_image() -> None:
    far, near = torch.tensor(FAR[:1]), torch.tensor(NEAR[:1])
    parts = [torch.cat([far, near, far]), torch.cat([far, far]), torch.cat([near, far, near])]
    rois = label_rois(parts, [TARGET] * 3, 2)
    assert rois.foreground_rows.tolist() == [1, 5, 7]
