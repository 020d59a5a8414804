"""The folder data set: what other programs write keeps its meaning, or is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.support.files import read_json
from helpers.folder_workshop import (
    BESIDE,
    MASK,
    SQUARE,
    Workshop,
    annotation,
    objects,
    uncompressed,
)

INPUTS = {
    "backslash": ("back slashes in file names were read as slashes: 5", 5),
    "str-iscrowd-0": ("flags that are given as text were read as 0 or 1: 5", 6),
    "flat-polygon": ("annotation 1 on '0.png': .* polygon that is not in a list", None),
    "normalized-wide": ("all coordinates of polygons .* lie between 0 and 1, .*expected px", None),
    "rle-in-list": ("annotation 1 on '0.png': .* RLE in a list; .* take it out", None),
}


@pytest.mark.parametrize("name", INPUTS)
def test_made_up_inputs(name: str, shared: Path, tmp_path: Path) -> None:
    folder = shared / "inputs" / name
    images = folder if name == "backslash" else folder / "images"
    options = {"images": str(images), "labels": str(folder / "annotations.json")}
    sentence, number = INPUTS[name]
    if number is None:
        with pytest.raises(ValueError, match=sentence):
            convert("x", "folder", options, tmp_path / "x.json")
        return
    convert("x", "folder", options, tmp_path / "x.json")
    assert sum(objects(read_coco(tmp_path / "x.json"))) == number
    repairs = read_json(tmp_path / "x.json")["info"]["repairs"]
    assert any(repair.startswith(sentence) for repair in repairs)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        *((value, True) for value in (0, 0.0, False, None, "0", " 0 ", "0.0", "false", "False")),
        *((value, False) for value in (1, 1.0, True, "1", "1.0", "true", "TRUE")),
    ],
)
def test_flags_keep_their_meaning(shop: Workshop, value: Any, kept: bool) -> None:
    shop.content["annotations"][1]["iscrowd"] = value
    assert objects(shop.convert()) == ([1, 2] if kept else [1, 1])
    told = [repair for repair in shop.repairs if repair.startswith("flags that are given as text")]
    assert bool(told) == isinstance(value, str)


@pytest.mark.parametrize("value", [2, -1, 0.5, "2", "", "no", "crowd", [], [1], {}, float("nan")])
def test_other_flags_are_refused(shop: Workshop, value: Any) -> None:
    shop.content["annotations"][1]["iscrowd"] = value
    with pytest.raises(ValueError, match="annotation 2: 'iscrowd' is .*; expected 0 or 1"):
        shop.convert()


def all_ids(shop: Workshop, new: Callable[[int], Any]) -> None:
    for record in shop.content["images"] + shop.content["categories"]:
        record["id"] = new(record["id"])
    for record in shop.content["annotations"]:
        record.update({key: new(record[key]) for key in ("id", "image_id", "category_id")})


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (str, "whole numbers that are given as text were read as numbers: 9 (first: category"),
        ("{}.0".format, "whole numbers that are given as text were read as numbers: 9"),
        (" {}".format, "whole numbers that are given as text were read as numbers: 9"),
        ("slide_{}".format, "ids that are text were replaced by numbers: 9"),
        (float, None),
    ],
)
def test_ids_keep_their_meaning(
    shop: Workshop, new: Callable[[int], Any], sentence: str | None
) -> None:
    expected = shop.convert().annotations
    all_ids(shop, new)
    assert shop.convert().annotations == expected
    assert (
        any(repair.startswith(sentence) for repair in shop.repairs)
        if sentence
        else (shop.repairs == [])
    )


@pytest.mark.parametrize(("record", "key"), [("images", "id"), ("annotations", "image_id"),
                                             ("annotations", "category_id")])  # fmt: skip
def test_text_on_one_side_alone_finds_the_number(shop: Workshop, record: str, key: str) -> None:
    for entry in shop.content[record]:
        entry[key] = str(entry[key])
    assert objects(shop.convert()) == [1, 2]


@pytest.mark.parametrize("new", [lambda n: 2**64 - n, lambda n: 2**63 - n])
def test_ids_of_64_bits_are_found_as_text(shop: Workshop, new: Callable[[int], int]) -> None:
    all_ids(shop, new)
    for entry in shop.content["annotations"]:
        entry["image_id"] = str(entry["image_id"])
    assert objects(shop.convert()) == [1, 2]


def test_a_size_as_text_is_compared(shop: Workshop) -> None:
    shop.content["images"][0]["width"] = "30"
    assert objects(shop.convert()) == [1, 2]
    assert shop.repairs == [
        "whole numbers that are given as text were read as numbers: 1 (first: image 'a.png')"
    ]
    shop.content["images"][0]["width"] = "31"
    with pytest.raises(ValueError, match="the JSON file says width 31, but the image has 30"):
        shop.convert()


@pytest.mark.parametrize("second", ["1", "01", "1.0", 1.0])
def test_ids_that_may_be_one_are_refused(shop: Workshop, second: Any) -> None:
    shop.content["images"][1]["id"] = second
    with pytest.raises(ValueError, match=r"image 'b\.png': id 1 is repeated.* ambiguous"):
        shop.convert()
    shop.content["images"][1]["id"] = 2
    shop.content["categories"].append({"id": second, "name": "other"})
    with pytest.raises(ValueError, match="category id 1 is repeated"):
        shop.convert()


@pytest.mark.parametrize("value", [None, "", " ", [1], True, 1.5, float("nan"), float("inf")])
def test_other_ids_are_refused(shop: Workshop, value: Any) -> None:
    shop.content["images"][1]["id"] = value
    with pytest.raises(ValueError, match=r"image 'b\.png': 'id' is .*; expected a whole number"):
        shop.convert()


def test_crowds_may_be_kept(shop: Workshop) -> None:
    for record in shop.content["annotations"]:
        record.update(iscrowd=1, segmentation=uncompressed(MASK))
    with pytest.raises(ValueError, match="none of its 3 .* brush masks .* option `crowds: keep`"):
        shop.convert()
    coco = shop.convert(crowds="keep")
    assert objects(coco) == [1, 2]
    np.testing.assert_array_equal(coco.instances(1).stack()[0], MASK)
    assert "crowd regions were kept as objects: 3 (first: annotation 1)" in shop.repairs
    assert all(a["iscrowd"] == 0 for found in coco.annotations.values() for a in found)


def test_every_dropped_part_is_counted(shop: Workshop) -> None:
    outside, line = [-9, -9, -2, -9, -2, -2], [1, 1, 5, 5]
    shop.content["annotations"][0]["segmentation"] = [SQUARE, outside, line, [9, 9, 12, 9, 15, 9]]
    shop.content["annotations"][1]["segmentation"] = [line, SQUARE]
    assert objects(shop.convert()) == [1, 2]
    assert shop.repairs[0] == (
        "polygons that cover no pixel were dropped from their masks: 4 (first: annotation 1)"
    )


def test_objects_of_many_polygons_are_read(shop: Workshop) -> None:
    line = [1, 1, 5, 5]
    shop.content["annotations"][0]["segmentation"] = [SQUARE] * 300 + [line]
    coco = shop.convert()
    np.testing.assert_array_equal(coco.instances(1).stack()[0], MASK)
    assert shop.repairs == [
        "polygons that cover no pixel were dropped from their masks: 1 (first: annotation 1)"
    ]


def test_equal_objects_are_kept_and_told(shop: Workshop) -> None:
    shop.content["categories"].append({"id": 2, "name": "nucleus"})
    shop.content["annotations"] += [
        annotation(4, 2, segmentation=uncompressed(MASK)),  # equals annotation 2
        annotation(5, 2, category_id=2),
    ]
    assert objects(shop.convert()) == [1, 4]
    assert shop.repairs == [
        "objects that equal another in image, category and mask were kept: 1 (first: annotation 4)"
    ]


def scaled(polygon: list[float], x: float, y: float) -> list[float]:
    return [value * (y if place % 2 else x) for place, value in enumerate(polygon)]


def test_shares_of_the_sides_are_refused(shop: Workshop) -> None:
    for record, polygon in zip(shop.content["annotations"], (SQUARE, SQUARE, BESIDE), strict=True):
        record["segmentation"] = [scaled(polygon, 1 / 30, 1 / 20)]
    shop.content["annotations"][0]["segmentation"] = [[0, 0, 1, 0, 1, 1, 0, 1]]
    shop.content["annotations"][1]["segmentation"][0][0] = -0.02
    with pytest.raises(ValueError, match=r"\(of 3 objects\) lie between 0 and 1, .*multiply x by"):
        shop.convert()


def test_one_polygon_of_a_pixel_is_kept_and_told(shop: Workshop) -> None:
    shop.content["annotations"][1]["segmentation"] = [[0, 0, 0.9, 0, 0.9, 0.9, 0, 0.9]]
    assert objects(shop.convert()) == [1, 2]
    (told,) = shop.repairs
    assert told.startswith("polygons between 0 and 1 were read as parts of the first pixel")
    assert told.endswith("1 (first: annotation 2)")


def test_objects_of_the_first_pixel_alone_are_no_shares(shop: Workshop) -> None:
    for record in shop.content["annotations"]:
        record["segmentation"] = [[0, 0, 1, 0, 1, 1, 0, 1]]
    assert objects(shop.convert()) == [1, 2]


def test_percent_is_suspected_in_large_images(shop: Workshop) -> None:
    for record in shop.content["images"]:
        shop.save(record["file_name"], np.zeros((300, 200), np.uint8))
        record.update(height=300, width=200)
    for record in shop.content["annotations"]:
        record["segmentation"] = [[10.5, 20, 90, 20, 90, 99.5]]
    shop.convert()
    assert any("lie between 0 and 100 and were read as px" in repair for repair in shop.repairs)
    shop.content["annotations"][0]["segmentation"] = [[10.5, 20, 90, 20, 90, 120.5]]
    shop.convert()
    assert not any("between 0 and 100" in repair for repair in shop.repairs)


def test_a_category_without_objects_is_kept_and_told(shop: Workshop) -> None:
    shop.content["categories"].append({"id": 2, "name": "_background_"})
    assert shop.convert().categories == {1: "cell", 2: "_background_"}
    assert shop.repairs == [
        "categories without objects were kept: 1 (first: category 2 '_background_')"
    ]


def test_a_category_without_a_name_is_called_by_its_id(shop: Workshop) -> None:
    shop.content["categories"][0]["name"] = None
    assert shop.convert().categories == {1: "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [], "images": []}', "the key 'images' occurs twice in one object"),
        ("[" * 100_000, "reading failed"),
    ],
)
def test_json_of_several_meanings_is_refused(shop: Workshop, text: str, message: str) -> None:
    path = shop.root / "twice.json"
    path.write_text(text)
    options = {"images": str(shop.root / "images"), "labels": str(path)}
    with pytest.raises(ValueError, match=message):
        convert("x", "folder", options, shop.root / "x.json")


def test_a_byte_order_mark_is_no_part_of_the_file(shop: Workshop) -> None:
    path = shop.root / "mark.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(shop.content).encode())
    options = {"images": str(shop.root / "images"), "labels": str(path)}
    convert("x", "folder", options, shop.root / "x.json")
    assert objects(read_coco(shop.root / "x.json")) == [1, 2]


def test_a_message_quotes_only_the_start_of_a_long_value(shop: Workshop) -> None:
    shop.content["annotations"][0] |= {"id": "a" * 10_000, "iscrowd": "b" * 10_000}
    with pytest.raises(ValueError, match="'iscrowd' is 'bbb.*; expected 0 or 1") as error:
        shop.convert()
    assert len(str(error.value)) < 500
