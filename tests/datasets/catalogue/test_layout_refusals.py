"""Layouts that are refused, of data sets of mask files and arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.layouts import FIELD, FIRST, WELL, Layout

Change = Callable[[Layout], Any]


def nothing(layout: Layout) -> None:
    """Change nothing: the counts already differ from the published ones."""


def remove(name: str) -> Change:
    return lambda layout: (layout.root / name).unlink()


def put(name: str, pixels: np.ndarray) -> Change:
    return lambda layout: layout.save(name, pixels)


def cut(name: str) -> Change:
    def change(layout: Layout) -> None:
        path = layout.root / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


GREY = np.zeros((3, 4), np.uint8)
A01 = "BBBC010_v1_foreground_eachworm/A01_01_ground_truth.png"
A01_IMAGE = "BBBC010_v2_images/" + WELL.format("A01", "w2")
F01 = "MP6843_seg/F01_120_GT_01.tif"
MASKS = "Fold 1/masks/fold1/masks.npy"
IMAGES, TYPES = "Fold 1/images/fold1/images.npy", "Fold 1/images/fold1/types.npy"
PATCHES = np.zeros((2, 256, 256, 3))


@pytest.mark.parametrize(
    ("source", "change", "message"),
    [
        ("worms", nothing, r"expected 100 images, found 2; expected 1407 worm, found 4"),
        ("worms", remove(A01_IMAGE), r"A01_01_ground_truth\.png: the image of well A01 in ch"),
        ("worms", put(A01, GREY), r"A01_01_g\S+: the mask has size \[3, 4\], the image .*\[520, "),
        ("worms", cut(A01), r"A01_01_ground_truth\.png: not a readable image"),
        ("worms", cut(A01_IMAGE), r"A01_w2\S+: not a readable image"),
        ("worms", put("more/" + Path(A01).name, GREY), r"are both A01 01; keep only one"),
        ("worms", put("a/odd.tif", GREY), r"odd\.tif: unexpected file name; .* like 1649_1109"),
        ("cells", nothing, r"expected 100 images, found 2"),
        ("cells", remove(F01), r"F01_120w1\.TIF: the mask F01_120_GT_01\.tif is missing"),
        ("cells", remove("MP6843_img_full/F01_120w1.TIF"), r"GT_01\.tif: the image F01_120w1\.TIF"),
        ("cells", put(F01, GREY), r"F01_120_GT_01\.tif: the mask has size \[3, 4\], the image "),
        ("cells", put(F01, FIRST[::2]), r"F01_120_GT_01\.tif: the mask has size \[20, 60\]"),
        ("cells", cut(F01), r"F01_120_GT_01\.tif: not a readable image"),
        ("cells", put("a/F01_120_GT_03.tif", GREY), r"F01_120_GT_03\.tif: unexpected file name"),
        ("nuclei", nothing, r"expected 7901 images, found 6"),
        ("nuclei", remove(TYPES), r"has no file fold1/types\.npy"),
        ("nuclei", cut(MASKS), r"masks\.npy: not a readable array .*cut off"),
        ("nuclei", lambda x: (x.root / TYPES).write_bytes(b""), r"types\.npy: not a readable ar"),
        ("nuclei", lambda x: (x.root / TYPES).write_bytes(b"no"), r"types\.npy: not a readable"),
        ("nuclei", put(TYPES, np.array(["a", "b"], object)), r"types\.npy: holds pickled Python objects"),
        ("nuclei", put(TYPES, np.zeros(2)), r"types\.npy: holds float64; expected the tissue"),
        ("nuclei", put(MASKS, np.zeros((2, 256, 256, 5))), r"\(2, 256, 256, 5\); .*\(2, 256, 256, 6"),
        ("nuclei", put(IMAGES, np.zeros((2, 256, 3))), r"images\.npy: has shape \(2, 256, 3\)"),
        ("nuclei", put(IMAGES, PATCHES + 0.5), r"images\.npy: patch 0: holds 0\.5; .*0 to 255"),
        ("nuclei", put(IMAGES, PATCHES + 256), r"images\.npy: patch 0: holds 256"),
        ("nuclei", put(IMAGES, PATCHES + np.nan), r"images\.npy: patch 0: holds nan"),
        ("nuclei", put(MASKS, np.full((2, 256, 256, 6), -1.0)), r"masks\.npy: patch 0: holds -1"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_and_nothing_is_written(
    source: str, change: Change, message: str, request: pytest.FixtureRequest
) -> None:
    layout = request.getfixturevalue(source)
    change(layout)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        layout.convert(counts="check")
    assert not layout.out.exists() and not layout.out.with_suffix(".zip").exists()


def test_the_crop_must_lie_in_the_image(worms: Layout) -> None:
    worms.save(A01_IMAGE, FIELD[:400])
    with pytest.raises(ValueError, match=r"is 400 x 696 px; expected at least 498 x 568 px"):
        worms.convert(crop="layering")


def test_a_channel_that_is_not_there(worms: Layout, cells: Layout) -> None:
    for path in [*worms.root.rglob("*_w1_*"), *cells.root.rglob("*w1.TIF")]:
        path.unlink()
    for layout in (worms, cells):
        with pytest.raises(FileNotFoundError, match="none of the 2 images is of channel w1"):
            layout.convert(channel="w1")
