"""The images of a folder that is predicted; the model is a stub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.convert import convert
from gains.datasets.findings import Findings
from gains.datasets.readers.images import STORED, Reading
from gains.masks.rle import encode_mask
from gains.prediction.folder import images_of
from gains.prediction.predict import predict_images
from gains.scoring.score import score_files
from gains.support.files import read_json, write_json
from prediction.test_batches import Stub

H, W = 6, 8


def save(path: Path, value: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((H, W), value, dtype=np.uint8)).save(path)


def names(folder: Path) -> list[str]:
    return [image.record.file_name for image in images_of([folder], STORED, Findings())]


def test_hidden_files_and_those_of_file_managers_are_no_images(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    for name in ("._a.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".b.jpg"):
        (tmp_path / name).write_bytes(b"no image")
    save(tmp_path / "__MACOSX" / "a.png")
    save(tmp_path / ".cache" / "a.png")
    assert names(tmp_path) == ["a.png"]


def test_a_single_file_is_predicted_by_its_name(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    assert names(tmp_path / "a.png") == ["a.png"]


def test_subfolders_are_predicted_with_names_below_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for name in ("b.png", "a/z.tif", "a/deep/x.JPG", "a-b.png"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = images_of([tmp_path], STORED, Findings())
    assert [image.record.file_name for image in found] == [
        "a-b.png", "a/deep/x.JPG", "a/z.tif", "b.png",
    ]  # fmt: skip
    assert [image.record.id for image in found] == [1, 2, 3, 4]
    assert "files that are no images were left out: 1 (first: notes.txt)" in caplog.text
    assert "links to folders were left out: 1 (first: link)" in caplog.text


def test_masks_beside_images_are_no_images(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for name in ("1/images/a.png", "1/masks/0.png", "1/masks/1.png", "masks/b.png"):
        save(tmp_path / name)
    assert names(tmp_path) == ["1/images/a.png", "masks/b.png"]
    assert "files of masks/ beside images/ were left out: 2 (first: 1/masks/0.png)" in caplog.text


def test_changes_that_reading_makes_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for name in ("a.png", "b.png"):
        Image.new("RGBA", (W, H), (9, 9, 9, 50)).save(tmp_path / name)
    images_of([tmp_path], STORED, Findings())
    assert "transparency was composed on white: 2 (first: a.png)" in caplog.text


def test_all_images_that_cannot_be_read_are_named_before_the_first_prediction(
    tmp_path: Path,
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    for name in ("a.png", "m.png", "z.png"):
        Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / "m.png").read_bytes()
    (tmp_path / "m.png").write_bytes(whole[: len(whole) // 2])  # its header is good
    (tmp_path / "x.tif").write_bytes(b"no image")
    (tmp_path / "y.png").symlink_to(tmp_path / "nowhere.png")
    stub: Any = Stub()
    with pytest.raises(ValueError) as error:
        predict_images(stub, [tmp_path], tmp_path / "out.json")
    text = str(error.value)
    assert "3 of 5 images cannot be read, and nothing was predicted" in text
    for name in ("m.png", "x.tif", "y.png"):
        assert f"\n  {tmp_path / name}: " in text
    assert stub.batches == []
    assert not (tmp_path / "out.json").exists()


def test_a_long_list_of_unreadable_images_is_cut(tmp_path: Path) -> None:
    for k in range(30):
        (tmp_path / f"{k:02d}.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="30 of 30 images") as error:
        images_of([tmp_path], STORED, Findings())
    assert str(error.value).count(".png: ") == 20
    assert str(error.value).endswith("and 10 more")


@pytest.mark.parametrize("twin", ["a/x.png", "a/x.PNG", "a/x.jpeg"])
def test_images_that_differ_in_their_suffix_alone_are_refused(twin: str, tmp_path: Path) -> None:
    save(tmp_path / "a" / "x.tif")
    save(tmp_path / "x.tif")
    assert names(tmp_path) == ["a/x.tif", "x.tif"]
    save(tmp_path / twin)
    with pytest.raises(ValueError, match=f"'a/x.tif' differ|'{twin}' differ"):
        images_of([tmp_path], STORED, Findings())


def test_a_folder_of_tif_images_is_scored_against_the_data_set_made_from_it(
    tmp_path: Path,
) -> None:
    folder, mask = tmp_path / "images", encode_mask(np.ones((H, W), dtype=bool))
    listed = ["b.tif", "sub/a.TIFF", "c.jpg"]
    for name in listed:
        save(folder / name)
    content = {
        "images": [
            {"id": 10 * k, "file_name": name, "height": H, "width": W}
            for k, name in enumerate(listed)
        ],
        "annotations": [
            {"id": k, "image_id": 10 * k, "category_id": 1, "segmentation": mask, "iscrowd": 0}
            for k in range(3)
        ],
        "categories": [{"id": 1, "name": "cell"}],
    }
    write_json(tmp_path / "ann.json", content)
    options = {"images": str(folder), "labels": str(tmp_path / "ann.json")}
    convert("cells", "folder", options, tmp_path / "cells.json")
    stub: Any = Stub()
    predict_images(stub, [folder], tmp_path / "found.json")
    assert [e["file_name"] for e in read_json(tmp_path / "found.images.json")["images"]] == [
        "b.tif", "c.jpg", "sub/a.TIFF",
    ]  # fmt: skip
    for truth in ("cells.json", "ann.json"):
        scores = score_files(tmp_path / truth, tmp_path / "found.json")
        assert scores["counts"] == {"images": 3, "ground_truths": 3, "detections": 3}
        assert scores["clean"]["average"]["F1"] == 1


def test_the_log_says_how_a_folder_was_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    save(tmp_path / "images" / "a.png")
    stub: Any = Stub()
    predict_images(stub, [tmp_path / "images"], tmp_path / "found.json")
    assert "was read with orientation stored and percentiles none; these should be" in caplog.text
    caplog.clear()
    predict_images(stub, [tmp_path / "images"], tmp_path / "found.json", STORED, "first")
    assert "as in the data set of the study 'first'" in caplog.text
    assert "a model file does not hold" not in caplog.text


@pytest.mark.parametrize(("ids", "refused"), [((0, 1), True), ((1, 2), False), ((2, 1), True)])
def test_categories_of_other_numbers_are_not_compared(
    ids: tuple[int, int], refused: bool, tmp_path: Path
) -> None:
    save(tmp_path / "images" / "a.png")
    stub: Any = Stub()
    stub.info = lambda: {"categories": {"1": "cell", "2": "nucleus"}}
    predict_images(stub, [tmp_path / "images"], tmp_path / "found.json")
    mask = encode_mask(np.ones((H, W), dtype=bool))
    content = {
        "images": [{"id": 5, "file_name": "a.png", "height": H, "width": W}],
        "annotations": [{"id": 1, "image_id": 5, "category_id": ids[0], "segmentation": mask}],
        "categories": [{"id": ids[0], "name": "cell"}, {"id": ids[1], "name": "nucleus"}],
    }
    write_json(tmp_path / "ann.json", content)
    if refused:
        with pytest.raises(ValueError, match=f"category 1 is 'cell', but .* has the id {ids[0]}"):
            score_files(tmp_path / "ann.json", tmp_path / "found.json")
    else:
        score_files(tmp_path / "ann.json", tmp_path / "found.json")


def test_an_orientation_that_differs_from_the_data_set_is_named(tmp_path: Path) -> None:
    folder, exif = tmp_path / "images", Image.Exif()
    exif[274] = 6
    folder.mkdir()
    Image.fromarray(np.ones((H, W), dtype=np.uint8)).save(folder / "a.png", exif=exif)
    mask = encode_mask(np.ones((W, H), dtype=bool))
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": W, "width": H}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": mask}],
        "categories": [{"id": 1, "name": "cell"}],
    }
    write_json(tmp_path / "ann.json", content)
    stub: Any = Stub()
    predict_images(stub, [folder], tmp_path / "found.json")
    with pytest.raises(ValueError, match="predict with the `--orientation`"):
        score_files(tmp_path / "ann.json", tmp_path / "found.json")
    predict_images(stub, [folder], tmp_path / "found.json", Reading(orientation="apply"))
    score_files(tmp_path / "ann.json", tmp_path / "found.json")
