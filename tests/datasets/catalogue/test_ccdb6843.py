"""CCDB6843 from a small copy of its official layout."""

from __future__ import annotations

import numpy as np
from PIL import Image

from helpers.layouts import CELLS, FIRST, SECOND, Layout, file_names, scaled
from helpers.shapes import rectangle


def test_ccdb6843(cells: Layout) -> None:
    coco = cells.convert()
    assert file_names(coco) == ["F01_120.png", "F04_007.png"]
    first = FIRST & rectangle(CELLS, (0, 25), (0, 60))
    np.testing.assert_array_equal(coco.instances(1).stack(), [first, SECOND])
    np.testing.assert_array_equal(coco.instances(2).stack(), [first])
    image = np.asarray(Image.open(cells.root / "MP6843_img_full/F01_120w1.TIF"))
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image))
    assert (
        "regions of less than 100 px of the mask were dropped: 2 (first: F01_120" in cells.repairs
    )
    assert "channels differ, the first (red) was taken: 1 (first: F01_120_GT_02" in cells.repairs
    assert "scaled up" not in cells.repairs
    assert cells.info["counts"]["images"] == {"expected": 100, "found": 2}
    assert cells.info["counts"]["objects"]["cell"] == {"expected": None, "found": 3}
    assert len(cells.convert(min_area=99, channel="w2").instances(2)) == 2
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image)[::-1])


def test_ccdb6843_masks_of_half_the_size(cells: Layout) -> None:
    for channel in ("w1", "w2"):
        image = np.zeros((2 * CELLS[0], 2 * CELLS[1]), np.uint8)
        cells.save(f"MP6843_img_full/F01_120{channel}.TIF", image)
    found = cells.convert().instances(1).stack()
    first = FIRST & rectangle(CELLS, (0, 25), (0, 60))
    np.testing.assert_array_equal(found[:, ::2, ::2], [first, SECOND])
    np.testing.assert_array_equal(found[:, 1::2, 1::2], [first, SECOND])
    assert "scaled up by repeating pixels: 2 (first: F01_120_GT_01.tif)" in cells.repairs
    assert "less than 100 px" in cells.repairs, "of the mask as published"
