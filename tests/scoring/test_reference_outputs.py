"""Scores against the outputs of the published evaluation program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.datasets.coco import read_coco
from gains.metrics.aji import AREA_RANGES, image_aji_published
from gains.prediction.files import parse_predictions, read_predictions
from gains.scoring.pairing import pairs_by_class
from gains.scoring.score import score, score_files
from gains.support.files import read_json
from helpers.score_scenes import dataset, detection

CASES = [
    ("mixed", "mixed_good"),
    ("mixed", "mixed_perfect"),
    ("mixed", "mixed_sparse"),
    ("one", "one_good"),
]
PUBLISHED_NAMES = {
    "AJI": "AJI",
    "F1": "F1",
    "Dice": "DSC",
    "TPp": "TPRp",
    "FNo": "FNR_o",
    "FNR_o": "FNR_o",
    "FNRp": "FNRp",
    "FDR": "FDR",
}


@pytest.mark.parametrize(("truth", "name"), CASES)
def test_scores_equal_those_of_the_published_evaluator(golden: Path, truth: str, name: str) -> None:
    folder = golden / "evaluator"
    expected = read_json(folder / f"result_{name}.json")
    result = score_files(folder / f"ground_truth_{truth}.json", folder / f"det_{name}.json")
    published = result["as_published"]
    assert published["per_class"].keys() == expected["per_category"].keys()
    for category, values in expected["per_category"].items():
        for ours, theirs in PUBLISHED_NAMES.items():
            assert published["per_class"][category][ours] == pytest.approx(values[theirs], abs=1e-9)
        ap = result["coco"]["per_category"][category]["AP"]
        assert ap == pytest.approx(expected["AP_per_category"][category], abs=1e-9)
    for ours, theirs in PUBLISHED_NAMES.items():
        assert published["average"][ours] == pytest.approx(expected["average"][theirs], abs=1e-9)
    for number, key in enumerate(("AP", "AP50", "AP75")):
        assert result["coco"][key] == pytest.approx(expected["coco_stats"][number], abs=1e-9)


@pytest.mark.parametrize(("truth", "name"), CASES)
def test_each_entry_equals_that_of_the_published_evaluator(
    golden: Path, truth: str, name: str
) -> None:
    """Every (image, category, area range) entry, not only the sums."""
    folder = golden / "evaluator"
    ground_truth = read_coco(folder / f"ground_truth_{truth}.json")
    predictions = read_predictions(folder / f"det_{name}.json", ground_truth)
    by_class = {
        (category, pairs.image_id): pairs
        for category, images in pairs_by_class(ground_truth, predictions, 100).items()
        for pairs in images
    }
    entries = read_json(folder / f"result_{name}.json")["per_image"]
    assert len(entries) == 4 * len(by_class)
    for entry in entries:
        pairs = by_class[entry["category_id"], entry["image_id"]]
        assert (pairs.num_truths, pairs.num_detections) == (entry["num_G"], entry["num_D"])
        area_range = tuple(entry["aRng"])
        ours = image_aji_published(pairs, area_range)
        assert ours == pytest.approx(entry["AJI"][0], abs=1e-9)
        if area_range == AREA_RANGES[0] and not pairs.one_sided:
            dice = sorted(pairs.dice[match] for match in pairs.dice_matches)
            assert dice == pytest.approx(sorted(entry["DSC"]), abs=1e-9)
            assert 1 - len(pairs.iou_matches) / pairs.num_truths == pytest.approx(entry["fnr_1"])


def test_toy_case_with_known_values() -> None:
    truth = dataset(
        [
            [(0, 50, 50, 30), (0, 110, 60, 30)],
            [(0, 60, 60, 20), (0, 130, 130, 10)],
            [(0, 80, 80, 25)],
        ],
        size=200,
        categories=(0,),
    )
    predictions = [
        detection(1, 0, 0.9, 52, 50, 30, size=200),
        detection(1, 0, 0.8, 112, 62, 28, size=200),
        detection(1, 0, 0.3, 150, 150, 12, size=200),
        detection(2, 0, 0.9, 60, 62, 20, size=200),
    ]
    result = score(truth, predictions)
    values = result["as_published"]["per_class"]["0"]
    expected = {
        "AJI": 0.490324,
        "F1": 0.488889,
        "Dice": 0.402134,
        "TPp": 0.393551,
        "FNRp": 0.65,
        "FNR_o": 0.166667,
        "FDR": 0.65,
    }
    assert {k: values[k] for k in expected} == pytest.approx(expected, abs=1e-6)
    assert result["coco"]["AP"] == pytest.approx(0.504, abs=5e-4)
    images = pairs_by_class(truth, parse_predictions(predictions, truth), 100)[0]
    ajis = [image_aji_published(pairs, AREA_RANGES[0]) for pairs in images]
    assert ajis == pytest.approx([0.8238, 0.7116, 0], abs=1e-4)
    assert image_aji_published(images[1], AREA_RANGES[1]) == pytest.approx(0.4537, abs=1e-4)
