"""The folder data set: every repair and every refusal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gains.datasets.convert import convert
from gains.masks.rle import encode_mask
from helpers.folder_workshop import MASK, SQUARE, H, W, Workshop, objects, uncompressed


def test_a_good_folder_needs_no_repair(shop: Workshop) -> None:
    coco = shop.convert()
    assert shop.repairs == []
    assert [i.file_name for i in coco.images.values()] == ["a.png", "b.png"]
    assert objects(coco) == [1, 2]
    np.testing.assert_array_equal(coco.instances(1).stack()[0], MASK)
    assert (shop.pixels("a.png") == 100).all()


Change = Callable[[Workshop], Any]


def set_annotation(**changes: Any) -> Change:
    return lambda shop: shop.content["annotations"][1].update(changes)


def set_image(**changes: Any) -> Change:
    return lambda shop: shop.content["images"][1].update(changes)


def drop(record: str, key: str) -> Change:
    return lambda shop: shop.content[record][1].pop(key)


def add(record: str, value: dict[str, Any]) -> Change:
    return lambda shop: shop.content[record].append(value)


def mask_of_size(height: int, width: int) -> dict[str, Any]:
    return encode_mask(np.ones((height, width), dtype=bool))


REPAIRED: dict[str, tuple[Change, str, list[int]]] = {
    "image id 0": (
        lambda s: (
            s.content["images"][0].update(id=0), s.content["annotations"][0].update(image_id=0),
        ),
        "image id 0 was replaced", [1, 2],
    ),
    "annotation id 0": (set_annotation(id=0), "annotation id 0 was replaced", [1, 2]),
    "annotation id repeated": (set_annotation(id=1), "repeated annotation ids were replaced", [1, 2]),
    "annotation id missing": (drop("annotations", "id"), "missing annotation ids were added", [1, 2]),
    "size missing": (drop("images", "height"), "missing height was taken from the image file", [1, 2]),
    "crowd": (set_annotation(iscrowd=1), "crowd regions were dropped", [1, 1]),
    "annotation id as text": (set_annotation(id="2"), "annotation ids that are text were replaced", [1, 2]),
    "empty list": (
        set_annotation(segmentation=[]),
        "cover no pixel were dropped: no polygon is given, and boxes are not enough", [1, 1],
    ),
    "two points": (set_annotation(segmentation=[[1, 1, 5, 5]]), "cover no pixel were dropped", [1, 1]),
    "no area": (
        set_annotation(segmentation=[[1, 1, 5, 1, 9, 1]]), "cover no pixel were dropped", [1, 1],
    ),
    "empty rle": (
        set_annotation(segmentation=encode_mask(np.zeros((H, W), bool))),
        "cover no pixel were dropped", [1, 1],
    ),
    "wholly outside": (
        set_annotation(segmentation=[[-9, -9, -2, -9, -2, -2]]), "cover no pixel were dropped", [1, 1],
    ),
    "partly outside": (
        set_annotation(segmentation=[[-4, 3, 6, 3, 6, 9, -4, 9]]), "polygons were cut", [1, 2],
    ),
    "image without objects": (
        set_annotation(image_id=1, segmentation=[[20, 3, 26, 3, 26, 9]]),
        "images without objects were kept", [3, 0],
    ),
    "unlisted file": (
        lambda s: s.save("sub/c.tif", np.zeros((5, 5), np.uint8)),
        "image files that the JSON file does not list were ignored: 1 (first: c.tif)", [1, 2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REPAIRED)
def test_repaired_by_rule(case: str, shop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    change, sentence, counts = REPAIRED[case]
    change(shop)
    if case == "image without objects":
        shop.content["annotations"][2]["image_id"] = 1
    with caplog.at_level(logging.INFO):
        coco = shop.convert()
    assert objects(coco) == counts
    assert [sentence in repair for repair in shop.repairs] == [True]
    assert sentence in caplog.text
    assert list(coco.images) == [1, 2]
    numbers = [a["id"] for found in coco.annotations.values() for a in found]
    assert numbers == list(range(1, sum(counts) + 1))


REFUSED: dict[str, tuple[Change, str]] = {
    "file missing": (set_image(file_name="c.png"), r"image 'c\.png': the file .* is missing"),
    "no file name": (drop("images", "file_name"), "image 2 has no file_name"),
    "size differs": (set_image(width=31), r"'b\.png': the JSON file says width 31, but the image has 30"),
    "size is no number": (set_image(width="wide"), r"'b\.png': 'width' is 'wide'"),
    "image id repeated": (set_image(id=1), r"image 'b\.png': id 1 is repeated"),
    "image id missing": (drop("images", "id"), r"image 'b\.png': 'id' is None"),
    "file listed twice": (set_image(file_name="a.png"), r"image 'a\.png' is listed twice"),
    "names collide": (
        lambda s: (s.save("a.tif", np.zeros((H, W), np.uint8)), set_image(file_name="a.tif")(s)),
        r"'a\.tif' and 'a\.png': both would get the name 'a\.png'",
    ),
    "leaves folder": (set_image(file_name="../b.png"), "leaves the folder"),
    "absolute path": (set_image(file_name="/b.png"), "leaves the folder"),
    "cut off": (
        lambda s: (s.root / "images" / "b.png").write_bytes(
            (s.root / "images" / "a.png").read_bytes()[:45]
        ),
        r"b\.png: not a readable image",
    ),
    "not an image": (
        lambda s: (s.root / "images" / "b.png").write_text("hello"), r"b\.png: not a readable",
    ),
    "unknown image": (set_annotation(image_id=7), "annotation 2 names image 7"),
    "unknown category": (set_annotation(category_id=7), "annotation 2 names category 7"),
    "no image id": (drop("annotations", "image_id"), "annotation 2: 'image_id' is None"),
    "no segmentation": (drop("annotations", "segmentation"), "annotation 2 .*has no segmentation"),
    "segmentation of another kind": (set_annotation(segmentation="x"), "expected polygons or RLE"),
    "odd polygon": (set_annotation(segmentation=[SQUARE[:-1]]), "annotation 2 .*flat list"),
    "nested polygon": (set_annotation(segmentation=[[[1, 2], [3, 4]]]), "flat list"),
    "not a number": (set_annotation(segmentation=[[float("nan"), *SQUARE[1:]]]), "not finite"),
    "infinite": (set_annotation(segmentation=[[float("inf"), *SQUARE[1:]]]), "not finite"),
    "far outside": (set_annotation(segmentation=[[4e6, *SQUARE[1:]]]), "coordinates in px"),
    "rle of another size": (
        set_annotation(segmentation=mask_of_size(W, H)),
        r"annotation 2 on 'b\.png': segmentation: RLE of size \[30, 20\] .* \[20, 30\]",
    ),
    "uncompressed of another size": (
        set_annotation(segmentation=uncompressed(np.ones((5, 5), bool))), r"size \[5, 5\]",
    ),
    "runs do not add up": (
        set_annotation(segmentation={"size": [H, W], "counts": [3, 4]}), "add up to 7",
    ),
    "negative run": (
        set_annotation(segmentation={"size": [H, W], "counts": [-1, 601]}), "whole numbers",
    ),
    "damaged rle": (
        set_annotation(segmentation={"size": [H, W], "counts": "zz"}), "annotation 2 .*damaged",
    ),
    "rle without size": (set_annotation(segmentation={"counts": "zz"}), r"keys \['counts'\]; expected an RLE"),
    "category repeated": (add("categories", {"id": 1, "name": "x"}), "category id 1 is repeated"),
    "no annotations": (lambda s: s.content.update(annotations=[]), "'annotations' is empty"),
    "no images": (lambda s: s.content.update(images=[]), "'images' is empty"),
    "no categories": (lambda s: s.content.pop("categories"), "'categories' is missing"),
    "a result list": (lambda s: setattr(s, "content", [1]), "'images' is missing"),
    "nothing usable": (
        lambda s: [a.update(iscrowd=1) for a in s.content["annotations"]],
        "none of its 3 annotations is usable .*crowd regions",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, shop: Workshop) -> None:
    change, message = REFUSED[case]
    change(shop)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        shop.convert()
    assert not (shop.root / "out" / "own.json").exists()
    assert not (shop.root / "out" / "own.zip").exists()


def test_missing_folder_json_and_option(shop: Workshop) -> None:
    out = shop.root / "x.json"
    here = str(shop.root / "images")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        convert("x", "folder", {"images": here, "labels": "nowhere.json"}, out)
    with pytest.raises(FileNotFoundError, match="no such folder of images"):
        convert("x", "folder", {"images": here + "x", "labels": "nowhere.json"}, out)
    with pytest.raises(ValueError, match=r"unknown key 'label'; did you mean 'labels'\?"):
        convert("x", "folder", {"images": here, "label": "a.json"}, out)
    with pytest.raises(ValueError, match="'annotations' is now called 'labels'; rename it"):
        convert("x", "folder", {"images": here, "annotations": "a.json"}, out)
    with pytest.raises(ValueError, match="the key 'labels' is missing; add it"):
        convert("x", "folder", {"images": here}, out)
