"""Ground truth of the EDF images that is drawn as outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from gains.datasets.catalogue.isbi2014.checks import nuclei
from gains.datasets.catalogue.isbi2014.outlines import nuclei_of
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.findings import Findings
from gains.masks.rle import decode_mask
from gains.support.files import read_json

SIDE = 96
FILLED = "outlines of nuclei were filled"


def disc(y: float, x: float, radius: float, side: int = SIDE) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.asarray(np.hypot(rows - y, columns - x) <= radius)


def outline(mask: np.ndarray, width: int = 1) -> np.ndarray:
    """Return the outermost pixels of a mask; lines of one pixel meet at corners."""
    return np.asarray(mask & ~ndimage.binary_erosion(mask, iterations=width, border_value=1))


def found(drawn: np.ndarray) -> tuple[list[np.ndarray] | None, list[str]]:
    findings = Findings()
    rles = nuclei_of(drawn, "EDF000.png", findings)
    return None if rles is None else [decode_mask(rle) for rle in rles], findings.sentences()


def sizes(masks: list[np.ndarray]) -> list[int]:
    return [int(np.count_nonzero(mask)) for mask in masks]


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("radius", [8, 11, 20])
def test_a_closed_outline_becomes_its_nucleus(width: int, radius: int) -> None:
    if radius - width <= width:
        pytest.skip("the line is wider than what it encloses")
    whole = disc(40, 40, radius)
    masks, said = found(outline(whole, width))
    assert masks is not None
    np.testing.assert_array_equal(masks, [whole])
    assert said == [f"{FILLED}: 1 (first: EDF000.png)"]


def test_nuclei_that_share_a_line_or_touch_stay_apart() -> None:
    left, right = disc(40, 30, 12), disc(40, 54, 12)
    masks, said = found(outline(left) | outline(right))
    assert masks is not None
    assert len(masks) == 2
    assert not (masks[0] & masks[1]).any()
    np.testing.assert_array_equal(masks[0] | masks[1], left | right)
    assert said == [f"{FILLED}: 2 (first: EDF000.png)"]
    assert np.count_nonzero(masks[0] ^ left) <= 3
    assert np.count_nonzero(masks[1] ^ right) <= 3


def test_the_gap_between_three_nuclei_is_background() -> None:
    circles = [disc(30, 30, 14), disc(30, 58, 14), disc(54, 44, 14)]
    masks, said = found(np.any([outline(circle) for circle in circles], axis=0))
    assert masks is not None
    assert len(masks) == 3
    assert all(area == pytest.approx(disc(48, 48, 14).sum(), rel=0.1) for area in sizes(masks))
    assert "gaps between nuclei, or around them, were not filled: 1 (first: EDF000.png)" in said


def test_the_border_of_the_image_closes_an_outline() -> None:
    cut, corner = disc(40, 2, 12), disc(94, 94, 10)
    masks, _ = found(outline(cut) | outline(corner))
    assert masks is not None
    np.testing.assert_array_equal(sorted(sizes(masks)), sorted(sizes([cut, corner])))


def test_a_small_nucleus_beside_outlines_is_filled_too() -> None:
    small, large = disc(20, 20, 4), disc(60, 60, 14)
    masks, _ = found(outline(small, 3) | outline(large, 3))
    assert masks is not None
    assert_same = np.testing.assert_array_equal
    assert_same(masks, [small, large])
    ring = outline(small, 3)
    alone, said = found(ring)
    assert alone is not None
    assert_same(alone, [ring])  # without a sign of outlines it may be a nucleus with a hole
    assert said == []


def test_outlines_beside_filled_nuclei_leave_those_unchanged() -> None:
    whole, drawn = disc(20, 20, 9), disc(60, 60, 12)
    masks, said = found(whole | outline(drawn))
    assert masks is not None
    np.testing.assert_array_equal(masks, [whole, drawn])
    assert said == [f"{FILLED}: 1 (first: EDF000.png)"]


def test_an_outline_that_holds_a_nucleus_is_no_nucleus() -> None:
    around, inner, whole = disc(48, 48, 40), disc(40, 40, 9), disc(60, 60, 9)
    masks, said = found(outline(around) | outline(inner) | whole)
    assert masks is not None
    np.testing.assert_array_equal(masks, [whole, inner])
    assert any(sentence.startswith("gaps between nuclei, or around them") for sentence in said)


def ring_of_nuclei() -> np.ndarray:
    """Return touching nuclei, filled, that enclose a part of the background."""
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    discs = [disc(48 + 30 * np.sin(a), 48 + 30 * np.cos(a), 8.5) for a in angles]
    return np.asarray(np.any(discs, axis=0))


FILLED_TRUTHS = {
    "discs": disc(20, 20, 9) | disc(60, 60, 12),
    "a hole": disc(40, 40, 12) & ~disc(40, 40, 3),
    "touching": ring_of_nuclei(),
    "small": disc(20, 20, 2) | disc(40, 40, 1.5) | disc(60, 60, 3),
    "specks": disc(20, 20, 9) | disc(50, 50, 1) | disc(70, 70, 0),
    "cut off": disc(0, 40, 9) | disc(95, 95, 12),
    "nothing": np.zeros((SIDE, SIDE), dtype=bool),
    "everything": np.ones((SIDE, SIDE), dtype=bool),
}


@pytest.mark.parametrize("kind", FILLED_TRUTHS)
def test_filled_nuclei_stay_as_they_are(kind: str) -> None:
    drawn, before = FILLED_TRUTHS[kind], Findings()
    after = Findings()
    assert nuclei_of(drawn, "a", after) == nuclei(drawn, "a", before)
    assert after.sentences() == before.sentences()


def test_outlines_that_are_not_closed() -> None:
    whole, other = disc(30, 30, 12), disc(64, 64, 16)
    gap = outline(whole)
    gap[25:28] = False
    assert found(gap)[0] is None
    wide = outline(whole, 3)
    wide[28:32, :30] = False
    assert found(wide)[0] is None
    dashed = outline(whole) | outline(other)
    dashed[:, ::3] = False
    left_out, said = found(dashed)
    assert left_out is None
    assert said == [
        "images with outlines of nuclei that are not closed were left out: 1 (first: EDF000.png)"
    ]
    assert found(gap | outline(other))[0] is None, "one of two nuclei is missing"
    speck = np.zeros_like(whole)
    speck[5, 5:8] = True
    masks, said = found(outline(other) | speck)
    assert masks is not None
    np.testing.assert_array_equal(masks, [other])
    assert said[0].startswith("pieces of lines beside closed outlines were dropped")


def write(root: Path, drawn: list[np.ndarray]) -> None:
    root.mkdir()
    for k, mask in enumerate(drawn):
        grey = np.where(ndimage.binary_fill_holes(mask), 80, 200).astype(np.uint8)
        Image.fromarray(grey).save(root / f"EDF{k:03d}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(root / f"EDF{k:03d}_GT.png")


def test_outlines_among_the_edf_images_are_filled_or_left_out_and_told(tmp_path: Path) -> None:
    whole = disc(30, 30, 12)
    dashed = outline(whole)
    dashed[::2] = False
    write(tmp_path / "raw", [outline(whole), dashed, *[whole] * 14])
    convert("edf", "isbi2014-edf", {"root": str(tmp_path / "raw")}, tmp_path / "edf.json")
    coco, info = read_coco(tmp_path / "edf.json"), read_json(tmp_path / "edf.json")["info"]
    assert "EDF001.png" not in [image.file_name for image in coco.images.values()]
    assert len(coco.images) == 15
    for number in coco.images:
        np.testing.assert_array_equal(coco.instances(number).stack(), [whole])
    assert info["repairs"] == [
        "outlines of nuclei were filled: 1 (first: EDF000.png)",
        "images with outlines of nuclei that are not closed were left out: 1 (first: EDF001.png)",
    ]
    assert info["counts"]["images"] == {"expected": 15, "found": 15}


def test_inverted_ground_truth_is_reported(tmp_path: Path) -> None:
    whole = disc(30, 30, 12)
    write(tmp_path / "raw", [*[whole] * 15, ~whole])
    convert("edf", "isbi2014-edf", {"root": str(tmp_path / "raw")}, tmp_path / "edf.json")
    assert read_json(tmp_path / "edf.json")["info"]["repairs"] == [
        "ground truth that is white in all four corners was kept; check that black is the "
        "background: 1 (first: EDF015.png)"
    ]


def test_outlines_that_leave_no_image_are_named(tmp_path: Path) -> None:
    dashed = outline(disc(30, 30, 12))
    dashed[::2] = False
    write(tmp_path / "raw", [dashed] * 16)
    with pytest.raises(ValueError, match="all 16 images is outlines of nuclei that are not closed"):
        convert("edf", "isbi2014-edf", {"root": str(tmp_path / "raw")}, tmp_path / "edf.json")


@pytest.mark.parametrize("colour", [0, 255], ids=["black", "white"])
def test_nuclei_on_a_transparent_ground_are_nuclei(colour: int, tmp_path: Path) -> None:
    whole = disc(30, 30, 12)
    write(tmp_path / "raw", [whole] * 16)
    drawn = np.dstack([np.full(whole.shape, colour), whole * 255]).astype(np.uint8)
    Image.fromarray(drawn).save(tmp_path / "raw" / "EDF000_GT.png")
    convert("edf", "isbi2014-edf", {"root": str(tmp_path / "raw")}, tmp_path / "edf.json")
    np.testing.assert_array_equal(read_coco(tmp_path / "edf.json").instances(1).stack(), [whole])


def test_the_outlines_of_the_nuclei_of_real_cells_are_filled(shared: Path) -> None:
    content = read_coco(shared / "data" / "isbi2014_train45" / "annotations.json")
    for number in list(content.images)[:10]:
        instances = content.instances(number)
        real = instances.stack()[instances.categories == 2]
        drawn = np.any([outline(mask) for mask in real], axis=0)
        masks, _ = found(drawn)
        assert masks is not None
        assert sorted(sizes(masks)) == sorted(sizes(list(real)))
