"""CPS, and data sets without their files, from small copies of their layouts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import convert
from helpers.layouts import file_names
from helpers.outline_layouts import Change, H, Layout, W, covered, nothing, refused, square


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
            r"odd\.json: unknown categories 'debris'; expected .* one of cytoplasm, .*nucleus",
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
