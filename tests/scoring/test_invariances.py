"""Changes of the input that must not change a score."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gains.datasets.coco import CocoDataset
from gains.scoring.score import score
from helpers.score_scenes import as_predictions, dataset, detection

DISC = st.tuples(st.integers(0, 1), st.integers(5, 54), st.integers(5, 54), st.integers(3, 12))
SCENES = st.lists(st.lists(DISC, max_size=4, unique=True), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(SCENES.filter(lambda scenes: any(scenes)))
def test_identity_is_perfect(scenes: Any) -> None:
    truth = dataset(scenes)
    result = score(truth, as_predictions(truth))
    assert result["coco"]["AP"] == pytest.approx(1)
    clean = dict(result["clean"]["average"])
    assert clean.pop("FNo") == 0
    # the layering paper pairs an object that lies in another one with that larger one
    of_layering = [clean.pop(name) for name in list(clean) if name.endswith("_layering")]
    assert all(0 < value <= 1 for value in of_layering)
    assert list(clean.values()) == pytest.approx([1] * len(clean))


@settings(max_examples=40, deadline=None)
@given(SCENES.filter(lambda scenes: any(scenes)), st.randoms(use_true_random=False))
def test_order_of_images_categories_and_detections_is_nothing(
    scenes: Any, chance: random.Random
) -> None:
    truth = dataset(scenes)
    predictions = [
        detection(p["image_id"], p["category_id"], p["score"], 5 + 9 * (k % 6), 30, 8)
        if k % 3 == 0
        else p
        for k, p in enumerate(as_predictions(truth))
    ]
    images, shuffled = list(truth.images), list(predictions)
    chance.shuffle(images)
    chance.shuffle(shuffled)
    other = CocoDataset(
        truth.path,
        {i: truth.images[i] for i in images},
        dict(reversed(truth.categories.items())),
        {i: truth.annotations[i] for i in images},
    )
    assert score(other, shuffled) == score(truth, predictions)
