"""Folders of mask files: which files are read, which are named and left out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.convert import convert as convert_dataset
from gains.datasets.import_labels import import_labels
from gains.datasets.labels.settings import FolderSettings
from gains.support.files import read_json

H, W = 20, 30


def save(path: Path, mask: np.ndarray | None = None, **options: Any) -> None:
    """Write a mask, or an image without an argument."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((H, W), 90) if mask is None else mask * 255
    Image.fromarray(pixels.astype(np.uint8)).save(path, **options)


def square(left: int) -> np.ndarray:
    mask = np.zeros((H, W), dtype=bool)
    mask[4:10, left : left + 5] = True
    return mask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One image with two masks."""
    folder = tmp_path / "set"
    save(folder / "a" / "images" / "a.png")
    save(folder / "a" / "masks" / "0.png", square(2))
    save(folder / "a" / "masks" / "1.png", square(12))
    return folder


def convert(root: Path) -> tuple[CocoDataset, list[str]]:
    out = root.parent / "ann.json"
    import_labels(FolderSettings(images=str(root), labels=str(root), category="cell"), out)
    return read_coco(out), read_json(out)["info"]["repairs"]


def objects(coco: CocoDataset) -> list[int]:
    return [len(found) for found in coco.annotations.values()]


@pytest.mark.parametrize(
    "name", ["2.PNG", "2.tif", "2.TIFF", "2.bmp", "2.BMP", "2.gif", "2.webp", "2.jpg", "2.JPEG"]
)
def test_masks_have_every_suffix_that_images_have(name: str, root: Path) -> None:
    options = {"lossless": True} if name.endswith("webp") else {}
    save(root / "a" / "masks" / name, square(22), **options)
    coco, _ = convert(root)
    np.testing.assert_array_equal(coco.instances(1).stack(), [square(2), square(12), square(22)])


def test_the_names_of_the_folders_may_be_in_capitals(root: Path) -> None:
    (root / "a" / "images").rename(root / "a" / "Images")
    (root / "a" / "masks").rename(root / "a" / "MASKS")
    coco, repairs = convert(root)
    assert objects(coco) == [2]
    assert coco.images[1].file_name == "a/Images/a.png"
    assert repairs == []
    save(root / "a" / "images" / "a.png")
    with pytest.raises(ValueError, match="holds Images/ and images/; keep only one"):
        convert(root)


def test_what_file_managers_leave_behind_is_ignored(root: Path) -> None:
    for place in (root, root / "a", root / "a" / "images", root / "a" / "masks"):
        for name in ("._0.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (place / name).write_bytes(b"no image")
    save(root / "__MACOSX" / "a" / "images" / "a.png")
    coco, repairs = convert(root)
    assert (objects(coco), repairs) == ([2], [])


Change = Callable[[Path], Any]

LEFT_OUT: dict[str, tuple[Change, str]] = {
    "no image": (
        lambda r: (r / "a/masks/roi.zip").write_bytes(b"x"),
        "files and folders in masks/ that are no images were left out: 1 (first: a/masks/roi.zip)",
    ),
    "an empty folder": (
        lambda r: (r / "a/masks/old").mkdir(),
        "files and folders in masks/ that are no images were left out: 1 (first: a/masks/old)",
    ),
    "a folder among images": (
        lambda r: save(r / "a/images/old/x.png"),
        "files and folders in images/ that are no images were left out: 1 (first: a/images/old)",
    ),
    "another folder": (
        lambda r: save(r / "b/raw/b.png"),
        "folders without images/ and masks/ were left out: 1 (first: b)",
    ),
    "a file at the top": (
        lambda r: save(r / "c.tif"),
        "image files outside images/ and masks/ were left out: 1 (first: c.tif)",
    ),
    "a file beside": (
        lambda r: save(r / "a/a.png"),
        "image files and folders beside images/ and masks/ were left out: 1 (first: a/a.png)",
    ),
    "a folder beside": (
        lambda r: save(r / "a/labels/0.png"),
        "image files and folders beside images/ and masks/ were left out: 1 (first: a/labels)",
    ),
    "empty mask": (
        lambda r: save(r / "a/masks/2.png", square(2) & False),
        "masks that cover no pixel were dropped: 1 (first: a/2.png)",
    ),
    "the same mask again": (
        lambda r: save(r / "a/masks/0.bmp", square(2)),
        "masks equal to another mask of their image were kept: 1 (first: a)",
    ),
    "no mask": (
        lambda r: (save(r / "b/images/b.png"), (r / "b/masks").mkdir()),
        "images without mask files were kept: 1 (first: b)",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_is_left_out_is_told(case: str, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    change, sentence = LEFT_OUT[case]
    change(root)
    with caplog.at_level(logging.INFO):
        coco, repairs = convert(root)
    assert objects(coco)[0] == (3 if case == "the same mask again" else 2)
    assert repairs == [sentence]
    assert sentence in caplog.text


REFUSED: dict[str, tuple[Change, str]] = {
    "no masks": (lambda r: save(r / "b/images/b.png"), "b: there is a folder images/ but no folder masks/"),
    "no images": (
        lambda r: save(r / "b/masks/0.png", square(2)),
        "b: there is a folder masks/ but no folder images/",
    ),
    "masks in a folder": (
        lambda r: save(r / "a/masks/nuclei/0.png", square(2)),
        r"a/masks/nuclei: is a folder with 1 image files, first 0\.png",
    ),
    "several images": (
        lambda r: save(r / "a/images/b.TIF"),
        r"expected one image in images/, found 2: a\.png, b\.TIF",
    ),
    "no image": (lambda r: (r / "a/images/a.png").unlink(), "expected one image in images/, found 0"),
    "several pages": (
        lambda r: save(
            r / "a/masks/2.tif", square(2), save_all=True, append_images=[Image.new("L", (W, H))]
        ),
        r"2\.tif: holds 2 frames",
    ),
    "another size": (
        lambda r: Image.new("L", (W, W), 255).save(r / "a/masks/2.png"),
        r"2\.png: the mask has size \[30, 30\], but the image a\.png has size \[20, 30\]",
    ),
    "damaged": (lambda r: (r / "a/masks/2.PNG").write_bytes(b"x"), r"2\.PNG: not a readable image"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, root: Path) -> None:
    change, message = REFUSED[case]
    change(root)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        convert(root)
    assert not (root.parent / "ann.json").exists()


def test_a_label_image_is_split_and_told(root: Path) -> None:
    labels = square(2) * 1 + square(12) * 2 + square(22) * 3
    save(root / "a" / "images" / "labels.png")
    (root / "a" / "images" / "a.png").unlink()  # the image has the name of its mask
    for path in (root / "a" / "masks").iterdir():
        path.unlink()
    Image.fromarray(labels.astype(np.uint16)).save(root / "a" / "masks" / "labels.png")
    coco, repairs = convert(root)
    np.testing.assert_array_equal(coco.instances(1).stack(), [labels == k for k in (1, 2, 3)])
    assert repairs == ["label images were split into one object per value: 1 (first: a/labels.png)"]


def test_a_folder_of_images_alone_is_refused_with_what_was_found(root: Path) -> None:
    flat = root.parent / "flat"
    save(flat / "a.png")
    with pytest.raises(ValueError, match=r"flat: found no file besides the images.*<id>/images"):
        convert(flat)


def test_the_data_set_made_from_the_file_says_so_too(root: Path) -> None:
    save(root / "b" / "raw" / "b.png")
    _, (sentence,) = convert(root)
    options = {"images": str(root), "labels": str(root.parent / "ann.json")}
    convert_dataset("cells", "folder", options, root.parent / "cells.json")
    repairs = read_json(root.parent / "cells.json")["info"]["repairs"]
    assert f"recorded in ann.json: {sentence}" in repairs


def tagged(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


def test_an_orientation_tag_of_a_mask_is_reported(root: Path) -> None:
    save(root / "a" / "masks" / "2.png", square(22), exif=tagged(3))
    coco, repairs = convert(root)
    assert objects(coco) == [3]
    assert repairs == ["orientation tags of masks were not applied: 1 (first: a/2.png)"]


def test_a_size_that_an_orientation_tag_turned_is_explained(root: Path) -> None:
    save(root / "a" / "images" / "a.png", square(2).T, exif=tagged(6))
    with pytest.raises(ValueError, match=r"same size\. Their .* are 1 \(mask\) and 6 \(image\)"):
        convert(root)
    save(root / "a" / "images" / "a.png", square(2).T)
    with pytest.raises(ValueError, match=r"expected the same size$"):
        convert(root)


def test_masks_are_no_images_that_the_json_file_lacks(root: Path) -> None:
    convert(root)
    options = {"images": str(root), "labels": str(root.parent / "ann.json")}
    convert_dataset("cells", "folder", options, root.parent / "cells.json")
    assert read_json(root.parent / "cells.json")["info"]["repairs"] == []


@pytest.mark.parametrize("name", ["images/a.png", "masks/2.png"])
def test_a_link_that_leads_nowhere_is_a_missing_file(name: str, root: Path) -> None:
    path = root / "a" / name
    path.unlink(missing_ok=True)
    path.symlink_to(root / "none.png")
    with pytest.raises(FileNotFoundError, match=f"{name}: there is no such image file"):
        convert(root)
