"""The folder data set: names of files as other systems write them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from gains.datasets.coco import CocoDataset
from gains.datasets.convert import own_files
from helpers.folder_workshop import H, W, Workshop, objects

COMPOSED = "é.png"
APART = unicodedata.normalize("NFD", COMPOSED)
PIXELS = np.full((H, W), 7, np.uint8)


def named(shop: Workshop, in_json: str, on_disk: str) -> CocoDataset:
    """Convert with the name of the second image in the JSON file, and that of its file."""
    shop.save(on_disk, PIXELS)
    (shop.root / "images" / "b.png").unlink(missing_ok=True)
    shop.content["images"][1]["file_name"] = in_json
    return shop.convert()


@pytest.mark.parametrize(
    ("in_json", "on_disk", "archived", "sentence"),
    [
        ("x\\b.png", "x/b.png", "x/b.png", "back slashes in file names were read as slashes"),
        (".\\x\\b.png", "x/b.png", "x/b.png", "back slashes in file names were read as slashes"),
        ("./x//b.png", "x/b.png", "x/b.png", None),
        ("x%20y.png", "x y.png", "x y.png", "codes such as %20 in file names were read as their"),
        ("x%20y.png", "x%20y.png", "x%20y.png", None),
        (COMPOSED, APART, COMPOSED, "file names are written in Unicode normal form C"),
        (APART, COMPOSED, COMPOSED, "file names are written in Unicode normal form C"),
        (APART, APART, COMPOSED, "file names are written in Unicode normal form C"),
        (f"{APART[:2]}/{COMPOSED}", f"{COMPOSED[0]}/{APART}", f"é/{COMPOSED}",
         "file names are written in Unicode normal form C"),
        (COMPOSED, COMPOSED, COMPOSED, None),
    ],
)  # fmt: skip
def test_names_of_other_systems(
    shop: Workshop, in_json: str, on_disk: str, archived: str, sentence: str | None
) -> None:
    coco = named(shop, in_json, on_disk)
    assert objects(coco) == [1, 2]
    assert [image.file_name for image in coco.images.values()] == ["a.png", archived]
    assert (shop.pixels(archived) == 7).all()
    assert len(shop.repairs) == (sentence is not None)
    if sentence:
        assert shop.repairs[0].startswith(sentence)


@pytest.mark.parametrize(
    ("in_json", "on_disk", "message"),
    [
        ("B2.png", "b2.PNG", "B2.png is missing; the folder holds 'b2.PNG': write the name so"),
        ("x/c.png", "c.png", "is missing; the folder holds 'c.png'"),
        ("c.png", "x/c.png", "is missing; the folder holds 'x/c.png'"),
        ("C:\\data\\c.png", "c.png", "leaves the folder"),
        ("/data/c.png", "c.png", "leaves the folder"),
        ("..\\c.png", "c.png", "leaves the folder"),
        ("%2e%2e/c.png", "c.png", "leaves the folder"),
        ("d.png", "c.png", r"the file \S*d\.png is missing$"),
        (f"{'x' * 300}.png", "c.png", "image 'x+.png': .*the name is too long for this system"),
    ],
)
def test_names_that_are_no_file_are_refused(
    shop: Workshop, in_json: str, on_disk: str, message: str
) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        named(shop, in_json, on_disk)


def test_names_that_differ_in_their_normal_form_alone_are_refused(shop: Workshop) -> None:
    shop.save(COMPOSED, PIXELS)
    shop.content["images"][0]["file_name"] = COMPOSED
    with pytest.raises(ValueError, match="differ in their Unicode normal form alone"):
        named(shop, APART, APART)


def test_two_files_of_a_third_form_are_refused(shop: Workshop) -> None:
    names = [unicodedata.normalize(form, "ệ.png") for form in ("NFC", "NFD")]
    for name in names:
        shop.save(name, PIXELS)
    mixed = "ệ.png"  # one mark apart, the other not
    assert mixed not in names
    with pytest.raises(ValueError, match="2 files have this name, in different Unicode"):
        named(shop, mixed, "other.png")


def test_the_order_does_not_depend_on_the_system(shop: Workshop) -> None:
    names = ["x/b.png", "x-b.png", "xb.png"]
    orders = []
    for separator in "/\\":
        shop.content["images"] = [
            {"id": k, "file_name": name.replace("/", separator)} for k, name in enumerate(names, 1)
        ]
        for name in names:
            shop.save(name, PIXELS)
        orders.append([image.file_name for image in shop.convert().images.values()])
    assert orders == [["x-b.png", "x/b.png", "xb.png"]] * 2


def test_the_files_of_a_conversion_are_those_that_it_reads(shop: Workshop) -> None:
    images = shop.root / "images"
    shop.save(APART, PIXELS)
    shop.save("x y.png", PIXELS)
    options = {"images": str(images), "labels": str(shop.root / "ann.json")}
    (shop.root / "ann.json").write_text("{}")
    named_files = own_files(
        "folder", options, lambda _: [COMPOSED, "x%20y.png", ".\\a.png", "c.png", "x" * 300]
    )
    found = [path.relative_to(images).as_posix() for key, path in named_files.items() if key]
    assert found == [APART, "x y.png", "a.png", "c.png", "x" * 300]
