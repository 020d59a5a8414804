"""Polygons are rasterised as the published programs do it."""

from __future__ import annotations

import numpy as np
import pytest

from gains.anomaly.raster import rasterize
from gains.config.maps import MapSettings

SQUARE = [1.0, 1.0, 4.0, 1.0, 4.0, 4.0, 1.0, 4.0]
BESIDE = [6.0, 1.0, 9.0, 1.0, 9.0, 4.0, 6.0, 4.0]


def test_rasterize_points_is_the_integer_point_rule() -> None:
    triangle = {"id": 1, "segmentation": [[0.5, 0.5, 4.4, 0.5, 0.5, 4.4]]}
    mask = rasterize(triangle, 6, 6, MapSettings(rasterize="points"))
    rows, columns = np.indices((6, 6))
    np.testing.assert_array_equal(mask, (rows >= 1) & (columns >= 1) & (rows + columns < 5))
    outside = {"id": 1, "segmentation": [[-6.0, -6.0, -3.0, -6.0, -3.0, -3.0]]}
    assert not rasterize(outside, 6, 6, MapSettings(rasterize="points")).any()


def test_rasterize_points_of_several_parts() -> None:
    parts = {"id": 1, "segmentation": [SQUARE, BESIDE]}
    united = rasterize(parts, 6, 12, MapSettings(rasterize="points"))
    flat = rasterize(parts, 6, 12, MapSettings(rasterize="points", mode="as_published"))
    nuclei = MapSettings(program="nuclei", rasterize="points", mode="as_published")
    each = [
        rasterize({"id": 1, "segmentation": [p]}, 6, 12, MapSettings(rasterize="points"))
        for p in (SQUARE, BESIDE)
    ]
    np.testing.assert_array_equal(united, each[0] | each[1])
    np.testing.assert_array_equal(rasterize(parts, 6, 12, nuclei), united)
    assert (flat != united).any()  # the edge between the parts encloses other pixels


def test_outlines_that_cannot_be_drawn_are_refused() -> None:
    rle = {"id": 7, "segmentation": {"size": [6, 6], "counts": "k0"}}
    with pytest.raises(ValueError, match=r"annotation 7: .*'points' needs polygons, found RLE"):
        rasterize(rle, 6, 6, MapSettings(rasterize="points"))
    odd = {"id": 8, "segmentation": [[1.0, 2.0, 3.0]]}
    with pytest.raises(ValueError, match="annotation 8: .*odd number"):
        rasterize(odd, 6, 6, MapSettings(rasterize="points"))
    far = {"id": 8, "segmentation": [[1.0, 2.0, 3.0, 2.0, 3e9, 3.0]]}
    for rule in ("points", "coco"):
        with pytest.raises(ValueError, match="annotation 8: .*in px"):
            rasterize(far, 6, 6, MapSettings(rasterize=rule))
    with pytest.raises(ValueError, match="annotation 9: .*polygons or RLE"):
        rasterize({"id": 9}, 6, 6, MapSettings())
