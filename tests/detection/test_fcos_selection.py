"""The detections that FCOS selects, against cases computed by hand."""

from __future__ import annotations

import torch

from gains.detection.fcos.head import LocationPredictions, select_locations
from gains.detection.fcos.locations import FCOS_STRIDES, Locations, locate
from gains.detection.fcos.settings import FCOSSettings


def locations_of_64_px() -> Locations:
    return locate([torch.zeros(1, 1, -(-64 // s), -(-64 // s)) for s in FCOS_STRIDES])


def predictions(logits: torch.Tensor, centre: float = 0.0) -> LocationPredictions:
    """Return the predictions of a head with the same class logits (L, K) and boxes of 8 px."""
    locations = locations_of_64_px()
    length = len(locations.points)
    distances = torch.full((1, length, 4), 4.0)
    return LocationPredictions(
        logits[None], distances, torch.full((1, length), centre), locations, []
    )


def test_selection_by_hand() -> None:
    logits = torch.full((64 + 16 + 4 + 1 + 1, 2), -20.0)
    logits[8 * 2 + 3, 1] = 2.0  # p3, (28, 20)
    logits[8 * 5 + 6, 0] = 1.0  # p3, (52, 44)
    logits[64 + 3, 0] = -4.0  # below the threshold
    found = select_locations(predictions(logits), 0, (64, 64), FCOSSettings(), 10)
    probability = torch.tensor([2.0, 1.0]).sigmoid() * 0.5
    torch.testing.assert_close(found.scores, probability.sqrt())
    assert found.labels.tolist() == [1, 0]
    assert found.places.tolist() == [8 * 2 + 3, 8 * 5 + 6]
    assert found.boxes.tolist() == [[24, 16, 32, 24], [48, 40, 56, 48]]


def test_the_threshold_acts_on_the_product() -> None:
    logits = torch.full((86, 1), -20.0)
    logits[10] = torch.tensor(0.15).logit()
    with_centre = [predictions(logits, c) for c in (0.0, -1.0)]  # 0.075 and 0.040
    counts = [len(select_locations(p, 0, (64, 64), FCOSSettings(), 10).scores) for p in with_centre]
    assert counts == [1, 0]


def test_a_product_at_the_threshold_is_not_enough() -> None:
    logits = torch.full((86, 1), -20.0)
    logits[10] = 0.0  # probability and centre-ness are 1/2
    counts = [
        len(select_locations(predictions(logits), 0, (64, 64), settings, 10).scores)
        for settings in (FCOSSettings(score_threshold=0.25), FCOSSettings(score_threshold=0.249))
    ]
    assert counts == [0, 1]


def test_boxes_are_clipped_and_those_outside_dropped() -> None:
    logits = torch.full((86, 1), 3.0)
    found = select_locations(predictions(logits), 0, (20, 30), FCOSSettings(), 100)
    assert len(found.boxes) > 0
    assert (found.boxes[:, 2:] <= torch.tensor([30.0, 20.0])).all()
    points = locations_of_64_px().points[found.places]
    assert (points < torch.tensor([34.0, 24.0])).all()


def test_nms_acts_within_a_class_and_the_best_are_kept() -> None:
    logits = torch.full((86, 2), -20.0)
    logits[10] = torch.tensor([2.0, 1.0])
    twin = predictions(logits)
    twin.locations.points[11] = twin.locations.points[10] + 1
    twin.logits[0, 11, 0] = 0.5
    found = select_locations(twin, 0, (64, 64), FCOSSettings(), 10)
    # 49 of 79 px are shared: IoU 0.62
    assert found.places.tolist() == [10, 10]
    assert found.labels.tolist() == [0, 1]
    assert select_locations(twin, 0, (64, 64), FCOSSettings(), 1).labels.tolist() == [0]
    assert len(select_locations(twin, 0, (64, 64), FCOSSettings(nms=0.65), 10).places) == 3


def test_the_candidates_of_a_level_are_limited() -> None:
    logits = torch.full((86, 1), 3.0)
    found = select_locations(
        predictions(logits), 0, (256, 256), FCOSSettings(pre_nms=4, nms=1.0), 100
    )
    levels = locations_of_64_px().levels[found.places]
    assert levels.bincount().tolist() == [4, 4, 4, 1, 1]


def test_the_candidates_of_a_level_are_pairs_of_place_and_class() -> None:
    logits = torch.full((86, 2), 3.0)
    found = select_locations(predictions(logits), 0, (256, 256), FCOSSettings(nms=1.0), 1000)
    levels = locations_of_64_px().levels[found.places]
    assert levels.bincount().tolist() == [2 * n for n in (64, 16, 4, 1, 1)]
