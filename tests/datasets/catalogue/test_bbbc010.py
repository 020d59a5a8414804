"""BBBC010 from a small copy of its official layout."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.layouts import FIELD, WELL, WORMS, Layout, file_names, scaled


def test_bbbc010(worms: Layout) -> None:
    coco = worms.convert()
    assert file_names(coco) == ["A01.png", "B02.png"]
    assert (list(coco.images), coco.categories) == ([1, 2], {1: "worm"})
    np.testing.assert_array_equal(coco.instances(1).stack(), WORMS)
    assert [a["id"] for found in coco.annotations.values() for a in found] == [1, 2, 3, 4]
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(FIELD))
    assert worms.info["counts"]["objects"] == {"worm": {"expected": 1407, "found": 4}}
    assert "expected 100 images, found 2" in worms.repairs
    assert "deep grey was scaled linearly" in worms.repairs
    assert "brighter" not in worms.repairs
    worms.convert(channel="w1")
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(65_535 - FIELD))
    assert "worms are brighter than the background on 2 of 2 images" in worms.repairs


def test_bbbc010_is_cropped_before_it_is_scaled(worms: Layout) -> None:
    bright = FIELD.copy()
    bright[0, 0] = 65_535
    worms.save("BBBC010_v2_images/" + WELL.format("A01", "w2"), bright)
    coco = worms.convert(crop="layering")
    rows, columns = slice(50, 498), slice(120, 568)
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(FIELD[rows, columns]))
    np.testing.assert_array_equal(
        coco.instances(1).stack(), [worm[rows, columns] for worm in WORMS[:2]]
    )
    assert "without a pixel within the crop were dropped: 1 (first: A01_03_gr" in worms.repairs
    assert worms.info["counts"]["objects"]["worm"]["expected"] is None


@pytest.mark.parametrize("colour", [0, 255], ids=["black", "white"])
def test_bbbc010_takes_what_is_drawn_on_a_transparent_ground(colour: int, worms: Layout) -> None:
    for k, worm in enumerate(WORMS, start=1):
        file = f"BBBC010_v1_foreground_eachworm/A01_{k:02d}_ground_truth.png"
        grey = np.where(worm, colour, 255 if colour else 0)
        worms.save(file, np.dstack([grey, worm * 255]).astype(np.uint8))
    found = worms.convert().instances(1)
    np.testing.assert_array_equal(found.stack(), WORMS)
