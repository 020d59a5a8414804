"""gains import: labels become COCO JSON, and what `gains export` writes comes back."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gains.cli import data
from gains.cli.main import app
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.import_labels import import_labels
from gains.datasets.labels.label_images import FLAT
from gains.datasets.labels.settings import FolderSettings
from gains.export import FORMATS
from gains.export.job import ExportJob
from gains.support.files import read_json
from helpers import exports
from helpers.own_labels import Own, box

A, B, C = box(2, 3, 8, 9), box(12, 3, 18, 9), box(6, 5, 14, 8)


def run(own: Own, out: Path, *options: str) -> str:
    given = ["import", str(own.images), "--labels", str(own.labels), "--out", str(out), *options]
    return CliRunner().invoke(app, given, catch_exceptions=False).stdout


def test_what_labels_hold_is_printed_by_hand(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "b.png")
    np.save(own.place("a.npy"), np.stack([A * 1 + B * 2, C * 1]))
    np.save(own.place("b.npy"), np.zeros_like(A, dtype=np.uint8))
    assert run(own, tmp_path / "m.json", "--category", "cell").splitlines() == [
        "format: label images",
        "images: 2 (2 of 20x30 px; height x width), 1 without objects",
        "objects: 3",
        "  cell: 3 objects, median area 36 px; 100.0% overlap another of their class, "
        "0.0% only touch one",
    ]
    coco = read_coco(tmp_path / "m.json")
    np.testing.assert_array_equal(coco.instances(1).stack(), [A, C, B])
    assert coco.categories == {1: "cell"}


def test_what_to_heed_is_printed(own: Own, tmp_path: Path) -> None:
    """101 objects of one pixel, three of which touch, in label images of one layer."""
    values = np.zeros((20, 30), np.uint8)
    values[::2, ::3].flat[:100] = np.arange(1, 101)
    values[1, 1] = 101
    own.picture("a.png", values)
    lines = run(own, tmp_path / "m.json").splitlines()
    assert lines[3].endswith(
        "median area 1 px; 0.0% overlap another of their class, 3.0% only touch one"
    )
    assert lines[4].startswith("images with more than 100 objects: 1 (first: a.png); set `max_det")
    assert lines[5].startswith("A label image of one layer cannot hold overlaps")


def test_import_and_folder_read_the_same(own: Own, tmp_path: Path) -> None:
    own.picture("a.png", (A * 1 + B * 2).astype(np.uint8))
    import_labels(own.settings(), tmp_path / "m.json")
    for labels in (own.labels, tmp_path / "m.json"):
        options = {"images": str(own.images), "labels": str(labels)}
        convert("own", "folder", options, tmp_path / "own.json")
        coco = read_coco(tmp_path / "own.json")
        np.testing.assert_array_equal(coco.instances(1).stack(), [A, B])
    repairs = read_json(tmp_path / "own.json")["info"]["repairs"]
    assert repairs == [f"recorded in m.json: {FLAT}"]
    assert read_json(tmp_path / "own.json")["info"]["options"] == {
        "orientation": "stored", "percentiles": None, "crowds": "drop",
    }  # fmt: skip


def test_options_of_the_data_set_folder_are_options_of_import(own: Own, tmp_path: Path) -> None:
    """An image that is stored turned, and a COCO file whose objects are marked as crowds."""
    turned = Image.fromarray(np.full((30, 20), 90, np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(own.images / "a.png", exif=exif)
    own.picture("a.png", (A * 1).astype(np.uint8))
    with pytest.raises(ValueError, match="but the image has"):
        run(own, tmp_path / "m.json")
    assert "1 of 20x30 px" in run(own, tmp_path / "m.json", "--orientation", "apply")
    content = read_json(tmp_path / "m.json")
    content["annotations"][0]["iscrowd"] = 1
    own.place("a.png").unlink()
    own.text("c.json", content)
    options = ("--orientation", "apply", "--crowds")
    assert "objects: 1" in run(own, tmp_path / "n.json", *options, "keep")
    with pytest.raises(ValueError, match="none of its 1 annotations is usable"):
        run(own, tmp_path / "n.json", *options, "drop")
    with pytest.raises(ValueError, match=r"gains import\.crowds: .*'maybe'"):
        run(own, tmp_path / "n.json", *options, "maybe")


def test_import_has_every_option_of_the_data_set_folder_that_changes_labels() -> None:
    options = inspect.signature(data.import_labels).parameters
    # percentiles change pixels, which an import does not read
    assert set(FolderSettings.model_fields) - {"percentiles"} == set(options) - {"out"}


def test_labels_are_not_overwritten_and_nothing_is_written_on_an_error(own: Own) -> None:
    own.picture("a.png", (A * 1).astype(np.uint8))
    with pytest.raises(ValueError, match="would be overwritten"):
        run(own, own.labels / "a.png")
    own.text("a.png", "damaged")
    with pytest.raises(ValueError, match="not a readable image"):
        run(own, own.labels.parent / "m.json")
    assert not (own.labels.parent / "m.json").exists()


def test_the_earlier_name_of_the_verb_is_refused_with_the_new_one() -> None:
    with pytest.raises(ValueError, match="`gains convert-masks` is now called `gains import`"):
        CliRunner().invoke(app, ["convert-masks"], catch_exceptions=False)


@pytest.mark.parametrize("name", ["geojson", "imagej", "labels"])
def test_what_export_writes_is_read_exactly(name: str, tmp_path: Path) -> None:
    """With overlaps, holes, parts and classes, in the order of the scores."""
    job = ExportJob([FORMATS.get(name)], tmp_path / "out")
    job.run(exports.write(tmp_path, [0.9, 0.8, 0.7, 0.6, 0.5]))
    own = Own(tmp_path, "day 1/a.png", "b.tif")
    for path in (own.images / "day 1/a.png", own.images / "b.tif"):
        Image.new("L", exports.SIZE[::-1]).save(path)
    found = own.read(labels=str(tmp_path / "out" / name))
    assert found.equals(*exports.masks(), image="day 1/a.png")
    assert found.masks["b.png"] == []
    assert found.classes["day 1/a.png"] == [
        exports.CATEGORIES[number] for number in (1, 1, 4, 1, 4)
    ]
