"""Published data sets of COCO JSON files and of red outlines, each in its official layout."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.base import DatasetCounts, SceneSet
from gains.datasets.catalogue import DATASETS
from gains.datasets.catalogue.kaggle2018_outlines import outlined
from gains.datasets.findings import Findings
from gains.masks.rle import decode_mask, encode_mask
from helpers.published import Published, box, noise, save

RED = (255, 0, 0)


def polygon(top: int, left: int, bottom: int, right: int) -> list[float]:
    """The outline of a box as x0 y0 ..., which COCO fills to the box itself."""
    return [float(x) for x in (left, top, right, top, right, bottom, left, bottom)]


UCOC_JSON = "train/labels_overlappchromosomes_2021-07-05-09-18-52.json"


def ucoc_content(names: list[str]) -> dict[str, Any]:
    boxes = [(50, 60, 150, 90), (80, 40, 110, 170)]
    return {
        "info": {"description": "overlappchromosomes"},
        "images": [
            {"id": k, "width": 211, "height": 210, "file_name": name}
            for k, name in enumerate(names, start=1)
        ],
        "annotations": [
            {"id": 2 * k + j, "iscrowd": 0, "image_id": k + 1, "category_id": 1,
             "segmentation": [polygon(*boxes[j])], "bbox": [0, 0, 1, 1], "area": 1.5}
            for k in range(len(names)) for j in range(2)
        ],
        "categories": [{"id": 1, "name": "chromosome"}],
    }  # fmt: skip


@pytest.fixture
def ucoc(tmp_path: Path) -> Published:
    made = Published("ucoc", tmp_path / "ucoc")
    for name in ("grey0012100.png", "grey0013300.png"):
        save(made.root / "train" / name, noise(210, 211))
    made.json(UCOC_JSON, ucoc_content(["grey0012100.png", "grey0013300.png"]))
    # the folder beside it: another COCO json, and one LabelMe json per image
    save(made.root / "test" / "grey0083901.png", noise(210, 211))
    made.json(
        "test/labels_overlappchromosomes_2021-07-13-11-51-55.json",
        ucoc_content(["grey0083901.png"]),
    )
    made.json("test/grey0083901.json", {"version": "4.5.9", "shapes": [], "imageData": ""})
    made.json("fetched.json", {"files": []})
    return made


def test_ucoc_keeps_images_and_masks(ucoc: Published) -> None:
    found = ucoc.convert()
    assert [i.file_name for i in found.images.values()] == ["grey0012100.png", "grey0013300.png"]
    assert found.categories == {1: "chromosome"}
    expected = [box(210, 211, 50, 60, 150, 90), box(210, 211, 80, 40, 110, 170)]
    np.testing.assert_array_equal(found.instances(2).stack(), expected)
    grey = np.asarray(Image.open(ucoc.root / "train" / "grey0013300.png"))
    np.testing.assert_array_equal(ucoc.pixels("grey0013300.png")[..., 0], grey)
    assert any("annotation id 0 was replaced" in repair for repair in ucoc.info["repairs"])


def test_counts_that_differ_are_refused_or_recorded(ucoc: Published) -> None:
    ucoc.refused("expected 125 images, found 2; expected 250 chromosome, found 4", counts="check")
    assert not ucoc.out.with_suffix(".zip").exists()
    ucoc.convert()
    assert ucoc.info["counts"]["images"] == {"expected": 125, "found": 2}
    assert ucoc.info["counts"]["objects"] == {"chromosome": {"expected": 250, "found": 4}}
    assert "expected 250 chromosome, found 4" in ucoc.info["repairs"]


def test_more_than_the_published_numbers_is_refused_too(ucoc: Published) -> None:
    record = DATASETS.get("ucoc")

    def fewer_published(settings: Any, findings: Findings) -> SceneSet:
        return replace(
            record.make(settings, findings), published=DatasetCounts(1, {"chromosome": 3})
        )

    with DATASETS.with_record(replace(record, make=fewer_published)):
        ucoc.refused("expected 1 images, found 2; expected 3 chromosome, found 4", counts="check")


def test_ucoc_json_by_content(ucoc: Published) -> None:
    (ucoc.root / UCOC_JSON).rename(ucoc.root / "annotations.json")
    assert len(ucoc.convert().images) == 2
    ucoc.json("copy.json", ucoc_content(["grey0012100.png"]))
    ucoc.refused(r"expected one COCO JSON file, found 2: annotations\.json, copy\.json")
    for name in ("annotations.json", "copy.json"):
        (ucoc.root / name).unlink()
    ucoc.refused("no COCO JSON file outside of the folder test")


def test_file_names_of_a_json_file_may_hold_folders(ucoc: Published) -> None:
    names = ["plates/grey0012100.png", "plates/grey0013300.png"]
    (ucoc.root / "train/plates").mkdir()
    for name in names:
        (ucoc.root / "train" / Path(name).name).rename(ucoc.root / "train" / name)
    ucoc.json(UCOC_JSON, ucoc_content(names))
    assert [i.file_name for i in ucoc.convert().images.values()] == names


def test_ucoc_refuses_missing_and_ambiguous_images(ucoc: Published) -> None:
    train = ucoc.root / "train"
    image = (train / "grey0012100.png").read_bytes()
    (train / "grey0012100.png").write_bytes(image[:900])
    ucoc.refused(r"grey0012100\.png: not a readable image")
    (train / "grey0012100.png").unlink()
    ucoc.refused(r"image 'grey0012100\.png': the file .* is missing")
    (train / "grey0013300.png").unlink()
    ucoc.refused(r"holds none of the 2 images of .*09-18-52\.json")
    for folder in ("a", "b"):
        (ucoc.root / folder).mkdir()
        (ucoc.root / folder / "grey0012100.png").write_bytes(image)
    ucoc.refused("lie in 2 folders: .*/a, .*/b; keep only one")
    (ucoc.root / UCOC_JSON).write_text('{"images": [')
    ucoc.refused(r"09-18-52\.json: expected complete JSON")
    other = ucoc_content(["grey0012100.png"]) | {"categories": [{"id": 1, "name": "cat"}]}
    ucoc.json(UCOC_JSON, other)
    ucoc.refused(r"expected one category 'chromosome', found \['cat'\]")
    ucoc.root = ucoc.root / "nowhere"
    ucoc.refused("nowhere: no such folder; .*Put the files as published there by hand")


@pytest.fixture
def kaggle(tmp_path: Path) -> Published:
    made = Published("kaggle2018", tmp_path / "kaggle2018")
    names = ["a1.bmp.jpg", "b2.bmp.jpg"]
    for name in names:
        save(made.root / "archive" / "Nuclei" / "cluster_nuclei" / name, noise(200, 200, 3))
    save(made.root / "archive" / "Nuclei" / "BBBC007" / "other.jpg", noise(9, 9, 3))
    masks = [box(200, 200, 10, 20, 30, 60), box(200, 200, 30, 20, 50, 60)]
    made.json("archive/Nuclei/annotations/BBBC007.json", {"images": []})
    made.json("archive/Nuclei/annotations/cluster_nuclei.json", {
        "images": [
            {"id": k, "width": 200, "height": 200, "file_name": name, "nuclei_class": "x"}
            for k, name in enumerate(names)
        ],
        "annotations": [
            {"id": 2 * k + j, "image_id": k, "category_id": 1, "iscrowd": 0,
             "segmentation": encode_mask(masks[j]), "bbox": [0, 0, 1, 1], "area": 1}
            for k in range(2) for j in range(2)
        ],
        "categories": [{"id": 1, "name": "Nucleus"}],
        "info": {},
    })  # fmt: skip
    return made


def test_kaggle_keeps_images_and_masks_and_refuses_wrong_counts(kaggle: Published) -> None:
    found = kaggle.convert()
    assert found.categories == {1: "nucleus"}
    assert [i.file_name for i in found.images.values()] == ["a1.bmp.png", "b2.bmp.png"]
    expected = [box(200, 200, 10, 20, 30, 60), box(200, 200, 30, 20, 50, 60)]
    np.testing.assert_array_equal(found.instances(1).stack(), expected)
    folder = kaggle.root / "archive" / "Nuclei" / "cluster_nuclei"
    with Image.open(folder / "b2.bmp.jpg") as image:
        np.testing.assert_array_equal(kaggle.pixels("b2.bmp.png"), np.asarray(image))
    assert kaggle.info["counts"]["objects"]["nucleus"] == {"expected": 885, "found": 4}
    kaggle.refused("expected 52 images, found 2; expected 885 nucleus", counts="check")
    (folder / "a1.bmp.jpg").write_bytes(b"\xff\xd8")
    kaggle.refused(r"a1\.bmp\.jpg: not a readable image")
    (folder / "a1.bmp.jpg").unlink()
    kaggle.refused(r"image 'a1\.bmp\.jpg': the file .* is missing")
    (kaggle.root / "archive" / "Nuclei" / "annotations" / "cluster_nuclei.json").unlink()
    kaggle.refused(r"has no file cluster_nuclei\.json")


def canvas() -> np.ndarray:
    return np.full((40, 40, 3), 180, np.uint8)


def rectangle(
    label: np.ndarray, top: int, left: int, bottom: int, right: int, colour: Any = RED
) -> np.ndarray:
    """Draw an outline one pixel wide; bottom and right belong to it."""
    label[[top, bottom], left : right + 1] = colour
    label[top : bottom + 1, [left, right]] = colour
    return label


def inside(label: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
    findings = Findings()
    masks = [decode_mask(rle) for rle in outlined(label, 30, 0.5, findings, "a.bmp")]
    return masks, findings.sentences()


def test_outlines_shared_by_touching_nuclei() -> None:
    label = rectangle(rectangle(canvas(), 5, 5, 12, 14), 12, 5, 19, 14)
    masks, notes = inside(label)
    np.testing.assert_array_equal(masks, [box(40, 40, 6, 6, 12, 14), box(40, 40, 13, 6, 19, 14)])
    assert notes == []


def test_outline_of_corners_does_not_leak() -> None:
    y, x = np.mgrid[:40, :40]
    distance = abs(y - 20) + abs(x - 20)
    label = canvas()
    label[distance == 8] = RED
    masks, _ = inside(label)
    np.testing.assert_array_equal(masks, [distance < 8])


@pytest.mark.parametrize("colour", [(254, 0, 0), (255, 1, 0), (255, 255, 255)])
def test_only_pure_red_is_a_wall(colour: tuple[int, int, int]) -> None:
    assert inside(rectangle(canvas(), 5, 5, 20, 20, colour))[0] == []
    label = rectangle(canvas(), 5, 5, 20, 20)
    label[5, 12] = colour
    assert inside(label)[0] == [], "an open outline gives no nucleus"


def test_outlines_at_the_border() -> None:
    label = canvas()
    label[[10, 20], :9] = label[10:21, 8] = RED
    np.testing.assert_array_equal(inside(label)[0], [box(40, 40, 11, 1, 20, 8)])


def test_outlines_by_area() -> None:
    tiny, kept = rectangle(canvas(), 3, 3, 9, 9), rectangle(canvas(), 3, 3, 9, 10)  # 25 and 30 px
    assert inside(tiny) == ([], ["regions under 30 px were dropped: 1 (first: a.bmp)"])
    assert [mask.sum() for mask in inside(kept)[0]] == [30]
    assert inside(rectangle(canvas(), 3, 3, 35, 35)) == ([], [])
    half = rectangle(canvas(), 3, 3, 24, 24)
    half[8, 8] = RED  # a speck
    assert [mask.sum() for mask in inside(half)[0]] == [400]


def test_background_in_parts() -> None:
    label = rectangle(rectangle(canvas(), 4, 4, 25, 25), 10, 10, 17, 17)
    masks, notes = inside(label)
    np.testing.assert_array_equal(masks, [box(40, 40, 11, 11, 17, 17)])
    assert notes == ["regions that hold a nucleus were dropped: 1 (first: a.bmp)"]
    label = canvas()
    label[20] = RED  # halves, neither of them more than half
    masks, notes = inside(label)
    assert [mask.sum() for mask in masks] == [19 * 38, 18 * 38]
    assert "no region was dropped as background" in notes[0]


@pytest.fixture
def outlines(tmp_path: Path) -> Published:
    made = Published("kaggle2018-outlines", tmp_path / "kaggle2018-outlines")
    for name in ("a1.bmp", "b2.bmp"):
        pixels = save(made.root / "cluster nuclei" / "original" / name, noise(40, 40, 3))
        label = rectangle(pixels.copy(), 5, 5, 20, 14)
        save(made.root / "cluster nuclei" / "label" / f"{name[:2]}(label).bmp", label)
    return made


def test_outline_files_give_the_masks_that_they_enclose(outlines: Published) -> None:
    found = outlines.convert()
    assert found.categories == {1: "nucleus"}
    assert [i.file_name for i in found.images.values()] == ["a1.bmp.png", "b2.bmp.png"]
    np.testing.assert_array_equal(found.instances(2).stack(), [box(40, 40, 6, 6, 20, 14)])
    original = outlines.root / "cluster nuclei" / "original" / "b2.bmp"
    np.testing.assert_array_equal(outlines.pixels("b2.bmp.png"), np.asarray(Image.open(original)))
    assert outlines.info["counts"]["objects"]["nucleus"] == {"expected": None, "found": 2}
    outlines.refused("expected 52 images, found 2", counts="check")
    labels = outlines.root / "cluster nuclei" / "label"
    (labels / "a1(label).bmp").rename(labels / "a1.bmp(label).bmp")
    assert len(outlines.convert().images) == 2
    outlines.refused("has an instance; expected at least one", min_area=1000)


def repairs_of(layout: Published) -> list[str]:
    layout.convert()
    return layout.info["repairs"]


def test_pixels_that_only_the_published_program_takes_for_walls_are_counted(
    outlines: Published,
) -> None:
    path = outlines.root / "cluster nuclei" / "label" / "a1(label).bmp"
    label = np.asarray(Image.open(path)).copy()
    label[..., 0] = np.where((label == RED).all(axis=2), 255, np.minimum(label[..., 0], 254))
    other = outlines.root / "cluster nuclei" / "label" / "b2(label).bmp"
    for name in (path, other):
        save(name, label)
    assert "full red" not in " ".join(repairs_of(outlines))
    label[10, 10] = label[30, 30] = 255, 255, 255
    save(path, label)
    notes = repairs_of(outlines)
    assert (
        "pixels of full red that are not pure red were no walls in these images (they are in the "
        "program that made the JSON file): 1 (first: a1.bmp)"
    ) in notes
    assert "nuclei with such a pixel inside were kept whole: 1 (first: a1.bmp)" in notes


def test_outline_files_refused(outlines: Published) -> None:
    labels = outlines.root / "cluster nuclei" / "label"
    save(labels / "a1(label).bmp", noise(40, 40))
    outlines.refused(r"a1\(label\)\.bmp: is grey")
    save(labels / "a1(label).bmp", noise(41, 40, 3))
    outlines.refused(r"a1\(label\)\.bmp: has size \[41, 40\], but a1\.bmp has size \[40, 40\]")
    (labels / "a1(label).bmp").write_bytes(b"BM")
    outlines.refused(r"a1\(label\)\.bmp: not a readable image")
    save(labels / "a1.bmp(label).bmp", noise(40, 40, 3))
    outlines.refused(r"a1\.bmp: expected one label a1\(label\)\.bmp, found \['a1\(label\)\.bmp', ")
    for name in ("a1(label).bmp", "a1.bmp(label).bmp"):
        (labels / name).unlink()
    outlines.refused(r"a1\.bmp: expected one label a1\(label\)\.bmp, found none")
    save(labels / "a1(label).bmp", noise(40, 40, 3))
    save(labels.parent / "original" / "a1.png", noise(40, 40, 3))
    outlines.refused(r"a1\(label\)\.bmp: is the label of a1\.bmp and of a1\.png")
    for name in ("a1.bmp", "a1.png"):
        (labels.parent / "original" / name).unlink()
    outlines.refused(r"1 of 2 labels have no original, first 'a1\(label\)\.bmp'")
