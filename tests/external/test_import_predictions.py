"""Predictions of other programs as a prediction file: matching, classes, scores, refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gains.datasets.coco import read_coco
from gains.export import FORMATS
from gains.export.job import ExportJob
from gains.external.job import import_predictions
from gains.masks.rle import encode_mask
from gains.scoring.score import score_files
from gains.support.files import read_json, write_json
from helpers.external import LEFT, RIGHT, H, W, draw_label_images, mask, write_truth

NAMES = ["b.png", "c.png"]
"""The images that are scored; a.png belongs to another part."""


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "cells.json")


def read(files: Path, truth: Path, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the entries that are written, and the list of images."""
    out = truth.with_name("out.json")
    import_predictions(files, truth, out, file_names=NAMES, **options)
    return read_json(out), read_json(truth.with_name("out.images.json"))


def scores(truth: Path, names: list[str] | None = None) -> dict[str, Any]:
    """Return the scores of what was written last."""
    return score_files(truth, truth.with_name("out.json"), file_names=names or NAMES)


def detections(*boxes: tuple[int, int, int, int], image: int = 2, **more: Any) -> list[Any]:
    given = {"image_id": image, "category_id": 1, **more}
    return [{**given, "segmentation": encode_mask(mask(*box))} for box in boxes]


def images(*names: str, first: int = 1, height: int = H) -> list[dict[str, Any]]:
    return [
        {"id": k, "file_name": name, "height": height, "width": W}
        for k, name in enumerate(names, start=first)
    ]


def test_label_images_lose_what_is_hidden(truth: Path, tmp_path: Path) -> None:
    drawn = draw_label_images(read_coco(truth), tmp_path / "drawn")
    entries, listed = read(drawn, truth)
    assert [image["file_name"] for image in listed["images"]] == NAMES
    assert listed["info"]["external"] == {"format": "label images", "scored": False, "absent": []}
    assert [e["score"] for e in entries] == [1.0] * 4
    assert "predictions for 1 images that are not scored were left out" in listed["info"]["repairs"]
    # of the left cell 80 of 120 px remain, and the right one is whole: (80 + 120) / (120 + 120)
    assert scores(truth)["clean"]["average"]["AJI"] == pytest.approx(200 / 240)
    assert scores(truth)["external"] == {"format": "label images", "scored": False, "absent": []}


def test_layers_lose_nothing(truth: Path, tmp_path: Path) -> None:
    layers = np.stack([mask(*LEFT) * 1, mask(*RIGHT) * 2]).astype(np.uint8)
    for name in "bc":
        tifffile.imwrite(tmp_path / f"{name}_cp_masks.tif", layers, photometric="minisblack")
    (tmp_path / "found").mkdir()
    for name in "bc":
        (tmp_path / f"{name}_cp_masks.tif").rename(tmp_path / "found" / f"{name}_cp_masks.tif")
    read(tmp_path / "found", truth)
    assert scores(truth)["clean"]["average"]["AJI"] == 1


def test_files_of_cellpose_beside_copies_of_the_images(truth: Path, tmp_path: Path) -> None:
    folder = tmp_path / "found"
    folder.mkdir()
    for name in "abc":
        Image.new("L", (W, H), 90).save(folder / f"{name}.tif")
        content = np.array({"masks": mask(*LEFT) * 1, "filename": "x"})
        np.save(folder / f"{name}_seg.npy", content, allow_pickle=True)
    entries, listed = read(folder, truth)
    assert listed["info"]["external"]["format"] == "Cellpose"
    assert [(e["image_id"], e["segmentation"]) for e in entries] == [
        (number, encode_mask(mask(*LEFT))) for number in (2, 3)
    ]


@pytest.mark.parametrize("kind", ["geojson", "imagej", "coco", "labels"])
def test_what_gains_exports_comes_back(kind: str, truth: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    write_json(found, detections(LEFT, score=0.9) + detections(RIGHT, image=3, score=0.25))
    write_json(
        tmp_path / "found.images.json",
        {"info": {"categories": {"1": "cell"}}, "images": images(*"abc")},
    )
    job = ExportJob([FORMATS.get(kind)], tmp_path / "out", coco=truth, score_threshold=0)
    job.run(found)
    place = tmp_path / "out" / kind
    entries, listed = read(place, truth)
    scored = kind != "labels"
    assert listed["info"]["external"]["scored"] is scored
    assert [e["score"] for e in entries] == ([0.9, 0.25] if scored else [1, 1])
    assert [e["segmentation"] for e in entries] == [encode_mask(mask(*b)) for b in (LEFT, RIGHT)]


def test_probabilities_of_stardist_in_qupath_are_scores(truth: Path, tmp_path: Path) -> None:
    for name, value in (("b.tif", 0.75), ("c.tif", 0.5)):
        feature = {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[[2, 3], [9, 3], [9, 9], [2, 3]]]},
            "properties": {"measurements": [{"name": "Detection probability", "value": value}]},
        }
        write_json(tmp_path / "found" / f"{name}.geojson", [feature])
    entries, _ = read(tmp_path / "found", truth)
    assert [e["score"] for e in entries] == [0.75, 0.5]


def test_mask_files_in_a_folder_for_each_image(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "cells.json", names=[f"{n}/images/{n}.png" for n in "abc"])
    for name in "bc":
        for part, values in {"images": np.full((H, W), 90), "masks": mask(*LEFT) * 255}.items():
            path = tmp_path / "found" / name / part / f"{name}.png"
            path.parent.mkdir(parents=True)
            Image.fromarray(values.astype(np.uint8)).save(path)
    out = tmp_path / "out.json"
    names = [f"{n}/images/{n}.png" for n in "bc"]
    assert (
        import_predictions(tmp_path / "found", truth, out, file_names=names).format == "mask files"
    )
    assert len(read_json(out)) == 2


class TestResultLists:
    """COCO result lists, whose images may be named beside them."""

    def test_ids_are_those_of_the_ground_truth(
        self, truth: Path, tmp_path: Path, caplog: Any
    ) -> None:
        caplog.set_level(logging.INFO)
        found = detections(LEFT, score=0.5) + detections(RIGHT, image=1, score=0.75)
        write_json(tmp_path / "r.json.gz", found)
        entries, listed = read(tmp_path / "r.json.gz", truth)
        assert [(e["image_id"], e["score"]) for e in entries] == [(2, 0.5)]
        assert [image["id"] for image in listed["images"]] == [2, 3]
        assert "predictions for 1 images that are not scored were left out" in caplog.text
        assert "1 of 2 images have no detection in the list" in caplog.text

    def test_names_beside_them_decide(self, truth: Path, tmp_path: Path) -> None:
        write_json(tmp_path / "r.json", detections(LEFT, image=8, score=0.5, category_id=5))
        info = {"categories": {"5": "cell"}}
        named = {"info": info, "images": images("c.tif", "b.tif", first=7)}
        write_json(tmp_path / "r.images.json", named)
        entries, _ = read(tmp_path / "r.json", truth)
        assert [(e["image_id"], e["category_id"]) for e in entries] == [(2, 1)]

    def test_an_empty_list_is_accepted_with_a_warning(
        self, truth: Path, tmp_path: Path, caplog: Any
    ) -> None:
        write_json(tmp_path / "r.json", [])
        assert read(tmp_path / "r.json", truth)[0] == []
        assert ("WARNING", "0 detections in 2 images") in [
            (r.levelname, r.getMessage().rsplit(", ", 1)[1]) for r in caplog.records
        ]

    def test_a_data_set_with_scores(self, truth: Path, tmp_path: Path) -> None:
        crowd = detections(RIGHT, image=7, category_id=3, score=0.5, iscrowd=1)
        content = {
            "images": images("c.png", "b.png", first=7),
            "annotations": detections(LEFT, image=7, category_id=3, score=0.5) + crowd,
            "categories": [{"id": 3, "name": "cell"}],
        }
        write_json(tmp_path / "found" / "r.json", content)
        entries, listed = read(tmp_path / "found", truth)
        assert [(e["image_id"], e["score"]) for e in entries] == [(3, 0.5)]
        assert listed["info"]["repairs"] == [
            "annotations with iscrowd 1, which are no single objects, were dropped: 1"
        ]


def test_the_class_of_objects_without_one(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "cells.json", {1: "cell", 2: "nucleus"})
    drawn = draw_label_images(read_coco(truth), tmp_path / "drawn")
    with pytest.raises(ValueError, match="name no class, but .* has 2: cell, nucleus"):
        read(drawn, truth)
    entries, listed = read(drawn, truth, category="nucleus")
    assert {entry["category_id"] for entry in entries} == {2}
    assert listed["info"]["external"]["absent"] == ["cell"]
    with pytest.raises(ValueError, match="category: the class 'nuclei' is not in .* did you mean"):
        read(drawn, truth, category="nuclei")


def _without(name: str) -> Callable[[Path, Path], Path]:
    def make(truth: Path, folder: Path) -> Path:
        (draw_label_images(read_coco(truth), folder) / name).unlink()
        return folder

    return make


def _smaller(truth: Path, folder: Path) -> Path:
    draw_label_images(read_coco(truth), folder)
    Image.new("L", (W - 1, H)).save(folder / "c.png")
    return folder


def _stranger(truth: Path, folder: Path) -> Path:
    draw_label_images(read_coco(truth), folder)
    (folder / "a.png").rename(folder / "d.png")
    return folder


def _json(content: Any, named: Any = None) -> Callable[[Path, Path], Path]:
    def make(_: Path, folder: Path) -> Path:
        write_json(folder / "r.json", content)
        if named is not None:
            write_json(folder / "r.images.json", named)
        return folder / "r.json"

    return make


ONE = detections(LEFT, score=0.5)
REFUSED = {
    "no prediction": (
        _without("c.png"),
        "1 of the 2 images to score have no prediction, first 'c.png'",
    ),
    "another size": (_smaller, r"shape \[20, 29\], but the image has \[20, 30\] px"),
    "no such image": (_stranger, r"d.png: belongs to no image; .* an image in .*cells.json"),
    "other images": (
        _json(detections(LEFT, image=1, score=0.5)),
        "in 1 images, but none in the 2 images to score",
    ),
    "an image is not listed": (
        _json(ONE, {"images": images("a.png", "b.png")}),
        "1 of the 2 images to score have no prediction, first 'c.png'",
    ),
    "an unknown image is listed": (
        _json(ONE, {"images": images("x.png")}),
        "the image 'x.png' is not in .*cells.json",
    ),
    "a listed image of another size": (
        _json(ONE, {"images": images("a.png", "b.png", height=40)}),
        "'a.png' has 40 x 30 px, but 20 x 30 px",
    ),
    "some scores": (_json(ONE + detections(RIGHT)), "1 of 2 detections have no score"),
    "another class": (
        _json(
            {"images": images(*"abc"), "annotations": ONE, "categories": [{"id": 1, "name": "x"}]}
        ),
        "r.json: the class 'x' is not in .*cells.json; known: cell",
    ),
    "another id of a class": (
        _json(detections(LEFT, score=1, category_id=0)),
        "category 0 is not in",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, truth: Path, tmp_path: Path) -> None:
    make, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        read(make(truth, tmp_path / "found"), truth)
    assert not (tmp_path / "out.json").exists()


def test_nothing_found_in_named_images_is_a_result(
    truth: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = draw_label_images(read_coco(truth), tmp_path / "drawn")
    for name in "bc":
        Image.new("L", (W, H)).save(folder / f"{name}.png")
    assert read(folder, truth)[0] == []
    assert [r.levelname for r in caplog.records if "0 detections in 2" in r.getMessage()] == [
        "WARNING"
    ]


def test_more_objects_without_scores_than_are_scored(truth: Path, tmp_path: Path) -> None:
    drawn = draw_label_images(read_coco(truth), tmp_path / "drawn")
    with pytest.raises(ValueError, match="b.png has 2 objects of one class without scores, but on"):
        read(drawn, truth, max_detections=1)


def test_missing_files(truth: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing: no such file or folder of predictions"):
        read(tmp_path / "nothing", truth)
