"""CCDB6843 from a small copy of its official layout."""

from __future__ import annotations

import numpy as np
from PIL import Image

from helpers.layouts import CELLS, FIRST, SECOND, Layout, colour, file_names, scaled
from helpers.shapes import rectangle

KEPT = FIRST & rectangle(CELLS, (0, 25), (0, 60))
"""The object of the first layer: its other region has 99 px."""


def test_ccdb6843(cells: Layout) -> None:
    coco = cells.convert(mask_channel="red")
    assert file_names(coco) == ["F01_120.png", "F04_007.png"]
    np.testing.assert_array_equal(coco.instances(1).stack(), [KEPT, SECOND])
    np.testing.assert_array_equal(coco.instances(2).stack(), [KEPT])
    image = np.asarray(Image.open(cells.root / "MP6843_img_full/F01_120w1.TIF"))
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image))
    assert (
        "regions of less than 100 px of the mask were dropped: 2 (first: F01_120" in cells.repairs
    )
    assert "channels differ, the red one was taken: 1 (first: F01_120_GT_02.tif)" in cells.repairs
    assert "scaled up" not in cells.repairs
    assert cells.info["counts"]["images"] == {"expected": 100, "found": 2}
    assert cells.info["counts"]["objects"]["cell"] == {"expected": None, "found": 3}
    assert len(cells.convert(min_area=99, channel="w2").instances(2)) == 2
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image)[::-1])


def test_objects_are_those_of_the_first_channel_in_opencv_order(cells: Layout) -> None:
    blue, both = rectangle(CELLS, (2, 14), (30, 42)), rectangle(CELLS, (20, 32), (2, 14))
    red = rectangle(CELLS, (20, 32), (30, 42)) | rectangle(CELLS, (2, 14), (2, 14))
    cells.save("MP6843_seg/F01_120_GT_02.tif", colour(blue | both, 2) | colour(red | both, 0))
    found = {
        channel: cells.convert(**options).instances(1).stack()[1:]
        for channel, options in (
            ("default", {}),
            ("blue", {"mask_channel": "blue"}),
            ("green", {"mask_channel": "green"}),
        )
    }
    np.testing.assert_array_equal(found["default"], [blue, both])
    np.testing.assert_array_equal(found["blue"], [blue, both])
    assert len(found["green"]) == 0
    assert "the green one was taken: 1 (first: F01_120_GT_02.tif)" in cells.repairs
    assert "objects of another channel were not taken: 4" in cells.repairs
    assert len(cells.convert(mask_channel="red").instances(1)) == 1 + 3
    # the green channel is empty, so every object of red is lacking there
    assert "objects were taken that another channel lacks or draws otherwise: 3" in cells.repairs
    assert (
        "objects of another channel were not taken: 1 (first: F01_120_GT_02.tif)" in cells.repairs
    )


def test_masks_without_colour_are_the_same_in_every_channel(cells: Layout) -> None:
    cells.save("MP6843_seg/F01_120_GT_02.tif", SECOND.astype(np.uint8) * 255)
    for channel in ("blue", "green", "red"):
        found = cells.convert(mask_channel=channel).instances(1)
        np.testing.assert_array_equal(found.stack(), [KEPT, SECOND])
        assert "channel" not in cells.repairs


def test_a_transparent_background_is_no_object(cells: Layout) -> None:
    alpha = SECOND.astype(np.uint8)[..., None] * 255
    cells.save("MP6843_seg/F01_120_GT_02.tif", np.concatenate([colour(SECOND), alpha], axis=2))
    np.testing.assert_array_equal(cells.convert().instances(1).stack(), [KEPT, SECOND])


def test_ccdb6843_masks_of_half_the_size(cells: Layout) -> None:
    for channel in ("w1", "w2"):
        image = np.zeros((2 * CELLS[0], 2 * CELLS[1]), np.uint8)
        cells.save(f"MP6843_img_full/F01_120{channel}.TIF", image)
    found = cells.convert(mask_channel="red").instances(1).stack()
    np.testing.assert_array_equal(found[:, ::2, ::2], [KEPT, SECOND])
    np.testing.assert_array_equal(found[:, 1::2, 1::2], [KEPT, SECOND])
    assert "scaled up by repeating pixels: 2 (first: F01_120_GT_01.tif)" in cells.repairs
    assert "less than 100 px" in cells.repairs, "of the mask as published"
