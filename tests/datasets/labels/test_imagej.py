"""ROIs of ImageJ: their pixels by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from roifile import ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from helpers.own_labels import RING, Own, box, corners, zipped

A = box(2, 3, 8, 9)


def roi(points: Any = None, **fields: Any) -> bytes:
    """Return the bytes of a polygon, or of a ROI of other fields."""
    found = ImagejRoi.frompoints(np.array(points)) if points is not None else ImagejRoi()
    for name, value in fields.items():
        setattr(found, name, value)
    return found.tobytes()


def bounds(kind: ROI_TYPE, left: int, top: int, right: int, bottom: int, **more: Any) -> bytes:
    return roi(roitype=kind, left=left, top=top, right=right, bottom=bottom, **more)


def path(*rings: list[list[float]]) -> np.ndarray:
    """Return the path of a composite ROI: 0 moves, 1 draws a line, 4 closes."""
    values: list[float] = []
    for first, *others in rings:
        values += [0, *first]
        for point in others[:-1]:
            values += [1, *point]
        values += [4]
    return np.array(values, np.float32)


def composite(*rings: list[list[float]]) -> bytes:
    coordinates = path(*rings)
    return bounds(
        ROI_TYPE.RECT, 2, 3, 12, 13,
        multi_coordinates=coordinates, shape_roi_size=len(coordinates), n_coordinates=0,
    )  # fmt: skip


def read(own: Own, data: bytes, name: str = "a.roi") -> Any:
    own.place(name).write_bytes(data)
    return own.read()


@pytest.mark.parametrize("kind", [ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED])
def test_whole_points_are_corners_of_pixels(kind: ROI_TYPE, own: Own) -> None:
    points = np.array(corners(2, 3, 8, 9)[:4], np.int32)
    assert read(own, roi(points, roitype=kind)).equals(A)
    assert own.read().format == "ImageJ ROIs"


def test_points_between_pixels_decide_by_the_centres(own: Own) -> None:
    points = np.array(corners(2.6, 3.6, 7.4, 8.4)[:4], np.float32)
    data = roi(points, roitype=ROI_TYPE.POLYGON)
    assert ImagejRoi.frombytes(data).subpixelresolution
    assert read(own, data).equals(box(3, 4, 7, 8))


def test_a_rectangle_covers_its_pixels(own: Own) -> None:
    assert read(own, bounds(ROI_TYPE.RECT, 2, 3, 8, 9)).equals(A)


def test_an_oval_covers_the_pixels_with_their_centre_in_the_ellipse(own: Own) -> None:
    """In a circle of 4 px the centres of corner pixels are 2.12 px from the middle."""
    expected = box(2, 3, 6, 7)
    expected[[3, 3, 6, 6], [2, 5, 2, 5]] = False
    assert read(own, bounds(ROI_TYPE.OVAL, 2, 3, 6, 7)).equals(expected)


def test_an_oval_over_the_border_is_cut_and_counted(own: Own) -> None:
    found = read(own, bounds(ROI_TYPE.OVAL, -2, 3, 2, 7))
    assert found.masks["a.png"][0].sum() == 6
    assert found.repairs == [
        "polygons were cut at the border of the image: 1 (first: a.roi, ROI 'a')"
    ]


def test_folders_and_hidden_files_in_a_set_are_ignored(own: Own) -> None:
    junk = {"r/": b"", ".DS_Store": b"x", "__MACOSX/r/._x.roi": b"\0\5"}
    assert read(own, zipped(junk | {"r/x.roi": GOOD}), "a.zip").equals(A)


def test_a_composite_keeps_its_hole_and_parts(own: Own) -> None:
    found = read(own, composite(corners(2, 3, 12, 13), corners(5, 6, 8, 9), corners(20, 3, 24, 7)))
    assert found.equals(RING | box(20, 3, 24, 7))


def test_a_set_holds_objects_with_classes_of_properties_or_groups(own: Own) -> None:
    points = np.array(corners(2, 3, 8, 9)[:4], np.int32)
    exported = roi(points, props="class: cell\nscore: 0.9312\n", name="0001-cell-0.93")
    grouped = bounds(ROI_TYPE.RECT, 12, 3, 18, 9, group=2)
    plain = bounds(ROI_TYPE.RECT, 20, 3, 24, 7)
    data = zipped({"0001.roi": exported, "ü.roi": grouped, "3.ROI": plain})
    found = read(own, data, "a_RoiSet.zip")
    assert found.equals(A, box(12, 3, 18, 9), box(20, 3, 24, 7))
    assert found.classes["a.png"] == ["cell", "group 2", "object"]


GOOD = bounds(ROI_TYPE.RECT, 2, 3, 8, 9)
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "a line": ("a.roi", bounds(ROI_TYPE.LINE, 2, 3, 8, 9), "'a' is a LINE; expected an area"),
    "points": ("a.roi", roi([[1, 2]], roitype=ROI_TYPE.POINT), "'a' is a POINT; expected an area"),
    "text": (
        "a.roi", bounds(ROI_TYPE.RECT, 2, 3, 8, 9, rounded_rect_arc_size=4), "RECT .* or rounded",
    ),
    "a plane": (
        "a.zip", zipped({"x.roi": bounds(ROI_TYPE.RECT, 2, 3, 8, 9, position=3)}),
        "'x.roi' belongs to another plane",
    ),
    "cut off": ("a.roi", GOOD[:40], "a.roi: not readable ROIs of ImageJ"),
    "cut points": (
        "a.roi", roi(np.array(corners(2, 3, 8, 9)[:4], np.int32))[:70], "not readable ROIs",
    ),
    "a cut archive": ("a.zip", zipped({"x.roi": GOOD})[:-30], "a.zip: not readable ROIs of ImageJ"),
    "a damaged ROI of a set": (
        "a.zip", zipped({"x.roi": GOOD, "y.roi": GOOD[:40]}), "a.zip: ROI 'y.roi': not readable",
    ),
    "another file": ("a.zip", zipped({"x.txt": b"x"}), "holds 'x.txt', which is no .roi file"),
    "an oval far outside": (
        "a.roi", bounds(ROI_TYPE.OVAL, 200, 3, 208, 9), "reaches from 200",
    ),
    "far outside": ("a.roi", bounds(ROI_TYPE.RECT, 200, 3, 208, 9), "reaches from 200"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["a.ROI", "a_ROISET.ZIP"])
def test_the_case_of_the_ending_does_not_matter(name: str, own: Own) -> None:
    assert read(own, GOOD if name == "a.ROI" else zipped({"X.ROI": GOOD}), name).equals(A)


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, own: Own) -> None:
    name, data, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        read(own, data, name)


def test_a_curve_of_a_composite_is_refused(own: Own) -> None:
    curve = np.array([0, 2, 3, 2, 8, 3, 8, 9, 4], np.float32)
    data = bounds(
        ROI_TYPE.RECT, 2, 3, 8, 9, multi_coordinates=curve, shape_roi_size=len(curve),
    )  # fmt: skip
    with pytest.raises(ValueError, match="convert its curves"):
        read(own, data)


def test_an_ellipse_is_read_by_its_outline(own: Own) -> None:
    points = np.array(corners(2, 3, 8, 9)[:4], np.int32)
    data = roi(points, roitype=ROI_TYPE.FREEHAND, subtype=ROI_SUBTYPE.ELLIPSE)
    assert read(own, data).equals(A)
