"""Scaling of deep images: percentiles, outliers, and blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gains.datasets.readers import deep
from gains.datasets.readers.image_file import StoredImage
from gains.datasets.readers.images import Reading, read_image
from helpers.folder_workshop import H, W, Workshop
from helpers.image_writers import write_png, write_tiff

CELLS = np.random.default_rng(0).integers(100, 600, (H, W)).astype(np.uint16)


def hot(value: int = 65535) -> np.ndarray:
    pixels = CELLS.copy()
    pixels[3, 4] = value
    return pixels


def test_several_hot_pixels_of_a_small_image_are_recorded(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(100, 600, (48, 64)).astype(np.uint16)
    values[:4, 5] = values[9, :4] = 65535
    write_png(tmp_path / "a.png", values)
    assert read_image(tmp_path / "a.png").changes[-1] == deep.FEW_LEVELS


def test_one_hot_pixel_is_recorded_and_percentiles_cut_it_off(shop: Workshop) -> None:
    write_png(shop.root / "images" / "b.png", hot())
    shop.convert()
    assert len(np.unique(shop.pixels("b.png"))) <= 4
    assert [r for r in shop.repairs if "fewer than 32 of 256 grey levels" in r and "b.png" in r]
    shop.convert(percentiles=[0.5, 99.5])
    assert len(np.unique(shop.pixels("b.png"))) > 200
    (repair,) = shop.repairs
    assert repair.startswith("deep grey was scaled linearly, its percentiles 0.5 and 99.5")


@pytest.mark.parametrize("pixels", [
    CELLS, np.where(CELLS > 590, 65535, 0), np.where(CELLS > 590, 65535, CELLS % 3),
    np.full((H, W), 7), np.arange(2)[None] * 9,
], ids=["plain", "two values", "few values", "flat", "two pixels"])  # fmt: skip
def test_images_without_lost_levels_are_not_reported(pixels: np.ndarray, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", pixels.astype(np.uint16))
    assert len(read_image(tmp_path / "a.png").changes) == 1


@pytest.mark.parametrize("limit", [0, 1])
def test_an_outlier_at_either_end_counts(limit: int, tmp_path: Path) -> None:
    pixels = CELLS / np.float32(600)
    pixels[0, 0] = (-1000, 1000)[limit]
    write_tiff(tmp_path / "a.tif", pixels, 1)
    assert read_image(tmp_path / "a.tif").changes[-1] == deep.FEW_LEVELS


def test_percentiles_are_those_of_numpy(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", hot())
    low, high = np.percentile(hot(), [2, 98])
    expected = np.rint(np.clip((hot() - low) * (255 / (high - low)), 0, 255))
    found = read_image(tmp_path / "a.png", Reading(percentiles=(2, 98)))
    np.testing.assert_array_equal(found.values, expected)


def test_images_of_8_bits_are_not_scaled(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", CELLS % 90, bits=8)
    found = read_image(tmp_path / "a.png", Reading(percentiles=(2, 98)))
    np.testing.assert_array_equal(found.values, CELLS % 90)
    assert found.changes == ()


@pytest.mark.parametrize("wrong", [[99, 1], [5, 5], [-1, 99], [0, 101], [1], [1, 2, 3], "0 1"])
def test_wrong_percentiles_are_refused(wrong: Any, shop: Workshop) -> None:
    with pytest.raises(ValueError, match="percentiles"):
        shop.convert(percentiles=wrong)


def test_the_options_are_in_the_file(shop: Workshop) -> None:
    shop.convert(percentiles=[1, 99])
    options = json.loads((shop.root / "out" / "own.json").read_text())["info"]["options"]
    assert options["percentiles"] == [1, 99]
    assert options["orientation"] == "stored"


@given(st.integers(1, 50))
def test_blocks_do_not_matter(block: int) -> None:
    samples = StoredImage(CELLS)
    whole, _ = deep.scaled(samples, None, Path("a"))
    before, deep.BLOCK = deep.BLOCK, block * W
    try:
        np.testing.assert_array_equal(deep.scaled(samples, None, Path("a"))[0], whole)
    finally:
        deep.BLOCK = before


@pytest.mark.parametrize(("kind", "lowest"), [(np.uint64, 2**60), (np.int64, -(2**60))])
def test_whole_numbers_that_no_float_holds_stay_apart(
    kind: type[np.integer], lowest: int, tmp_path: Path
) -> None:
    values = (lowest + np.arange(6).reshape(2, 3)).astype(kind)
    write_tiff(tmp_path / "a.tif", values, 1)
    assert read_image(tmp_path / "a.tif").values.tolist() == [[0, 51, 102], [153, 204, 255]]
