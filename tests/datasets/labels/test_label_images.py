"""Label images: numbers of objects in every depth, in one layer or several."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gains.datasets.labels.label_images import FLAT
from helpers.own_labels import H, Own, W, box

A, B, C = box(2, 3, 8, 9), box(12, 3, 18, 9), box(6, 5, 14, 8)
VALUES = A * 1 + B * 3


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", ">u2", "u4", "i4", "f4", "i8"])
@pytest.mark.parametrize("suffix", [".tif", ".TIFF", ".npy"])
def test_every_depth(kind: str, suffix: str, own: Own) -> None:
    values = VALUES.astype(kind)
    path = own.place(f"a{suffix}")
    if suffix == ".npy":
        np.save(path, values)
    else:
        tifffile.imwrite(path, values)
    found = own.read()
    assert found.equals(A, B) and found.classes == {"a.png": ["object"] * 2}


def test_png_of_8_and_16_bits_palettes_and_colours(own: Own) -> None:
    own.picture("a.png", VALUES.astype(np.uint8))
    assert own.read().equals(A, B)
    own.picture("a.png", (VALUES * 300).astype(np.uint16))
    assert own.read().equals(A, B)
    indexed = Image.fromarray(VALUES.astype(np.uint8), "P")
    indexed.putpalette([5, 5, 5, 9, 9, 9, 0, 0, 0, 0, 0, 0])  # background 0 is not black
    indexed.save(own.place("a.png"))
    assert own.read().equals(A, B)
    own.picture(
        "a.png",
        A[..., None] * np.array([0, 9, 0], np.uint8) + B[..., None] * np.array([7, 0, 0], np.uint8),
    )
    assert own.read().equals(A, B)


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_layers_hold_overlaps(suffix: str, own: Own) -> None:
    """The same number in two layers means two objects; objects are in order of number."""
    layers = np.stack([A * 1 + B * 3, C * 1]).astype(np.uint16)
    if suffix == ".npy":
        np.save(own.place("a.npy"), layers)
    else:
        tifffile.imwrite(own.place("a.tif"), layers, photometric="minisblack")
    found = own.read()
    assert found.equals(A, C, B)
    assert (found.masks["a.png"][0] & found.masks["a.png"][1]).any()


def test_pages_of_an_imagej_stack_are_layers(own: Own) -> None:
    tifffile.imwrite(own.place("a.tif"), np.stack([A, C]).astype(np.uint16), imagej=True)
    assert own.read().equals(A, C)


def test_classes_that_the_export_records_come_back(own: Own) -> None:
    """gains export writes the names of classes by number into the description of the TIFF."""
    tifffile.imwrite(
        own.place("a.tif"),
        np.stack([A * 1 + B * 3, C * 2]).astype(np.uint16),
        photometric="minisblack",
        metadata={"axes": "ZYX", "gains_labels": 1, "classes": {"1": "x", "2": "y", "3": "x"}},
    )
    found = own.read()
    assert found.equals(A, C, B)
    assert found.classes["a.png"] == ["x", "y", "x"]


def test_a_person_is_told_that_one_layer_holds_no_overlaps(own: Own) -> None:
    np.save(own.place("a.npy"), np.stack([A * 1 + B * 2, C * 1]))
    assert FLAT not in own.read().repairs
    np.save(own.place("a.npy"), np.stack([A * 1 + B * 2]))
    assert own.read().repairs == [FLAT]


def test_an_object_of_two_pieces_is_kept_and_reported(own: Own) -> None:
    own.picture("a.png", ((A | B) * 4).astype(np.uint8))
    found = own.read()
    assert found.equals(A | B)
    assert found.repairs == [
        "objects of several pieces were kept as one object: 1 (first: a.png)", FLAT,
    ]  # fmt: skip


def test_a_background_that_is_not_black_is_reported(own: Own) -> None:
    own.picture("a.png", (VALUES + 1).astype(np.uint8))
    repair, _ = own.read().repairs
    assert repair.startswith("objects in all four corners of the image were kept; check that")


def cut(own: Own, **options: Any) -> None:
    path = own.place("a.tif")
    tifffile.imwrite(path, VALUES.astype(np.uint8), metadata=None, **options)
    path.write_bytes(path.read_bytes()[:-20])


Write = Callable[[Own], Any]
NOISE = np.random.default_rng(0).integers(0, 256, (H, W)).astype(np.uint8)
REFUSED: dict[str, tuple[Write, str]] = {
    "another size": (
        lambda own: own.picture("a.png", np.ones((W, H), np.uint8)),
        r"the labels have the shape \[30, 20\], but the image has \[20, 30\] px",
    ),
    "another size of layers": (
        lambda own: np.save(own.place("a.npy"), np.ones((H, W, 2), np.uint8)),
        r"the labels have the shape \[20, 30, 2\]",
    ),
    "a mask of all objects": (
        lambda own: own.picture("a.png", ((A | B) * 255).astype(np.uint8)),
        "holds the value 255 alone, in 2 pieces, so it is a mask of all objects together",
    ),
    "a boolean mask of all objects": (
        lambda own: np.save(own.place("a.npy"), A | B),
        "holds the value True alone, in 2 pieces",
    ),
    "classes that are no names": (
        lambda own: tifffile.imwrite(
            own.place("a.tif"),
            VALUES.astype(np.uint8),
            metadata={"gains_labels": 1, "classes": {"1": 5, "3": ["x"]}},
        ),
        r"a\.tif: names the classes .*expected a record of the name for each number",
    ),
    "a photograph": (lambda own: own.picture("a.png", NOISE), "areas of equal values are crumbs"),
    "negative": (
        lambda own: np.save(own.place("a.npy"), -VALUES),
        "holds the value -3; expected 0",
    ),
    "fractions": (lambda own: np.save(own.place("a.npy"), VALUES / 2), "no whole numbers"),
    "not finite": (
        lambda own: np.save(own.place("a.npy"), np.where(A, np.inf, 0)),
        "no whole numbers",
    ),
    "text": (lambda own: np.save(own.place("a.npy"), np.full((H, W), "x")), "values of type <U1"),
    "a pickle": (
        lambda own: np.save(own.place("a.npy"), np.array({"masks": 1})),
        r"a\.npy: not a readable NPY file of numbers",
    ),
    "cut off": (
        lambda own: own.place("a.tif").write_bytes(b"II*\0\x08\0\0\0"),
        r"a\.tif: holds no image",
    ),
    "cut off in the pixels": (
        lambda own: cut(own, compression="zlib"),
        "a.tif: not a readable image: it is cut off",
    ),
    "cut off without packing": (lambda own: cut(own), "a.tif: not a readable image"),
    "empty": (lambda own: own.text("a.npy", ""), r"a\.npy: not a readable NPY file"),
    "RGB in TIFF": (
        lambda own: tifffile.imwrite(own.place("a.tif"), np.ones((H, W, 3), np.uint8)),
        "has RGB colours; expected a label image in grey",
    ),
    "white is 0": (
        lambda own: tifffile.imwrite(
            own.place("a.tif"), VALUES.astype(np.uint8), photometric="miniswhite"
        ),
        "has MINISWHITE colours",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, own: Own) -> None:
    write, message = REFUSED[case]
    write(own)
    with pytest.raises(ValueError, match=message):
        own.read()


def test_foreign_descriptions_name_no_classes(own: Own) -> None:
    text = json.dumps({"shape": [H, W], "classes": {"1": "x"}})
    tifffile.imwrite(own.place("a.tif"), VALUES.astype(np.uint8), description=text, metadata=None)
    assert own.read().classes["a.png"] == ["object", "object"]


@pytest.mark.parametrize("kind", ["imagej", "shaped"])
def test_a_file_that_states_more_layers_than_it_holds_is_refused_by_name(
    kind: str, own: Own
) -> None:
    path = own.place("a.tif")
    layers = np.stack([A * 1, B * 1]).astype(np.uint16)
    if kind == "imagej":
        tifffile.imwrite(path, layers, imagej=True)
        path.write_bytes(path.read_bytes().replace(b"images=2", b"images=9"))
    else:
        tifffile.imwrite(path, layers, metadata={"axes": "ZYX"})
        path.write_bytes(path.read_bytes().replace(b"[2, 20, 30]", b"[9, 20, 30]"))
    with pytest.raises(ValueError, match=r"a\.tif: (states that it holds 9 images|not a readable)"):
        own.read()


def test_a_stack_that_is_cut_to_one_layer_is_refused(own: Own) -> None:
    path = own.place("a.tif")
    tifffile.imwrite(path, np.stack([A * 1, B * 1]).astype(np.uint16), imagej=True)
    path.write_bytes(path.read_bytes()[: -A.size * 2])
    with pytest.raises(ValueError, match=r"a\.tif: states that it holds 2 images, but holds 1"):
        own.read()


def test_an_object_under_others_may_show_in_crumbs(own: Own) -> None:
    values = np.zeros((H, W), np.uint8)
    values[2:10, 2:20], values[10:18, 2:20], values[2:8, 22:28] = 1, 2, 3
    values[11:17:3, 3:20:4] = 1  # what shows of the first object through the second one
    own.picture("a.png", values)
    read = own.read()
    assert [int(mask.sum()) for mask in read.masks["a.png"]] == [144 + 10, 144 - 10, 36]
    assert any("several pieces" in sentence for sentence in read.repairs)
