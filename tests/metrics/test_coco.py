"""COCO average precision against pycocotools."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.scoring.score import score
from helpers.random_sets import SIZE, box, random_set


def pycocotools_ap(
    truth: CocoDataset, predictions: list[dict[str, Any]], max_detections: int
) -> tuple[Any, Any, Any, dict[str, Any]]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i, "height": SIZE, "width": SIZE} for i in truth.images],
            "categories": [{"id": i} for i in truth.categories],
            "annotations": [dict(a) for found in truth.annotations.values() for a in found],
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes([dict(p) for p in predictions]), "segm")
        evaluation.params.maxDets = [1, 2, max_detections]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]

    def mean(values: npt.NDArray[np.float64]) -> Any:
        return values[values > -1].mean() if (values > -1).any() else None

    classes = {
        str(category): mean(precision[:, :, k])
        for k, category in enumerate(evaluation.params.catIds)
    }
    return mean(precision), mean(precision[0]), mean(precision[5]), classes


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("crowd", "max_detections"), [(0.0, 100), (0.3, 100), (0.2, 3)])
def test_equal_to_pycocotools(seed: int, crowd: float, max_detections: int) -> None:
    truth, predictions = random_set(seed, crowd)
    result = score(truth, predictions, max_detections=max_detections)["coco"]
    ap, ap50, ap75, classes = pycocotools_ap(truth, predictions, max_detections)
    assert result["AP"] == pytest.approx(ap, abs=1e-12)
    assert result["AP50"] == pytest.approx(ap50, abs=1e-12)
    assert result["AP75"] == pytest.approx(ap75, abs=1e-12)
    assert result["per_category"].keys() == classes.keys()
    for category, value in classes.items():
        found = result["per_category"][category]["AP"]
        assert found == (None if value is None else pytest.approx(value, abs=1e-12))


def test_the_classes_without_a_value_are_those_of_pycocotools() -> None:
    only_detected = 0
    for seed in range(60):
        truth, predictions = random_set(seed, crowd=0.5, images=1, most=4)
        if not predictions or all(a["iscrowd"] for a in truth.annotations[1]):
            continue
        result = score(truth, predictions)
        classes = pycocotools_ap(truth, predictions, 100)[3]
        absent = {category for category, value in classes.items() if value is None}
        for block in (result["coco"]["per_category"], result["clean"]["per_class"]):
            assert {c for c, row in block.items() if None in row.values()} == absent
            assert {c for c, row in block.items() if set(row.values()) == {None}} == absent
        only_detected += any(str(p["category_id"]) in absent for p in predictions)
        for name, value in result["clean"]["average"].items():
            known = [r[name] for c, r in result["clean"]["per_class"].items() if c not in absent]
            assert value == pytest.approx(sum(known) / len(known))
    assert only_detected > 5


def test_crowded_image_with_more_than_one_hundred_detections() -> None:
    truth, predictions = random_set(3, images=1, most=60, levels=1000)
    predictions = predictions * 8
    assert len(predictions) > 300
    result = score(truth, predictions)["coco"]["AP"]
    assert result == pytest.approx(pycocotools_ap(truth, predictions, 100)[0], abs=1e-12)


def test_annotation_id_zero_is_harmless() -> None:
    from_zero, predictions = random_set(4, first_id=0)
    from_one, _ = random_set(4, first_id=1)
    ours = score(from_zero, predictions)["coco"]
    assert ours == score(from_one, predictions)["coco"]
    # pycocotools takes the detection of id 0 for a false one
    assert ours["AP"] == pytest.approx(pycocotools_ap(from_one, predictions, 100)[0])
    assert ours["AP"] > pycocotools_ap(from_zero, predictions, 100)[0]


def test_dataset_path_is_only_for_messages() -> None:
    truth, _ = random_set(1)
    assert not Path(truth.path).exists()
    assert score(truth, [])["coco"]["AP"] == 0


def test_of_two_objects_with_equal_iou_the_later_one_is_taken() -> None:
    # the first detection shares 12 of 16 px with both objects, the second one is the first object
    objects = [box(0, 0, 4, 4), box(2, 0, 4, 4)]
    found = [box(1, 0, 4, 4), objects[0]]
    annotations = [
        {"id": n, "image_id": 1, "category_id": 0, "segmentation": rle, "area": 16, "iscrowd": 0}
        for n, rle in enumerate(objects, start=1)
    ]
    image = ImageRecord(1, "1.png", SIZE, SIZE)
    truth = CocoDataset("set", {1: image}, {0: "a"}, {1: annotations})
    predictions = [
        {"image_id": 1, "category_id": 0, "segmentation": rle, "score": value}
        for rle, value in zip(found, (0.9, 0.8), strict=True)
    ]
    # IoU 12 / 20: if the first detection took the first object, the second one would find none
    assert score(truth, predictions)["coco"]["AP50"] == 1
    assert pycocotools_ap(truth, predictions, 100)[1] == 1
