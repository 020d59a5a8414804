"""Data sets of outlines in JSON files, CPS and ChromSeg-SSL, from small copies of their layouts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.convert import convert
from gains.datasets.image_archive import ImageArchive
from gains.support.files import read_json
from helpers.layouts import file_names

H, W = 20, 30


def square(left: int, top: int, side: int) -> list[float]:
    right, bottom = left + side, top + side
    return [left, top, right, top, right, bottom, left, bottom]


def covered(left: int, top: int, side: int) -> np.ndarray:
    mask = np.zeros((H, W), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


class Layout:
    """The published files of one data set below ``root``, which tests convert or damage."""

    def __init__(self, source: str, folder: Path) -> None:
        self.source, self.root, self.out = source, folder / source, folder / "x.json"

    def image(self, name: str, value: int = 100, size: tuple[int, int] = (H, W)) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(size, value, np.uint8)).save(self.root / name)

    def json(self, name: str, content: Any) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(json.dumps(content))

    def convert(self, counts: str = "report") -> CocoDataset:
        convert("x", self.source, {"root": str(self.root), "counts": counts}, self.out)
        return read_coco(self.out)

    def value(self, name: str) -> int:
        pixels = ImageArchive(self.out.with_suffix(".zip")).read(name)
        assert pixels.shape == (H, W, 3) and np.ptp(pixels) == 0
        return int(pixels[0, 0, 0])

    @property
    def info(self) -> dict[str, Any]:
        return read_json(self.out)["info"]

    @property
    def repairs(self) -> str:
        return "\n".join(self.info["repairs"])


Change = Callable[[Layout], Any]


def refused(layout: Layout, change: Change, message: str) -> None:
    change(layout)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        layout.convert(counts="check")
    assert not layout.out.exists() and not layout.out.with_suffix(".zip").exists()


def nothing(layout: Layout) -> None:
    """Change nothing: the counts already differ from the published ones."""


@pytest.mark.parametrize("name", ["bbbc010", "ccdb6843", "pannuke", "cps", "chromseg-ssl"])
def test_without_the_files(name: str, tmp_path: Path) -> None:
    record: Any = DATASETS.get(name)
    layout = Layout(name, tmp_path)
    assert (record.raw, record.settings().root) == (name, f"data/raw/{name}")
    refused(layout, nothing, r"no such folder; .*Put the files as published there by hand")
    refused(layout, lambda x: x.root.mkdir(), r"has no file .*Put the files as published there")


def test_the_folder_below_data_raw_is_for_fetching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="Run `gains fetch bbbc010`, or put the files"):
        convert("x", "bbbc010", {}, tmp_path / "x.json")


# CPS


def cps_json(*files: str, cell: str = "Cyto", nucleus: str = "nuclei") -> dict[str, Any]:
    """Return annotations: two cytoplasms that overlap and a nucleus, on each image."""
    outlines = [(1, square(5, 5, 3)), (0, square(2, 3, 8)), (0, square(6, 6, 9))]
    return {
        "images": [
            {"id": k, "file_name": name, "height": H, "width": W} for k, name in enumerate(files)
        ],
        "annotations": [
            {"id": len(outlines) * k + i, "image_id": k, "category_id": c, "segmentation": [s]}
            for k in range(len(files))
            for i, (c, s) in enumerate(outlines)
        ],
        "categories": [{"id": 0, "name": cell}, {"id": 1, "name": nucleus}],
    }


@pytest.fixture
def cps(tmp_path: Path) -> Layout:
    layout = Layout("cps", tmp_path)
    for k, name in enumerate(("b", "a", "c")):
        layout.image(f"cps/images/{name}.png", 10 * k)
    layout.json("cps/annotations/fold1.json", cps_json("b.png", "a.png"))
    layout.json("cps/annotations/fold2.json", cps_json("data/a.png", "data/c.png"))
    return layout


def test_cps_keeps_images_categories_and_masks(cps: Layout) -> None:
    coco = cps.convert()
    assert file_names(coco) == ["a.png", "b.png", "c.png"]
    assert coco.categories == {1: "cytoplasm", 2: "nucleus"}
    assert [cps.value(name) for name in file_names(coco)] == [10, 0, 20]
    masks = [covered(5, 5, 3), covered(2, 3, 8), covered(6, 6, 9)]
    for number in (1, 2, 3):
        found = coco.instances(number)
        assert found.categories.tolist() == [2, 1, 1]
        np.testing.assert_array_equal(found.stack(), masks)
    assert coco.annotations[1][0]["id"] == 1
    assert cps.info["counts"]["objects"] == {
        "cytoplasm": {"expected": 4439, "found": 6},
        "nucleus": {"expected": 4789, "found": 3},
    }
    assert (
        "that several JSON files list in the same way were converted once: 1 (first: a.png)"
        in cps.repairs
    )
    assert "category 0 'Cyto' became 1 'cytoplasm': 2 (first: fold1.json)" in cps.repairs
    assert "expected 137 images, found 3" in cps.repairs


def test_cps_copies_and_files_that_are_not_listed(cps: Layout) -> None:
    cps.image("fold2/a.png", 10)
    cps.image("fold2/d.png")
    assert file_names(cps.convert()) == ["a.png", "b.png", "c.png"]
    assert "copies of an image, equal byte for byte, were taken once" in cps.repairs
    assert "image files that no JSON file lists were ignored: 1 (first: d.png)" in cps.repairs


def test_cps_order_of_the_objects_does_not_matter(cps: Layout) -> None:
    content = cps_json("a.png")
    content["annotations"].reverse()
    cps.json("fold3.json", content)
    assert len(cps.convert().instances(1)) == 3


def other_objects(layout: Layout) -> None:
    content = cps_json("a.png")
    content["annotations"][0]["segmentation"] = [square(5, 5, 4)]
    layout.json("fold3.json", content)


def two_of_one_stem(layout: Layout) -> None:
    layout.image("a.bmp")
    layout.json("fold3.json", cps_json("a.bmp"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (nothing, r"expected 137 images, found 3; expected 4439 cyto.*, found 6"),
        (lambda cps: (cps.root / "cps/images/c.png").unlink(), r"fold2\.json.*no file c\.png"),
        (lambda cps: cps.image("a.png", 11), r"/a\.png have the same name but different content"),
        (
            lambda cps: cps.image("cps/images/c.png", 1, (H, W + 1)),
            r"the JSON file says width 30, but the",
        ),
        (lambda cps: (cps.root / "cps/images/c.png").write_bytes(b"x"), r"c\.png: not a readable"),
        (lambda cps: cps.json("odd.json", {"a": 1}), r"odd\.json: expected COCO ground truth"),
        (
            lambda cps: cps.json("odd.json", cps_json("a.png", cell="debris")),
            r"odd\.json: unknown categories 'debris'; expected .* one of cell, .*nucleus",
        ),
        (
            lambda cps: cps.json("odd.json", cps_json("a.png", cell="nucleus")),
            r"odd\.json: some of the categories 'nucleus', 'nuclei' have the same",
        ),
        (
            other_objects,
            r"fold3\.json: image 'a\.png' has 3 objects, which differ from the 3 .*fold1",
        ),
        (two_of_one_stem, r"a\.png and .*a\.bmp would both get the name 'a\.png'"),
    ],
)
def test_cps_refuses_wrong_files(cps: Layout, change: Change, message: str) -> None:
    refused(cps, change, message)


# ChromSeg-SSL


def shape(label: str, points: list[float], **more: Any) -> dict[str, Any]:
    pairs = [list(pair) for pair in zip(points[0::2], points[1::2], strict=True)]
    return {"label": label, "points": pairs, "shape_type": "polygon", "group_id": None} | more


def labelme(name: str, *shapes: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"shapes": list(shapes), "imagePath": name, "imageData": "aGVsbG8="}
    return content | {"imageHeight": H, "imageWidth": W} | more


TOP = "AutoKary2022_1600x1600"
ONE = f"{TOP}/train_labelme/211025/211025_0.461"
TWO = f"{TOP}/test_labelme/json/7.json"


@pytest.fixture
def chromosomes(tmp_path: Path) -> Layout:
    layout = Layout("chromseg-ssl", tmp_path)
    layout.image(f"{ONE}.png", 10)
    layout.image(f"{TOP}/test_labelme/images/7.png", 20)
    layout.image(f"{TOP}/train_labelme/3.png", 30)
    shapes = [
        shape("10", square(2, 3, 8)),
        shape("2", square(6, 6, 9)),  # overlaps the first
        shape("X", square(20, 2, 3), group_id=1),
        shape("X", square(20, 9, 3), group_id=1),
        shape("2", [20, 14, 25, 17], shape_type="rectangle"),
        shape("2", square(0, 0, 2)[:4]),  # two points cover nothing
    ]
    layout.json(f"{ONE}.json", labelme("211025_0.461.png", *shapes))
    layout.json(TWO, labelme("7.png", shape("X", square(28, 0, 5))))
    return layout


def test_chromseg_keeps_images_and_masks(chromosomes: Layout) -> None:
    coco = chromosomes.convert()
    unlabelled = f"unlabelled/{TOP}/train_labelme/3.png"
    assert file_names(coco) == ["test/images/7.png", "train/211025/211025_0.461.png", unlabelled]
    assert coco.categories == {1: "2", 2: "10", 3: "X"}
    assert [chromosomes.value(name) for name in file_names(coco)] == [20, 10, 30]
    found = coco.instances(2)
    assert found.categories.tolist() == [2, 1, 3, 1]
    grouped = covered(20, 2, 3) | covered(20, 9, 3)
    drawn = np.zeros((H, W), dtype=bool)
    drawn[14:17, 20:25] = True
    masks = [covered(2, 3, 8), covered(6, 6, 9), grouped, drawn]
    np.testing.assert_array_equal(found.stack(), masks)
    np.testing.assert_array_equal(coco.instances(1).stack(), [covered(28, 0, 5)])
    assert len(coco.instances(3)) == 0
    assert chromosomes.info["counts"]["images"] == {"expected": 4185, "found": 3}
    for sentence in (
        "outlines that cover no pixel were dropped: 1 (first: 211025_0.461.json)",
        "polygons of one group_id were joined to one object: 1",
        "polygons were cut at the border of the image: 1 (first: 7.json)",
        "expected 548 images in part train, found 1",
        "expected 67 images in part test, found 1",
        "expected 3570 images in part unlabelled, found 1",
        "expected 4185 images, found 3",
    ):
        assert sentence in chromosomes.repairs
    assert "labels" not in chromosomes.repairs


def test_chromseg_with_more_labels_than_classes(chromosomes: Layout) -> None:
    shapes = [shape(str(k), square(2, 3, 8)) for k in range(1, 25)]
    chromosomes.json(TWO, labelme("7.png", *shapes))
    assert list(chromosomes.convert().categories.values())[-2:] == ["24", "X"]
    assert "there are 25 labels where 24 classes are published" in chromosomes.repairs


def relabel(**changes: Any) -> Change:
    record = shape("1", square(2, 3, 8)) | changes
    return lambda layout: layout.json(TWO, labelme("7.png", record))


def elsewhere(layout: Layout) -> None:
    layout.image("other/8.png")
    layout.json("other/8.json", labelme("8.png"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (nothing, r"expected 548 images in part train, found 1"),
        (relabel(shape_type="circle"), r"7\.json: shape 0: is a circle; expected a polygon or"),
        (relabel(shape_type="line"), r"7\.json: shape 0: is a line"),
        (relabel(shape_type="point"), r"7\.json: shape 0: is a point"),
        (relabel(shape_type="rectangle", points=[[1, 1]]), r"shape 0: a rectangle of 1 points"),
        (relabel(points=[[1, 1], [2]]), r"7\.json: shape 0: 'points' is missing or not a list"),
        (relabel(points=[[1, 1], [2, "3"]]), r"7\.json: shape 0: 'points' is missing"),
        (relabel(points=[[1, 1], [900, 1], [5, 5]]), r"7\.json: label '1': .* are the coordin"),
        (relabel(label=""), r"7\.json: shape 0: label is ''; expected text"),
        (lambda x: x.json(TWO, {"shapes": 1}), r"7\.json: expected a LabelMe file"),
        (lambda x: (x.root / TWO).write_text("{"), r"7\.json: expected complete JSON"),
        (
            lambda x: x.json(TWO, labelme("7.png", imageWidth=W + 1)),
            r"7\.json: is of an image of size \[20, 31\], but the image has size \[20, 30\]",
        ),
        (lambda x: (x.root / f"{ONE}.png").unlink(), r"211025_0\.461\.json: its image is missing"),
        (lambda x: (x.root / f"{ONE}.png").write_bytes(b"x"), r"461\.png: not a readable image"),
        (lambda x: x.image(f"{ONE}.bmp"), r"0\.461\.json: may belong to .*\.bmp and to .*\.png"),
        (
            lambda x: x.json(f"{TOP}/test_labelme/images/7.json", labelme("7.png")),
            r"7\.png: has two annotations",
        ),
        (
            lambda x: x.image(f"{TOP}/train_labelme/3.bmp"),
            r"3\.bmp and .*3\.png would both get the name 'unlabelled/",
        ),
        (elsewhere, r"8\.png: this image has an annotation but belongs to no part"),
    ],
)
def test_chromseg_refuses_wrong_files(chromosomes: Layout, change: Change, message: str) -> None:
    refused(chromosomes, change, message)
