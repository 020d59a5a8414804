"""The folder data set: kinds of masks and images, and real folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.readers.images import read_pixels
from gains.masks.rle import encode_mask
from gains.masks.segmentation import to_rle
from gains.support.files import read_json
from helpers.folder_workshop import MASK, SQUARE, H, W, Workshop, annotation, objects, uncompressed


def test_all_kinds_of_masks_are_equal(shop: Workshop) -> None:
    kinds = [[SQUARE], uncompressed(MASK), encode_mask(MASK), [SQUARE[:6], SQUARE[:2] + SQUARE[4:]]]
    shop.content["annotations"] = [
        annotation(k, 1, segmentation=kind) for k, kind in enumerate(kinds, start=1)
    ]
    shop.content["annotations"][0].pop("bbox")
    for mask in shop.convert().instances(1).stack():
        np.testing.assert_array_equal(mask, MASK)


def test_rle_counts_may_be_bytes() -> None:
    rle = coco_mask.encode(np.asfortranarray(MASK, dtype=np.uint8))
    assert isinstance(rle["counts"], bytes)
    assert to_rle(rle, H, W) == encode_mask(MASK)


def test_a_polygon_is_cut_at_every_border(shop: Workshop) -> None:
    part = [-5, -6, 40, -6, 40, 25, -5, 25]
    shop.content["annotations"][0]["segmentation"] = [part]
    assert shop.convert().instances(1).stack()[0].all()


def test_categories_are_numbered_without_gaps(shop: Workshop) -> None:
    shop.content["categories"] = [{"id": 7, "name": "z"}, {"id": 0, "name": "a"}, {"id": 3}]
    for record, old in zip(shop.content["annotations"], (7, 0, 3), strict=True):
        record["category_id"] = old
    coco = shop.convert()
    assert coco.categories == {1: "a", 2: "3", 3: "z"}
    assert [a["category_id"] for found in coco.annotations.values() for a in found] == [3, 1, 2]
    assert shop.repairs == [
        "categories were renumbered 1..K in order of id (0 became 1, 3 became 2, 7 became 3): 1 "
        "(first: category 0)"
    ]


def test_order_of_images_in_the_json_does_not_matter(shop: Workshop) -> None:
    first = shop.convert()
    shop.content["images"].reverse()
    again = shop.convert()
    assert again.images == first.images
    assert again.annotations == first.annotations


def test_subfolders_are_kept_and_every_image_becomes_png(shop: Workshop) -> None:
    shop.save("x/deep.tif", np.full((H, W), 7, np.uint8))
    shop.content["images"][1]["file_name"] = "x/deep.tif"
    coco = shop.convert()
    assert [i.file_name for i in coco.images.values()] == ["a.png", "x/deep.png"]
    assert (shop.pixels("x/deep.png") == 7).all()


GREY = np.arange(H * W, dtype=np.uint16).reshape(H, W) * 50 + 1000
RGB = np.dstack([np.full((H, W), value, np.uint8) for value in (10, 20, 30)])
OPAQUE = np.dstack([RGB, np.full((H, W), 255, np.uint8)])
HALF = np.dstack([RGB, np.full((H, W), 128, np.uint8)])


@pytest.mark.parametrize(
    ("name", "pixels", "mode", "expected", "repair"),
    [
        ("b.png", np.full((H, W), 9, np.uint8), None, np.full((H, W), 9), None),
        ("b.tif", GREY, None, np.rint((GREY - 1000.0) * 255 / (H * W * 50 - 50)), "deep grey"),
        ("b.png", GREY, None, np.rint((GREY - 1000.0) * 255 / (H * W * 50 - 50)), "deep grey"),
        ("b.png", np.full((H, W), 900, np.uint16), None, np.zeros((H, W)), "deep grey"),
        ("b.tif", GREY.astype(np.float32), None,
         np.rint((GREY - 1000.0) * 255 / (H * W * 50 - 50)), "deep grey"),
        ("b.png", RGB, None, RGB, None),
        ("b.png", OPAQUE, None, RGB, None),
        ("b.png", HALF, None, RGB * (128 / 255) + 127, "transparency"),
        ("b.png", np.dstack([RGB[..., 0], HALF[..., 3]]), None,
         RGB[..., 0] * (128 / 255) + 127, "transparency"),
        ("b.png", RGB, "P", None, "palette"),
        ("b.png", MASK.astype(np.uint8) * 255, "1", MASK * 255, None),
    ],
    ids=["grey", "tif16", "png16", "flat16", "float", "rgb", "opaque", "half", "grey-alpha",
         "palette", "bits"],
)  # fmt: skip
def test_every_kind_of_image(
    shop: Workshop, name: str, pixels: np.ndarray, mode: str | None, expected: Any, repair: Any
) -> None:
    (shop.root / "images" / "b.png").unlink()
    shop.save(name, pixels, mode)
    shop.content["images"][1]["file_name"] = name
    shop.convert()
    found = read_pixels(shop.root / "images" / name)
    if expected is None:
        expected = np.asarray(Image.open(shop.root / "images" / name).convert("RGB"))
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    assert np.abs(found.astype(float) - expected).max() <= (1 if repair == "transparency" else 0)
    if found.ndim == 2:
        found = np.dstack([found] * 3)
    np.testing.assert_array_equal(shop.pixels("b.png"), found)
    assert [repair in sentence for sentence in shop.repairs] == ([True] if repair else [])


def test_images_no_rule_covers_are_refused(shop: Workshop) -> None:
    path = shop.root / "images" / "b.tif"
    shop.content["images"][1]["file_name"] = "b.tif"
    frames = [Image.new("L", (W, H)), Image.new("L", (W, H))]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match="holds 2 frames"):
        shop.convert()
    Image.new("CMYK", (W, H)).save(path)
    with pytest.raises(ValueError, match="mode 'CMYK'"):
        shop.convert()
    Image.fromarray(np.full((H, W), np.nan, np.float32)).save(path)
    with pytest.raises(ValueError, match="not finite"):
        shop.convert()


def test_an_image_cut_off_in_its_pixels_is_refused(shop: Workshop) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (H, W), dtype=np.uint8)
    shop.save("b.png", noise)
    path = shop.root / "images" / "b.png"
    path.write_bytes(path.read_bytes()[:300])  # the header says the right size
    with pytest.raises(ValueError, match=r"b\.png: not a readable image"):
        shop.convert()
    assert not list((shop.root / "out").iterdir())


def test_real_cells_keep_their_masks(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "isbi2014_train45"
    options = {"images": str(folder / "images"), "labels": str(folder / "annotations.json")}
    convert("isbi", "folder", options, tmp_path / "isbi.json")
    coco, source = read_coco(tmp_path / "isbi.json"), read_coco(folder / "annotations.json")
    assert len(coco.images) == 45
    assert sum(objects(coco)) == 540
    assert read_json(tmp_path / "isbi.json")["info"]["repairs"] == []
    for image in list(source.images.values())[:5]:
        (record,) = coco.by_name([Path(image.file_name).with_suffix(".png").as_posix()])
        assert coco.instances(record.id).masks == source.instances(image.id).masks


def test_real_chromosomes_begin_at_one(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "ucoc_like"
    options = {"images": str(folder / "images"), "labels": str(folder / "annotations.json")}
    convert("ucoc", "folder", options, tmp_path / "ucoc.json")
    coco = read_coco(tmp_path / "ucoc.json")
    numbers = [a["id"] for found in coco.annotations.values() for a in found]
    assert numbers == list(range(1, 251))
    (repair,) = read_json(tmp_path / "ucoc.json")["info"]["repairs"]
    assert repair.startswith("annotation id 0 was replaced")
