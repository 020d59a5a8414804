"""A resample has the values of a data set that holds its images as often as they were drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gains.certainty.evidence import Evidence, Quantity
from gains.datasets.coco import CocoDataset
from gains.metrics.names import MODES, metrics_in
from gains.scoring.score import score
from gains.scoring.score_file import ScoreFile
from helpers.random_sets import random_set

THRESHOLD = 0.3


def repeated(
    truth: CocoDataset, predictions: list[dict[str, Any]], times: list[int]
) -> tuple[CocoDataset, list[dict[str, Any]]]:
    """Return the data set with every image as often as ``times`` says, copies side by side."""
    images, annotations, found = {}, {}, []
    for image, count in zip(truth.images, times, strict=True):
        for copy in range(count):
            new = 10 * image + copy
            images[new] = truth.images[image].__class__(new, f"{new}.png", 24, 24)
            annotations[new] = [
                {**a, "id": 100 * a["id"] + copy, "image_id": new} for a in truth.annotations[image]
            ]
            found += [{**p, "image_id": new} for p in predictions if p["image_id"] == image]
    return CocoDataset("set", images, truth.categories, annotations), found


def quantities() -> list[Quantity]:
    return [
        Quantity(metric, mode, target)
        for mode in MODES
        for metric in metrics_in(mode)
        for target in (None, 0, 1)
    ]


def evidence_of(truth: CocoDataset, predictions: list[dict[str, Any]]) -> Evidence:
    return Evidence(ScoreFile("s", score(truth, predictions, 5, THRESHOLD)))


@pytest.mark.parametrize("seed", range(6))
def test_a_resample_equals_the_score_of_the_repeated_images(seed: int) -> None:
    # copies of an image are neighbours among equal scores, so only the whole may have these
    levels = 8 if seed == 0 else 1_000_000
    truth, predictions = random_set(seed, crowd=0.1 * (seed % 2), levels=levels)
    times = np.random.default_rng(seed).multinomial(6, np.full(6, 1 / 6))
    if seed == 0:
        times = np.ones(6, dtype=int)
    copied = repeated(truth, predictions, times.tolist())
    expected = ScoreFile("r", score(*copied, 5, THRESHOLD))
    found = evidence_of(truth, predictions)
    assert found.images == ("1.png", "2.png", "3.png", "4.png", "5.png", "6.png")
    for quantity in quantities():
        value = expected.value(quantity.metric, quantity.mode, quantity.target)
        (ours,) = found.values(quantity, times[:, None].astype(float))
        assert ours == pytest.approx(np.nan if value is None else value, abs=1e-12, nan_ok=True)


def test_the_values_of_images_are_those_of_the_score_file() -> None:
    truth, predictions = random_set(1)
    content = score(truth, predictions, 5, THRESHOLD)
    found = Evidence(ScoreFile("s", content))
    for metric in ("AJI", "F1", "Dice"):
        expected = []
        for image in content["per_image"]:
            block = image["per_class"].get("0")
            # the Dice of an image with detections alone has no second term
            none = block is None or (metric == "Dice" and not block["ground_truths"])
            expected.append(np.nan if none else block[metric])
        values = found.per_image(Quantity(metric, "clean", 0))
        assert values == pytest.approx(np.array(expected), nan_ok=True)


def test_many_resamples_are_scored_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    found, again = (evidence_of(*random_set(2)) for _ in range(2))
    weights = np.random.default_rng(0).integers(0, 3, (6, 40)).astype(float)
    whole = found.values(Quantity("mAP", "clean"), weights)
    monkeypatch.setattr("gains.certainty.precision.BLOCK", 50)
    assert np.array_equal(again.values(Quantity("mAP", "clean"), weights), whole)


def test_a_score_file_without_the_block_is_refused() -> None:
    content = score(*random_set(2))
    del content["resampling"]
    with pytest.raises(ValueError, match=r"old\.json: expected the block `resampling`.*again"):
        Evidence(ScoreFile("old.json", content))
