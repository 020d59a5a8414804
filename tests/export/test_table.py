"""The table of objects: measurements computed by hand."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from gains.export import FORMATS
from gains.export.job import ExportJob
from gains.export.shape import Shape, shape_of
from gains.masks.rle import encode_mask
from gains.masks.windows import window_of
from helpers import exports


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros((30, 40), dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask


def shaped(mask: np.ndarray) -> Shape:
    return shape_of(window_of(encode_mask(mask)))


def test_a_rectangle() -> None:
    shape = shaped(rectangle(3, 5, 4, 2))
    assert shape[:7] == (8, 5.0, 6.0, 3, 5, 4, 2)
    # 4 columns and 2 rows are crossed twice, and 5 diagonals of each kind twice
    assert shape.perimeter == pytest.approx(math.pi / 8 * (12 + 20 / math.sqrt(2)))
    assert shape.circularity == pytest.approx(4 * math.pi * 8 / shape.perimeter**2)
    # variances of a rectangle are side^2 / 12
    assert shape.eccentricity == pytest.approx(math.sqrt(1 - 4 / 16))
    assert shape.solidity == pytest.approx(1)


def test_one_pixel_is_round_and_solid() -> None:
    shape = shaped(rectangle(0, 0, 1, 1))
    assert (shape.area, shape.x, shape.y, shape.eccentricity) == (1, 0.5, 0.5, 0)
    assert shape.solidity == pytest.approx(1)


def test_a_large_disc_has_the_numbers_of_a_circle() -> None:
    y, x = np.mgrid[:240, :240]
    disc = (x - 119.5) ** 2 + (y - 119.5) ** 2 < 100**2
    shape = shaped(disc)
    assert shape.perimeter == pytest.approx(200 * math.pi, rel=0.005)
    assert shape.circularity == pytest.approx(1, abs=0.01)
    assert shape.eccentricity < 0.01
    assert shape.solidity == pytest.approx(1, abs=0.02)


def test_a_corner_lowers_the_solidity_and_a_hole_adds_to_the_perimeter() -> None:
    whole = rectangle(0, 0, 4, 4)
    corner, hole = whole.copy(), whole.copy()
    corner[:2, 2:] = False
    hole[1:3, 1:3] = False
    # the hull of the corner lacks a triangle with sides of 2 px
    assert shaped(corner).solidity == pytest.approx(12 / 14)
    inner = shaped(rectangle(1, 1, 2, 2)).perimeter
    assert shaped(hole).perimeter == pytest.approx(shaped(whole).perimeter + inner)
    assert shaped(hole).solidity == pytest.approx(12 / 16)


def test_the_table_has_a_row_for_each_object(tmp_path: Path) -> None:
    path = exports.write(tmp_path, [0.5, 0.9, 0.8, 0.7, 0.49])
    ExportJob([FORMATS.get("csv")], tmp_path / "out").run(path)
    with (tmp_path / "out/csv/objects.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(r["image"], r["number"], r["class"], r["score"]) for r in found] == [
        ("day 1/a.png", "1", "cell", "0.900000"),
        ("day 1/a.png", "2", "nucleus/Kern", "0.800000"),
        ("day 1/a.png", "3", "cell", "0.700000"),
        ("day 1/a.png", "4", "cell", "0.500000"),
    ]
    assert (found[2]["area"], found[2]["x"], found[2]["y"]) == ("1", "0.5000", "19.5000")
    assert [r["neighbours_overlapped"] for r in found] == ["1", "0", "0", "1"]
    # objects 1 and 4 share 52 of their 124 and 149 pixels
    heavy, isolated = "heavy overlap", "isolated"
    assert [r["contact"] for r in found] == [heavy, isolated, isolated, heavy]
