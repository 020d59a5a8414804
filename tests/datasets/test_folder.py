"""The folder data set: every repair and every refusal."""

import copy
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from gains.datasets.coco import CocoDataset, ImageArchive, read_coco
from gains.datasets.convert import convert
from gains.datasets.readers.images import read_pixels
from gains.masks.rle import encode_mask
from gains.masks.segmentation import to_rle
from gains.support.files import read_json

H, W = 20, 30
SQUARE = [2.0, 3.0, 8.0, 3.0, 8.0, 9.0, 2.0, 9.0]  # x0 y0 ...: 6 x 6 px
MASK = np.zeros((H, W), dtype=bool)
MASK[3:9, 2:8] = True


def uncompressed(mask: np.ndarray) -> dict[str, Any]:
    """Encode by hand: runs of zeros and ones in column order, starting with zeros."""
    flat, counts, value = mask.T.ravel(), [0], False
    for pixel in flat:
        if pixel != value:
            counts.append(0)
            value = bool(pixel)
        counts[-1] += 1
    return {"size": list(mask.shape), "counts": counts}


def annotation(number: int, image: int, **changes: Any) -> dict[str, Any]:
    record = {"id": number, "image_id": image, "category_id": 1, "segmentation": [SQUARE]}
    return record | {"bbox": [2, 3, 6, 6], "area": 36, "iscrowd": 0} | changes


GOOD: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "a.png", "height": H, "width": W},
        {"id": 2, "file_name": "b.png", "height": H, "width": W},
    ],
    "annotations": [annotation(1, 1), annotation(2, 2), annotation(3, 2)],
    "categories": [{"id": 1, "name": "cell"}],
}


class Workshop:
    """A folder of two images and its json, to be damaged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.content = copy.deepcopy(GOOD)
        (root / "images").mkdir()
        for name in ("a.png", "b.png"):
            self.save(name, np.full((H, W), 100, np.uint8))

    def save(self, name: str, pixels: np.ndarray, mode: str | None = None) -> None:
        image = Image.fromarray(pixels)
        path = self.root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (image.convert(mode) if mode else image).save(path)

    def convert(self) -> CocoDataset:
        (self.root / "ann.json").write_text(json.dumps(self.content))
        options = {"images": str(self.root / "images"), "annotations": str(self.root / "ann.json")}
        convert("own", "folder", options, self.root / "out" / "own.json")
        return read_coco(self.root / "out" / "own.json")

    @property
    def repairs(self) -> list[str]:
        return read_json(self.root / "out" / "own.json")["info"]["repairs"]

    def pixels(self, name: str) -> np.ndarray:
        return ImageArchive(self.root / "out" / "own.zip").read(name)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def objects(coco: CocoDataset) -> list[int]:
    return [len(found) for found in coco.annotations.values()]


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
        "image id 0 replaced", [1, 2],
    ),
    "annotation id 0": (set_annotation(id=0), "annotation id 0 replaced", [1, 2]),
    "annotation id repeated": (set_annotation(id=1), "repeated annotation ids replaced", [1, 2]),
    "annotation id missing": (drop("annotations", "id"), "missing annotation ids given", [1, 2]),
    "size missing": (drop("images", "height"), "missing height taken from the image file", [1, 2]),
    "crowd": (set_annotation(iscrowd=1), "crowd regions dropped", [1, 1]),
    "empty list": (set_annotation(segmentation=[]), "cover no pixel dropped", [1, 1]),
    "two points": (set_annotation(segmentation=[[1, 1, 5, 5]]), "cover no pixel dropped", [1, 1]),
    "no area": (
        set_annotation(segmentation=[[1, 1, 5, 1, 9, 1]]), "cover no pixel dropped", [1, 1],
    ),
    "empty rle": (
        set_annotation(segmentation=encode_mask(np.zeros((H, W), bool))),
        "cover no pixel dropped", [1, 1],
    ),
    "wholly outside": (
        set_annotation(segmentation=[[-9, -9, -2, -9, -2, -2]]), "cover no pixel dropped", [1, 1],
    ),
    "partly outside": (
        set_annotation(segmentation=[[-4, 3, 6, 3, 6, 9, -4, 9]]), "polygons cut", [1, 2],
    ),
    "image without objects": (
        set_annotation(image_id=1), "images without objects kept", [3, 0],
    ),
    "unlisted file": (
        lambda s: s.save("sub/c.tif", np.zeros((5, 5), np.uint8)),
        "image files that the json does not list ignored: 1 (first: c.tif)", [1, 2],
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
    "size differs": (set_image(width=31), r"'b\.png': the json says width 31, the file has 30"),
    "size is no number": (set_image(width="wide"), r"'b\.png': 'width' is 'wide'"),
    "image id repeated": (set_image(id=1), r"image 'b\.png': id 1 is repeated"),
    "image id missing": (drop("images", "id"), r"image 'b\.png': 'id' is None"),
    "file listed twice": (set_image(file_name="a.png"), r"image 'a\.png' is listed twice"),
    "names collide": (
        lambda s: (s.save("a.tif", np.zeros((H, W), np.uint8)), set_image(file_name="a.tif")(s)),
        r"'a\.tif' and 'a\.png': both would be 'a\.png'",
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
    "rle without size": (set_annotation(segmentation={"counts": "zz"}), "has size None"),
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
        convert("x", "folder", {"images": here, "annotations": "nowhere.json"}, out)
    with pytest.raises(FileNotFoundError, match="no such folder of images"):
        convert("x", "folder", {"images": here + "x", "annotations": "nowhere.json"}, out)
    with pytest.raises(ValueError, match=r"unknown key 'annotation'; did you mean 'annotations'\?"):
        convert("x", "folder", {"images": here, "annotation": "a.json"}, out)
    with pytest.raises(ValueError, match="annotations: Field required"):
        convert("x", "folder", {"images": here}, out)


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
        "categories renumbered 1..K in order of id (0 became 1, 3 became 2, 7 became 3): 1 "
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
        ("b.png", OPAQUE, None, RGB, "transparency"),
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


def test_real_cells(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "isbi2014_train45"
    options = {"images": str(folder / "images"), "annotations": str(folder / "annotations.json")}
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
    options = {"images": str(folder / "images"), "annotations": str(folder / "annotations.json")}
    convert("ucoc", "folder", options, tmp_path / "ucoc.json")
    coco = read_coco(tmp_path / "ucoc.json")
    numbers = [a["id"] for found in coco.annotations.values() for a in found]
    assert numbers == list(range(1, 251))
    (repair,) = read_json(tmp_path / "ucoc.json")["info"]["repairs"]
    assert repair.startswith("annotation id 0 replaced")
