"""A class without ground truth on the scored images has no value and enters no average."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gains.datasets.coco import CocoDataset
from gains.metrics import METRICS
from gains.scoring.score import score, score_files
from gains.scoring.score_file import ScoreFile
from gains.support.files import read_json, write_json
from gains.tables.summary import write_summary
from helpers.score_scenes import as_predictions, dataset, detection, write_truth

FALSE = detection(1, 1, 0.9, 40, 40, 6)
"""A false detection of class 1."""
CLEAN = [metric.name for metric in METRICS if metric.clean]


@pytest.fixture
def one_class() -> tuple[CocoDataset, list[dict[str, Any]]]:
    """Two images with one object of class 0 each, both found exactly, and no object of class 1."""
    truth = dataset([[(0, 20, 20, 12)], [(0, 30, 30, 9)]])
    return truth, as_predictions(truth)


def test_a_false_detection_of_an_absent_class_changes_no_average(
    one_class: tuple[CocoDataset, list[dict[str, Any]]],
) -> None:
    truth, exact = one_class
    plain, more = score(truth, exact), score(truth, [*exact, FALSE])
    perfect = {name: float(name != "FNo") for name in CLEAN}
    assert more["clean"]["average"] == plain["clean"]["average"] == perfect
    assert more["clean"]["per_class"] == {"0": perfect, "1": dict.fromkeys(perfect)}
    assert more["coco"] == plain["coco"]
    assert more["coco"]["per_category"]["1"] == {"AP": None, "AP50": None, "AP75": None}
    assert more["counts"]["detections"] == 3


def test_the_published_mode_keeps_its_behaviour(
    one_class: tuple[CocoDataset, list[dict[str, Any]]],
) -> None:
    truth, exact = one_class
    published = score(truth, [*exact, FALSE])["as_published"]
    assert set(published["per_class"]["1"].values()) == {0.0}
    # the mean of the rows of class 0 and of class 1
    assert published["average"]["AJI"] == published["average"]["F1"] == 0.5


def test_values_of_images_are_none_but_the_false_detections_are_counted(
    one_class: tuple[CocoDataset, list[dict[str, Any]]],
) -> None:
    truth, exact = one_class
    first, second = score(truth, [*exact, FALSE])["per_image"]
    nothing = dict.fromkeys(CLEAN) | {"ground_truths": 0, "detections": 1}
    assert first["per_class"]["1"] == nothing
    assert first["per_class"]["0"]["AJI"] == 1
    assert set(second["per_class"]) == {"0"}


def test_an_image_without_an_object_of_a_class_that_others_have_is_zero() -> None:
    truth = dataset([[(0, 20, 20, 12)], [(0, 30, 30, 9), (1, 10, 10, 5)]])
    result = score(truth, [*as_predictions(truth), FALSE])
    assert result["per_image"][0]["per_class"]["1"]["F1"] == 0
    assert result["clean"]["per_class"]["1"]["F1"] == 0.5
    assert result["clean"]["average"]["F1"] == 0.75


# the published program takes the region for an object: areas of 253 and 49 px
@pytest.mark.parametrize(
    ("which", "published"),
    [((), 0), (("inside",), 1), (("outside",), 0), (("inside", "outside"), 253 / (253 + 49))],
)
def test_a_class_of_crowd_regions_alone_has_no_value(
    which: tuple[str, ...], published: float
) -> None:
    truth = dataset([[(0, 20, 20, 12), (1, 42, 42, 9)]])
    truth.annotations[1][1]["iscrowd"] = 1
    exact = as_predictions(truth)
    found = {"inside": exact[1], "outside": detection(1, 1, 0.8, 8, 50, 4)}
    result = score(truth, [exact[0], *(found[name] for name in which)])
    assert set(result["clean"]["per_class"]["1"].values()) == {None}
    assert result["coco"]["per_category"]["1"]["AP"] is None
    assert result["clean"]["average"]["F1"] == 1
    assert result["coco"]["AP"] == pytest.approx(1)
    assert result["as_published"]["per_class"]["1"]["AJI"] == pytest.approx(published)


def test_ground_truth_of_crowd_regions_alone_is_refused() -> None:
    truth = dataset([[(0, 20, 20, 12), (1, 42, 42, 9)]])
    for annotation in truth.annotations[1]:
        annotation["iscrowd"] = 1
    with pytest.raises(ValueError, match=r"truth.json: all annotations are crowd .*on the 1 image"):
        score(truth, [])


def test_the_scored_images_decide_and_not_the_file(tmp_path: Path) -> None:
    truth = dataset([[(0, 20, 20, 12)], [(1, 30, 30, 9)]])
    write_truth(tmp_path / "truth.json", truth)
    write_json(tmp_path / "p.json", [as_predictions(truth)[0], FALSE])
    part = score_files(tmp_path / "truth.json", tmp_path / "p.json", file_names=["1.png"])
    assert part["clean"]["average"]["AJI"] == 1
    assert part["coco"]["AP"] == pytest.approx(1)
    assert part["clean"]["per_class"]["1"]["AJI"] is None
    whole = score_files(tmp_path / "truth.json", tmp_path / "p.json")
    assert whole["clean"]["per_class"]["1"]["AJI"] == 0
    assert whole["clean"]["average"]["AJI"] == 0.5
    assert whole["coco"]["AP"] == pytest.approx(0.5)


def test_a_threshold_does_not_make_a_class_absent() -> None:
    truth = dataset([[(0, 20, 20, 12), (1, 42, 42, 9)]])
    low = [{**p, "score": 0.1} if p["category_id"] else p for p in as_predictions(truth)]
    result = score(truth, low, clean_score_threshold=0.5)
    assert result["clean"]["per_class"]["1"]["FNo"] == 1
    assert result["clean"]["average"]["AJI"] == 0.5


def test_an_empty_mask_is_ground_truth(
    one_class: tuple[CocoDataset, list[dict[str, Any]]],
) -> None:
    truth, exact = one_class
    empty = {**truth.annotations[1][0], "id": 9, "category_id": 1, "segmentation": [[]]}
    truth.annotations[1].append(empty)
    result = score(truth, exact)
    assert result["clean"]["per_class"]["1"]["AJI"] == 0
    assert result["coco"]["per_category"]["1"]["AP"] == 0


def test_tables_and_summary_follow_the_same_rule(
    one_class: tuple[CocoDataset, list[dict[str, Any]]], tmp_path: Path
) -> None:
    truth, exact = one_class
    file = ScoreFile("scores.json", score(truth, [*exact, FALSE]))
    for metric, mode in (("mAP", "clean"), ("AJI", "clean"), ("AJI", "as_published")):
        assert file.value(metric, mode) == pytest.approx(1)
        assert file.value(metric, mode, target=0) == pytest.approx(1)
        assert file.value(metric, mode, target=1) is None
    path = tmp_path / "set/method/default/seed0/fold0/x.scores.json"
    path.parent.mkdir(parents=True)
    write_json(path, file.content)
    write_summary([str(path)], tmp_path / "summary.json")
    row = read_json(tmp_path / "summary.json")["set"]["method/default"]["seed0"]
    assert set(row.values()) == {100.0}


def test_a_class_that_the_file_does_not_use_has_no_value(
    one_class: tuple[CocoDataset, list[dict[str, Any]]],
) -> None:
    truth, exact = one_class
    wider = dataclasses.replace(truth, categories={0: "a", 1: "b", 5: "unused"})
    more = [*exact, FALSE, detection(2, 5, 0.7, 9, 9, 5)]
    result = score(wider, more)
    assert {k for k, row in result["clean"]["per_class"].items() if row["F1"] is None} == {"1", "5"}
    assert result["clean"]["average"] == score(truth, exact)["clean"]["average"]
