"""Predictions and ground truths that scoring refuses."""

from __future__ import annotations

import copy
import dataclasses
import unicodedata
from pathlib import Path
from typing import Any, cast

import pytest

from gains.datasets.coco import CocoDataset
from gains.prediction.sidecar import sidecar_path
from gains.scoring.score import score, score_files
from gains.support.files import read_json, write_json
from helpers.score_scenes import SIZE, disc_rle, write_truth


def changed(detections: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    entry = {**copy.deepcopy(detections[0]), **changes}
    return [detections[1], {k: v for k, v in entry.items() if v is not ...}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": ...}, "prediction 1: expected the keys .*score"),
        ({"segmentation": ...}, "prediction 1: expected the keys .*segmentation"),
        ({"image_id": 77}, "prediction 1: image 77 is not among the 3 images"),
        ({"category_id": 7}, r"prediction 1: category 7 .* which has \[0, 1\]"),
        ({"score": 1.5}, r"prediction 1: expected a score in \[0, 1\], found 1.5"),
        ({"score": float("nan")}, "found nan"),
        ({"score": "high"}, "found 'high'"),
        ({"score": True}, "found True"),
        (
            {"segmentation": disc_rle(9, 9, 4, size=50)},
            r"size \[50, 50\] in an image of \[60, 60\]",
        ),
        ({"segmentation": 5}, "expected polygons or RLE"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": "zzzz"}}, "prediction 1: .*damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": "f13"}}, "RLE is damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": 5}}, "damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": [-1, 3601]}}, "whole numbers from 0"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": [1.5, 3598.5]}}, "whole numbers"),
        ({"segmentation": [[1, 1, 9, 1, 3e9, 9]]}, "prediction 1: .*in px"),
        ({"segmentation": [[1, 1, 9, 1, float("nan"), 9]]}, "prediction 1: .*not finite"),
        ({"image_id": [1]}, r"prediction 1: 'image_id' is \[1\]; expected a whole number"),
        ({"category_id": {}}, "prediction 1: 'category_id' is {}; expected a whole number"),
    ],
)
def test_a_bad_prediction_is_refused(
    scene: CocoDataset, detections: list[dict[str, Any]], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        score(scene, changed(detections, **changes))


def test_a_prediction_that_is_no_record_is_refused(scene: CocoDataset) -> None:
    with pytest.raises(ValueError, match="prediction 0: expected the keys .* found int"):
        score(scene, cast(Any, [3]))


def test_settings_out_of_range_are_refused(scene: CocoDataset) -> None:
    with pytest.raises(ValueError, match="max_detections"):
        score(scene, [], max_detections=0)
    with pytest.raises(ValueError, match="clean_score_threshold"):
        score(scene, [], clean_score_threshold=2)


def test_an_empty_ground_truth_is_refused(scene: CocoDataset) -> None:
    bare = dataclasses.replace(scene, annotations={i: [] for i in scene.images})
    with pytest.raises(ValueError, match="no annotation on the 3 images"):
        score(bare, [])


def test_a_file_that_is_no_list_is_refused(files: tuple[Path, Path]) -> None:
    truth, predictions = files
    write_json(predictions, {"annotations": []})
    with pytest.raises(ValueError, match="expected a COCO result list .* found dict"):
        score_files(truth, predictions)


def test_a_truncated_file_is_refused(files: tuple[Path, Path]) -> None:
    truth, predictions = files
    predictions.write_bytes(predictions.read_bytes()[:-20])
    with pytest.raises(ValueError, match="expected complete JSON"):
        score_files(truth, predictions)


def test_the_file_at_fault_is_named_once(
    files: tuple[Path, Path], scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    truth, predictions = files
    write_json(predictions, changed(detections, score=2))
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).startswith(f"{predictions}: prediction 1: expected a score")
    assert str(truth) not in str(error.value)
    predictions.write_text("[")
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).count(str(predictions)) == 1
    write_json(predictions, detections)
    scene.annotations[2][0]["segmentation"] = [[1, 1, 9, 1, 3e9, 9]]
    write_truth(truth, scene)
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).startswith(f"{truth}: annotation 3 of 2.png: segmentation: ")
    assert str(predictions) not in str(error.value)


def sidecar(scene: CocoDataset, **changes: Any) -> list[dict[str, Any]]:
    entries = [dataclasses.asdict(image) for image in scene.images.values()]
    entries[1].update(changes)
    return entries


def test_sidecar_that_agrees(files: tuple[Path, Path], scene: CocoDataset) -> None:
    truth, predictions = files
    assert sidecar_path(predictions).name == "predictions.images.json"
    write_json(sidecar_path(predictions), {"images": sidecar(scene)})
    assert score_files(truth, predictions)["counts"]["images"] == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"file_name": "other.png"},
            r"image 2 \(other.png\) was predicted, but is not among the 3 images .*first '1.png'",
        ),
        ({"height": 61}, r"image 2 \(2.png\) has height 61, but 60"),
        ({"id": 9}, "prediction 2: image 2 is not in the list of predicted images"),
        ({"id": 1}, r"image 1 \(2.png\) and another image of this id are both listed"),
        ({"file_name": "1.tif"}, r"image 2 \(1.tif\) and 1.png are both listed"),
    ],
)
def test_predictions_of_another_data_set_are_refused(
    files: tuple[Path, Path], scene: CocoDataset, changes: dict[str, Any], message: str
) -> None:
    truth, predictions = files
    write_json(sidecar_path(predictions), {"images": sidecar(scene, **changes)})
    with pytest.raises(ValueError, match=message):
        score_files(truth, predictions)


def test_images_that_were_not_predicted_are_refused(
    files: tuple[Path, Path], scene: CocoDataset
) -> None:
    truth, predictions = files
    write_json(sidecar_path(predictions), {"images": sidecar(scene)[:2]})
    with pytest.raises(ValueError, match="1 of 3 images .* were not predicted, first '3.png'"):
        score_files(truth, predictions)
    assert score_files(truth, predictions, file_names=["1.png", "2.png"])["counts"]["images"] == 2


def test_a_broken_sidecar_is_refused(files: tuple[Path, Path]) -> None:
    truth, predictions = files
    contents: list[Any] = [{"images": [{"id": 1}]}, {"images": [1]}, {"info": {}}, [{"id": 1}]]
    for content in contents:
        write_json(sidecar_path(predictions), content)
        message = "`images` is a list of file_name, height, id, width; predict again"
        with pytest.raises(ValueError, match=message):
            score_files(truth, predictions)
    entry = {"id": [1], "file_name": "a", "height": 1, "width": 1}
    write_json(sidecar_path(predictions), {"images": [entry]})
    with pytest.raises(ValueError, match=r"images.json: an entry: 'id' is \[1\]"):
        score_files(truth, predictions)


def renamed(scene: CocoDataset, names: dict[int, str]) -> CocoDataset:
    images = {
        number: dataclasses.replace(image, file_name=names[number])
        for number, image in scene.images.items()
    }
    return dataclasses.replace(scene, images=images)


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        (["a.tif", "b.JPG", "x/c.tiff"], ["a.png", "b.png", "x/c.png"]),  # as in an archive
        (["a.tif", "b.JPG", "x/c.tiff"], ["a.tif", "b.JPG", "x/c.tiff"]),  # a person's own file
        (["a.tif", "a.png", "x/c.tiff"], ["a.tif", "a.png", "x\\c.tif"]),
        (["zo\u00eb.tif", "b.png", "c.png"], ["zoe\u0308.png", "b.png", "c.png"]),
    ],
)
def test_images_are_matched_by_name_whatever_their_ids_and_suffixes(
    listed: list[str], own: list[str], files: tuple[Path, Path], scene: CocoDataset,
    detections: list[dict[str, Any]],
) -> None:  # fmt: skip
    truth, predictions = files
    expected = score_files(truth, predictions)
    write_truth(truth, renamed(scene, dict(enumerate(own, start=1))))
    new = {1: 3, 2: 1, 3: 2}  # the folder has an order of its own
    entries = [
        {"id": new[k], "file_name": name, "height": SIZE, "width": SIZE}
        for k, name in enumerate(listed, start=1)
    ]
    write_json(sidecar_path(predictions), {"images": entries})
    write_json(predictions, [{**d, "image_id": new[d["image_id"]]} for d in detections])
    found = score_files(truth, predictions)
    assert found["coco"] == expected["coco"]
    assert found["clean"] == expected["clean"]


def test_a_name_that_fits_two_images_is_refused(
    files: tuple[Path, Path], scene: CocoDataset
) -> None:
    truth, predictions = files
    write_truth(truth, renamed(scene, {1: "a.tif", 2: "a.png", 3: "c.png"}))
    write_json(sidecar_path(predictions), {"images": sidecar(scene, file_name="a.jpg")[1:2]})
    with pytest.raises(ValueError, match=r"image 2 \(a.jpg\) fits 'a.tif' and 'a.png' of"):
        score_files(truth, predictions)


def test_predictions_that_are_shares_of_the_image_are_refused(
    scene: CocoDataset, detections: list[dict[str, Any]]
) -> None:
    shares = [{**entry, "segmentation": [[0.1, 0.1, 0.5, 0.1, 0.5, 0.6]]} for entry in detections]
    with pytest.raises(
        ValueError, match="predictions: all coordinates of polygons .* between 0 and 1"
    ):
        score(scene, shares)
    in_px = {**detections[0], "segmentation": [[1, 1, 9, 1, 9, 9]]}
    score(scene, [in_px, *shares])


def test_a_name_in_another_normal_form_is_that_of_the_image(
    files: tuple[Path, Path], scene: CocoDataset
) -> None:
    truth, predictions = files
    content = read_json(truth)
    content["images"][0]["file_name"] = "é.png"
    write_json(truth, content)
    entries = sidecar(scene)
    entries[0]["file_name"] = unicodedata.normalize("NFD", "é.png")
    write_json(sidecar_path(predictions), {"images": entries})
    assert score_files(truth, predictions)["counts"]["images"] == len(entries)


def test_a_flag_as_text_does_not_make_a_crowd(files: tuple[Path, Path]) -> None:
    truth, predictions = files
    expected = score_files(truth, predictions)
    content = read_json(truth)
    for annotation in content["annotations"]:
        annotation["iscrowd"] = str(annotation.get("iscrowd", 0))
    write_json(truth, content)
    found = score_files(truth, predictions)
    assert {**found, "inputs": None} == {**expected, "inputs": None}
