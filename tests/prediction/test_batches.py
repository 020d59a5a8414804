"""What becomes of images and detections around a model; the model is a stub."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import ImageRecord, read_coco
from gains.datasets.readers.images import Reading
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.files import box_scores, read_predictions, write_predictions
from gains.prediction.image_predictor import ImagePredictor
from gains.prediction.predict import predict_images, predict_split
from gains.prediction.predictor import Predictor
from gains.support.files import read_json, write_json
from helpers.coco_files import write_coco


class Stub:
    """A predictor that finds one object for each unit of an image's first grey value."""

    path = Path("model.pt")
    scale = None
    each = ImagePredictor.each
    require_categories = Predictor.require_categories

    def __init__(self, categories: dict[int, str] | None = None) -> None:
        self.categories = categories or {1: "cell"}
        self.recipe = SimpleNamespace(threads=1, test_batch_size=2)
        self.settings = SimpleNamespace(max_detections=2)
        self.batches: list[list[tuple[int, ...]]] = []

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return shape[0], shape[1]

    def info(self) -> dict[str, Any]:
        return {"method": "stub"}

    def batch(self, images: list[Any]) -> list[Instances]:
        self.batches.append([pixels.shape for pixels in images])
        return [self.found(pixels) for pixels in images]

    def found(self, pixels: Any) -> Instances:
        height, width, _ = pixels.shape
        n = int(pixels[0, 0, 0])
        full = encode_mask(np.ones((height, width), dtype=bool))
        return Instances.from_rles(height, width, [full] * n, [1] * n, scores=[0.5] * n)


def test_a_folder_by_hand(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for name, height, n in (("d.png", 5, 0), ("b.PNG", 4, 3), ("c.tif", 4, 1), ("a.png", 4, 2)):
        Image.fromarray(np.full((height, 6), n, dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    stub: Any = Stub()
    predict_images(stub, [tmp_path], tmp_path / "out" / "x.json.gz")
    assert stub.batches == [[(4, 6, 3)] * 2, [(4, 6, 3)], [(5, 6, 3)]]
    assert read_json(tmp_path / "out" / "x.images.json") == {
        "info": {
            "method": "stub",
            "reading": {"orientation": "stored", "percentiles": None},
            "repairs": ["files that are no images were left out: 1 (first: notes.txt)"],
        },
        "images": [
            {"id": 1, "file_name": "a.png", "height": 4, "width": 6},
            {"id": 2, "file_name": "b.PNG", "height": 4, "width": 6},
            {"id": 3, "file_name": "c.tif", "height": 4, "width": 6},
            {"id": 4, "file_name": "d.png", "height": 5, "width": 6},
        ],
    }
    found = read_json(tmp_path / "out" / "x.json.gz")
    assert [entry["image_id"] for entry in found] == [1, 1, 2, 2, 2, 3]
    assert "6 detections in 4 images" in caplog.messages
    assert any(m.startswith("2 of 4 images have 2 detections") for m in caplog.messages)


def test_a_folder_is_read_as_the_options_say_and_changes_are_recorded(tmp_path: Path) -> None:
    deep = np.arange(24, dtype=np.uint16).reshape(4, 6) * 100
    deep[0, 0] = 60_000
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(deep).save(tmp_path / "a.png", exif=exif)
    stub: Any = Stub()
    reading = Reading(orientation="apply", percentiles=(0, 90))
    predict_images(stub, [tmp_path], tmp_path / "x.json", reading)
    assert stub.batches == [[(6, 4, 3)]]
    sidecar = read_json(tmp_path / "x.images.json")
    assert sidecar["images"][0]["height"] == 6
    assert sidecar["info"]["reading"] == {"orientation": "apply", "percentiles": [0, 90]}
    assert sidecar["info"]["repairs"] == [
        "the orientation tag 6 was applied: 1 (first: a.png)",
        "deep grey was scaled linearly, its percentiles 0.0 and 90.0 to 0 and 255, and cut off "
        "there: 1 (first: a.png)",
    ]


def test_no_detection_at_all_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Image.fromarray(np.zeros((4, 6), dtype=np.uint8)).save(tmp_path / "a.png")
    stub: Any = Stub()
    predict_images(stub, [tmp_path], tmp_path / "x.json")
    said = [record for record in caplog.records if record.message == "0 detections in 1 images"]
    assert [record.levelname for record in said] == ["WARNING"]


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 6), dtype=np.uint8)).save(tmp_path / "a.png")
    stub: Any = Stub()
    with pytest.raises(ValueError, match="is a folder"):
        predict_images(stub, [tmp_path], tmp_path)
    assert stub.batches == []


def test_the_part_and_fold_that_are_named_are_predicted(tmp_path: Path) -> None:
    mask = encode_mask(np.ones((4, 6), dtype=bool))
    scenes = [
        (name, np.full((4, 6), n, np.uint8), Instances.from_rles(4, 6, [mask], [1]))
        for n, name in enumerate(("a.png", "b.png", "c.png"))
    ]
    coco, split = tmp_path / "d.json", tmp_path / "s.json"
    write_coco(coco, scenes, {1: "cell"}, {})
    first = {"train": ["a.png"], "val": ["b.png"], "test": ["c.png"]}
    second = {"train": ["b.png"], "val": ["c.png"], "test": ["a.png"]}
    write_json(split, {"folds": [first, second]})
    stub: Any = Stub()
    predict_split(stub, coco, split, "val", 1, tmp_path / "x.json")
    listed = read_json(tmp_path / "x.images.json")["images"]
    assert listed == [{"id": 3, "file_name": "c.png", "height": 4, "width": 6}]
    assert len(read_json(tmp_path / "x.json")) == 2
    other: Any = Stub({1: "nucleus"})
    with pytest.raises(ValueError, match=r"model\.pt: was trained on categories"):
        predict_split(other, coco, split, "val", 1, tmp_path / "y.json")


def test_an_entry_by_hand_and_read_again(tmp_path: Path) -> None:
    mask = encode_mask(np.ones((4, 6), dtype=bool))
    write_coco(
        tmp_path / "d.json",
        [("a.png", np.zeros((4, 6), np.uint8), Instances.from_rles(4, 6, [mask], [3]))],
        {3: "cell"},
        {},
    )
    found = Instances.from_rles(
        4, 6, [mask, mask], [3, 3], scores=[1.0, 0.123456789], extra={"box_score": [0.0, 0.75]}
    )
    write_predictions(tmp_path / "x.json", [(ImageRecord(1, "a.png", 4, 6), found)], {})
    first, second = read_json(tmp_path / "x.json")
    common = {"image_id": 1, "category_id": 3, "segmentation": mask, "bbox": [0, 0, 6, 4]}
    assert first == {**common, "score": 1.0, "box_score": 0.0}
    assert second == {**common, "score": 0.123456789, "box_score": 0.75}
    again = read_predictions(tmp_path / "x.json", read_coco(tmp_path / "d.json"))[1]
    assert again.scores.tolist() == [1.0, 0.123456789]
    assert box_scores(again).tolist() == [0.0, 0.75]
    assert again.categories.tolist() == [3, 3]
