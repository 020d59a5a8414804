"""The format of labels is recognised, and label files are matched with images by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.own_labels import Own, box, corners, feature, labelme, polygon, shape

LABELS = (box(2, 3, 8, 9) * 1 + box(12, 3, 18, 9) * 2).astype(np.uint8)
POLYGON = polygon(corners(2, 3, 8, 9))
COCO = {
    "images": [{"id": 7, "file_name": "a.png"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 3, "segmentation": [[2, 3, 8, 3, 8, 9, 2, 9]]}
    ],
    "categories": [{"id": 3, "name": "cell"}],
}

Write = Callable[[Own], Any]
FORMATS: dict[str, Write] = {
    "COCO JSON": lambda own: own.text("all.json", COCO),
    "label images": lambda own: own.picture("a.png", LABELS),
    "GeoJSON": lambda own: own.text("a.geojson", [feature(POLYGON)]),
    "LabelMe": lambda own: own.text("a.json", labelme(shape("cell", corners(2, 3, 8, 9)))),
    "YOLO": lambda own: own.text("a.txt", "0 .067 .15 .267 .15 .267 .45 .067 .45\n"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised_by_its_files(name: str, own: Own) -> None:
    FORMATS[name](own)
    found = own.read()
    assert found.format == name
    np.testing.assert_array_equal(found.masks["a.png"][0], LABELS == 1)


def test_mixed_formats_are_refused_with_what_was_found(own: Own) -> None:
    FORMATS["GeoJSON"](own)
    FORMATS["label images"](own)
    message = r"2 formats: 1 x GeoJSON \(as a\.geojson\); 1 x label images \(as a\.png\)"
    with pytest.raises(ValueError, match=message):
        own.read()


NEARLY: dict[str, tuple[Write, str]] = {
    "JPEG": (lambda own: own.picture("a.jpg", LABELS), "a.jpg is no label images: its format may"),
    "a list": (
        lambda own: own.text("a.json", [1]),
        "is no GeoJSON: it holds a list of 1, and no F",
    ),
    "a record": (
        lambda own: own.text("a.json", {"images": [], "annotations": []}),
        "is no COCO JSON: it holds .* and no list 'categories'",
    ),
    "boxes": (lambda own: own.text("a.txt", "0 .1 .1 .2 .2"), "is no YOLO: .*so it is a box"),
    "no ROI": (lambda own: own.text("a.zip", "x"), "is no ImageJ ROIs: it begins with b'x'"),
    "other files": (lambda own: own.text("a.doc", "x"), r"found no labels, but 1 x \.doc\. Exp"),
    "nothing": (lambda own: None, "found no file besides the images. Expected one of: COCO JSON"),
}


@pytest.mark.parametrize("case", NEARLY)
def test_a_format_that_is_nearly_recognised_is_named(case: str, own: Own) -> None:
    write, message = NEARLY[case]
    write(own)
    own.text("b.md", "x") if case in ("a list", "a record") else None
    with pytest.raises(ValueError, match=message):
        own.read()


def test_one_damaged_file_among_good_ones_is_refused_by_name(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "b.png")
    own.picture("a.png", LABELS)
    own.text("b.png", "cut off")
    with pytest.raises(ValueError, match=r"b\.png: not a readable image"):
        own.read()


def test_files_are_matched_by_name_with_their_folders(tmp_path: Path) -> None:
    accented = unicodedata.normalize("NFD", "é")
    own = Own(tmp_path, "day 1/a.TIF.png", f"{accented}.PNG", "c.bmp", "d.png")
    own.picture("day 1/a.TIF.PNG", LABELS)
    own.picture("é_cp_masks.png", LABELS)
    own.picture("c.bmp.tif", LABELS)
    own.text("notes.md", "x")
    found = own.read()
    assert list(found.masks) == ["c.png", "day 1/a.TIF.png", "é.png"]
    assert any(
        "images without a label file were left out" in s and "d.png" in s for s in found.repairs
    )
    assert any("that are no labels were left out: 1 (first: notes.md)" in s for s in found.repairs)


def test_a_label_file_without_its_image_is_refused(own: Own) -> None:
    own.picture("a.png", LABELS)
    own.picture("b.png", LABELS)
    with pytest.raises(ValueError, match=r"b\.png: belongs to no image.*such as 'a' for a\.png"):
        own.read()


def test_two_label_files_of_one_image_are_refused(own: Own) -> None:
    own.picture("a.png", LABELS)
    own.picture("a_masks.png", LABELS)
    with pytest.raises(ValueError, match="is of the same image a.png; keep one"):
        own.read()


def test_a_label_file_that_fits_two_images_is_refused(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "a.bmp")
    own.picture("a.png", LABELS)
    with pytest.raises(ValueError, match=r"labels/a\.png: belongs to 2 images of the name 'a'"):
        own.read()
    own.place("a.png").rename(own.place("a.bmp.png"))
    assert list(own.read().masks) == ["a.png"]


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "a.bmp")
    own.picture("a.png.png", LABELS)
    own.picture("a.bmp.png", LABELS)
    with pytest.raises(ValueError, match="another image would also get the name 'a.png'"):
        own.read()


def test_labels_may_lie_beside_below_or_above_the_images(tmp_path: Path) -> None:
    own = Own(tmp_path)
    own.text("../images/a.geojson", [feature(POLYGON)])
    assert own.read(labels=str(own.images)).format == "GeoJSON"
    (own.images / "a.geojson").unlink()
    own.picture("../images/labels/a.png", LABELS)
    assert list(own.read(labels=str(own.images / "labels")).masks) == ["a.png"]
    (own.images / "labels/a.png").rename(tmp_path / "a.png")
    found = own.read(labels=str(tmp_path))
    assert (found.format, list(found.masks)) == ("label images", ["a.png"])
    with pytest.raises(ValueError, match="found no file besides the images"):
        own.read(labels=str(own.images))


def test_images_and_labels_in_linked_folders_are_read(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png")
    (own.images / "a.png").rename(own.images.parent / "b.png")
    own.picture("../store/labels/b.png", LABELS)
    (tmp_path / "store/images").mkdir()
    (tmp_path / "b.png").rename(tmp_path / "store/images/b.png")
    for place in (own.images, own.labels):
        (place / "linked").symlink_to(tmp_path / "store" / place.name)
    assert list(own.read().masks) == ["linked/b.png"]
    with pytest.raises(ValueError, match="found no file besides the images"):
        own.read(labels=str(own.images))


def test_classes_are_numbered_by_name_and_objects_without_one_get_the_option(own: Own) -> None:
    names = ["nucleus", None, "cell"]
    own.text("a.geojson", [feature(POLYGON, name) for name in names])
    found = own.read()
    assert found.names == {1: "cell", 2: "nucleus", 3: "object"}
    assert found.classes["a.png"] == ["nucleus", "object", "cell"]
    assert own.read(category="cell").names == {1: "cell", 2: "nucleus"}


def test_a_label_file_without_objects_keeps_its_image(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "b.png")
    own.text("a.geojson", [feature(POLYGON)])
    own.text("b.geojson", [])
    assert own.read().masks["b.png"] == []
    own.text("a.geojson", {"type": "FeatureCollection", "features": []})
    with pytest.raises(ValueError, match="no objects in the labels of 2 images"):
        own.read()
