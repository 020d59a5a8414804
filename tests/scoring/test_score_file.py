"""The content of a score file, and the computation of its values."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.coco import CocoDataset
from gains.metrics import METRICS, Metric
from gains.metrics.pairs import Pairs
from gains.prediction.files import parse_predictions
from gains.scoring.pairing import clean
from gains.scoring.score import score, score_files, value_of
from gains.scoring.score_file import ScoreFile
from helpers.score_scenes import as_predictions, dataset, detection, write_files


def test_a_score_file_has_every_metric_per_class_and_averaged(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    result = score(scene, detections)
    layering = {f"AP{part}_layering" for part in ("", 50, 60, 70, 80, 90)}
    layering |= {"AJI_pooled_layering", "AJI_mean_layering"}
    clean = {"AJI", "AJI_kumar", "F1", "Dice", "TPp", "FNo"} | layering
    published = {"AJI", "F1", "Dice", "TPp", "FNo", "FNRp", "FNR_o", "FDR"} | layering
    for mode, names in (("clean", clean), ("as_published", published)):
        assert set(result[mode]) == {"per_class", "average"}
        assert set(result[mode]["average"]) == names
        assert {key: set(block) for key, block in result[mode]["per_class"].items()} == {
            "0": names,
            "1": names,
        }
    assert set(result["coco"]["per_category"]["1"]) == {"AP", "AP50", "AP75"}
    assert result["counts"] == {"images": 3, "ground_truths": 5, "detections": 4}
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("metric", ["mAP", "AP50", "AP75", *(m.name for m in METRICS if m.clean)])
@pytest.mark.parametrize("limit", [1, 100])
def test_a_single_value_is_that_of_a_score_file(
    scene: CocoDataset, detections: list[dict[str, Any]], metric: str, limit: int
) -> None:
    more = dataclasses.replace(scene, categories={0: "a", 1: "b", 5: "absent"})
    content = score(more, detections, limit, 0.3)
    found = value_of(metric, more, parse_predictions(detections, more), limit, 0.3)
    assert found == ScoreFile("", content).value(metric, "clean")


def test_clean_values_by_hand(scene: CocoDataset, detections: list[dict[str, Any]]) -> None:
    block = score(scene, detections)["clean"]["per_class"]
    # class 1: image 1 found exactly, image 3 has no detection; the discs have 49 and 81 px
    pooled = block["1"].pop("AJI_pooled_layering")
    assert pooled == pytest.approx(49 / (49 + 81))
    assert set(block["1"].values()) == {0.5}
    # class 0: image 1 one of one; image 2 one pair, one miss, one false
    assert block["0"]["F1"] == pytest.approx((1 + 0.5) / 2)
    assert block["0"]["FNo"] == pytest.approx(1 / 3)


def test_clean_average_is_over_the_classes_present(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    more = dataclasses.replace(scene, categories={0: "a", 1: "b", 5: "absent"})
    result, plain = score(more, detections), score(scene, detections)
    assert result["clean"]["average"] == plain["clean"]["average"]
    assert set(result["clean"]["per_class"]["5"].values()) == {None}
    assert result["coco"]["per_category"]["5"]["AP"] is None
    assert result["coco"]["AP"] == plain["coco"]["AP"]


def test_a_single_class_is_halved_as_published_only() -> None:
    truth = dataset([[(1, 20, 20, 12)]], categories=(1,))
    result = score(truth, as_predictions(truth))
    assert result["as_published"]["per_class"]["1"]["AJI"] == 1
    assert result["as_published"]["average"]["AJI"] == 0.5
    assert result["clean"]["average"]["AJI"] == 1
    # whichever row it is
    truth = dataset([[(0, 20, 20, 12)]], categories=(0,))
    assert score(truth, as_predictions(truth))["as_published"]["average"]["AJI"] == 0.5


def test_the_last_of_several_classes_wins_the_second_row() -> None:
    truth = dataset([[(0, 20, 20, 9), (1, 40, 40, 9), (2, 20, 45, 9)]], categories=(2, 0, 1))
    predictions = [p for p in as_predictions(truth) if p["category_id"] != 1]
    result = score(truth, predictions)
    assert result["as_published"]["average"]["F1"] == 1
    assert result["clean"]["average"]["F1"] == pytest.approx(2 / 3)


def test_no_detections_is_zero_everywhere(scene: CocoDataset) -> None:
    result = score(scene, [])
    assert result["coco"]["AP"] == result["coco"]["per_category"]["0"]["AP50"] == 0
    for category in ("0", "1"):
        assert set(result["as_published"]["per_class"][category].values()) == {0.0}
    clean = dict(result["clean"]["average"])
    assert clean.pop("FNo") == 1
    assert set(clean.values()) == {0.0}


def test_clean_score_threshold_touches_clean_only(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    plain, strict = score(scene, detections), score(scene, detections, clean_score_threshold=0.5)
    assert strict["coco"] == plain["coco"]
    assert strict["as_published"] == plain["as_published"]
    # the false detection of score 0.2 goes: image 2 has TP 1, D 1, G 2
    assert strict["clean"]["per_class"]["0"]["F1"] == pytest.approx((1 + 2 / 3) / 2)
    kept = score(scene, detections, clean_score_threshold=0.2)
    assert kept["clean"] == plain["clean"]  # a detection at the threshold stays


def test_thresholds_act_on_the_box_score_and_ranking_on_the_score(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    """Mask Scoring R-CNN ranks by another score than the one its boxes were selected by."""
    boxes = [d["score"] for d in detections]
    rescored = [
        {**d, "score": 0.1 * s, "box_score": s} for d, s in zip(detections, boxes, strict=True)
    ]
    plain = score(scene, detections, clean_score_threshold=0.5)
    same_order = score(scene, rescored, clean_score_threshold=0.5)
    for part in ("coco", "as_published", "clean"):
        assert same_order[part] == plain[part]
    swapped = [
        {**d, "score": 1 - s, "box_score": s} for d, s in zip(detections, boxes, strict=True)
    ]
    other_order = score(scene, swapped, clean_score_threshold=0.5)
    assert other_order["clean"] == plain["clean"]
    assert other_order["coco"] != plain["coco"]


@pytest.mark.parametrize("value", [1.5, -0.1, True, "high", float("nan")])
def test_a_bad_box_score_is_refused(
    scene: CocoDataset, detections: list[dict[str, Any]], value: Any
) -> None:
    with pytest.raises(ValueError, match="prediction 0: expected a box_score in"):
        score(scene, [{**detections[0], "box_score": value}])


def test_max_detections_keeps_the_best(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    result = score(scene, detections[::-1], max_detections=1)
    assert result["clean"] == score(scene, detections[:3])["clean"]
    assert result["settings"]["max_detections"] == 1


def test_per_image_values_find_the_worst_image(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    entries = score(scene, detections)["per_image"]
    assert [e["file_name"] for e in entries] == ["1.png", "2.png", "3.png"]
    assert entries[0]["per_class"]["1"]["AJI"] == 1
    assert entries[1]["per_class"]["0"]["ground_truths"] == 2
    assert set(entries[1]["per_class"]) == {"0"}
    assert entries[2]["per_class"]["1"]["AJI"] == 0
    worst = min(entries, key=lambda e: max(block["F1"] for block in e["per_class"].values()))
    assert worst["image_id"] == 3


def test_crowd_regions_are_ignored_when_clean() -> None:
    truth = dataset([[(0, 15, 15, 9), (0, 42, 42, 14)]], categories=(0,))
    truth.annotations[1][1]["iscrowd"] = 1
    inside, outside = detection(1, 0, 0.8, 40, 40, 5), detection(1, 0, 0.8, 10, 48, 5)
    exact = detection(1, 0, 0.9, 15, 15, 9)
    assert score(truth, [exact, inside])["clean"]["average"]["F1"] == 1
    assert score(truth, [exact, outside])["clean"]["average"]["F1"] == pytest.approx(2 / 3)


def test_a_detection_lies_in_a_crowd_region_by_more_than_half() -> None:
    # A crowd region of 100 px, an object of 20 px, and detections of 10 px. The second one lies in
    # the crowd region. The third does too, but has an IoU of 10/20 with the object; the fourth has
    # one of 9/21.
    pairs = Pairs(
        image_id=1,
        intersection=np.array([[5, 0], [6, 0], [8, 10], [8, 9]]),
        scores=np.array([0.9, 0.8, 0.7, 0.6]),
        box_scores=np.array([0.9, 0.8, 0.7, 0.6]),
        detection_areas=np.array([10, 10, 10, 10]),
        areas=np.array([100, 20]),
        recorded_areas=np.array([100.0, 20.0]),
        ids=np.array([1, 2]),
        crowd=np.array([True, False]),
    )
    (kept,) = clean({1: [pairs]}, 0.0)[1]
    assert kept.scores.tolist() == [0.9, 0.7]
    assert (kept.ids.tolist(), kept.crowd.tolist()) == ([2], [False])
    assert kept.intersection.tolist() == [[0], [10]]


def test_the_best_detections_are_those_of_the_highest_score() -> None:
    truth = dataset([[(0, 20, 20, 12)]], categories=(0,))
    right = {**detection(1, 0, 0.9, 20, 20, 12), "box_score": 0.3}
    wrong = {**detection(1, 0, 0.4, 50, 50, 5), "box_score": 0.8}
    result = score(truth, [wrong, right], max_detections=1)
    assert result["coco"]["AP50"] == pytest.approx(1)
    assert result["clean"]["average"]["F1"] == 1
    first, second = detection(1, 0, 0.5, 20, 20, 12), detection(1, 0, 0.5, 50, 50, 5)
    for listed, expected in (([first, second], 1), ([second, first], 0)):
        assert score(truth, listed, max_detections=1)["clean"]["average"]["F1"] == expected


def test_category_zero_and_annotation_id_zero_are_scored(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    truth = dataset(
        [[(0, 20, 20, 12), (1, 20, 20, 4)], [(0, 15, 15, 9), (0, 40, 40, 10)], [(1, 30, 30, 5)]],
        first_id=0,
    )
    zero, one = score(truth, detections), score(scene, detections)
    assert zero["clean"] == one["clean"]
    assert zero["coco"] == one["coco"]


def test_an_empty_mask_stays_a_ground_truth(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    before = score(scene, detections)["clean"]["per_class"]["1"]
    empty = {**scene.annotations[3][0], "id": 99, "segmentation": [[]]}
    scene.annotations[3].append(empty)
    result = score(scene, detections)
    assert result["counts"]["ground_truths"] == 6
    assert result["clean"]["per_class"]["1"]["FNo"] == pytest.approx(2 / 3)
    assert before["FNo"] == pytest.approx(1 / 2)


def test_a_further_metric_is_added_in_one_place(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    with METRICS.with_record(Metric("seen", clean=lambda images: float(len(images)))):
        result = score(scene, detections)
    assert result["clean"]["per_class"]["0"]["seen"] == 2
    assert result["clean"]["average"]["seen"] == 2
    assert result["per_image"][0]["per_class"]["0"]["seen"] == 1
    assert "seen" not in result["as_published"]["average"]


def test_the_threshold_changes_clean_values_and_nothing_else() -> None:
    truth = dataset([[(0, 20, 20, 12)], [(0, 20, 20, 12)]], categories=(0,))
    for (annotation,) in truth.annotations.values():
        del annotation["iscrowd"]
    found = [detection(1, 0, 0.9, 50, 50, 5), detection(1, 0, 0.3, 20, 20, 12)]
    for threshold, clean_f1, number in ((0.0, 2 / 3, 2), (0.5, 0.0, 1)):
        result = score(truth, found, clean_score_threshold=threshold)
        # the object is found second, and recall ends at 1/2
        assert result["coco"]["AP50"] == pytest.approx(51 / 101 / 2)
        assert result["as_published"]["per_class"]["0"]["F1"] == pytest.approx(2 / 3 / 2)
        assert result["as_published"]["average"]["F1"] == pytest.approx(2 / 3 / 2 / 2)
        assert result["clean"]["average"]["F1"] == pytest.approx(clean_f1 / 2)
        first, second = (image["per_class"]["0"] for image in result["per_image"])
        assert (first["F1"], first["detections"]) == (pytest.approx(clean_f1), number)
        assert (second["F1"], second["detections"], second["ground_truths"]) == (0, 0, 1)
        assert result["settings"] == {"max_detections": 100, "clean_score_threshold": threshold}


def test_of_equal_scores_the_image_of_the_lower_id_comes_first() -> None:
    truth = dataset([[(0, 20, 20, 12)], [(0, 20, 20, 12)]], categories=(0,))
    backwards = dataclasses.replace(truth, images=dict(reversed(truth.images.items())))
    found = [detection(2, 0, 0.9, 50, 50, 5), detection(1, 0, 0.9, 20, 20, 12)]
    for content in (truth, backwards):
        assert score(content, found)["coco"]["AP50"] == pytest.approx(51 / 101)


def test_a_score_file_names_its_inputs_and_counts_the_scored_images(
    tmp_path: Path, scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    files = write_files(tmp_path, scene, detections[2:])
    result = score_files(*files, file_names=["2.png"])
    assert result["counts"] == {"images": 1, "ground_truths": 2, "detections": 2}
    assert [image["image_id"] for image in result["per_image"]] == [2]
    assert result["settings"] == {"max_detections": 100, "clean_score_threshold": 0.0}
    assert result["inputs"] == {
        key: {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for key, path in zip(("ground_truth", "predictions"), files, strict=True)
    }
