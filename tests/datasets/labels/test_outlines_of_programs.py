"""Outlines of QuPath, LabelMe and YOLO: pixels, holes, parts and classes by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.own_labels import (
    RING,
    RING_POINTS,
    Own,
    box,
    corners,
    feature,
    labelme,
    polygon,
    shape,
)

A, B = box(2, 3, 8, 9), box(12, 3, 18, 9)
POLYGON = polygon(corners(2, 3, 8, 9))


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_geojson_counts_from_the_corner_of_the_first_pixel(own: Own) -> None:
    """A square from (0, 0) to (1, 1) is the first pixel, and half a pixel decides its centre."""
    own.text("a.geojson", [feature(polygon(corners(0, 0, 1, 1)))])
    assert own.read().equals(box(0, 0, 1, 1))
    own.text("a.geojson", [feature(polygon(corners(2.4, 3.4, 7.6, 8.6)))])
    assert own.read().equals(box(2, 3, 8, 9))
    own.text("a.geojson", [feature(polygon(corners(2.6, 3.6, 7.4, 8.4)))])
    assert own.read().equals(box(3, 4, 7, 8))


def test_geojson_holds_holes_parts_and_classes(own: Own) -> None:
    parts = {"type": "MultiPolygon", "coordinates": [RING_POINTS, [corners(20, 3, 24, 7)]]}
    derived = feature(POLYGON)
    derived["properties"]["classification"] = {"names": ["Tumor", "Positive"]}
    found_in = collection(feature(polygon(*RING_POINTS), "ring"), feature(parts, "é"), derived)
    own.text("a.GeoJSON", found_in)
    found = own.read()
    assert found.equals(RING, RING | box(20, 3, 24, 7), A)
    assert found.classes["a.png"] == ["ring", "é", "Tumor: Positive"]
    assert found.repairs == []


def test_a_classification_may_be_a_name_alone(own: Own) -> None:
    named = [feature(POLYGON) | {"properties": {"classification": text}} for text in ("x", " x ")]
    empty = feature(POLYGON, " ")
    own.text("a.geojson", collection(*named, empty))
    assert own.read().classes["a.png"] == ["x", "x", "object"]


def test_parts_that_share_pixels_are_joined(own: Own) -> None:
    parts = [[corners(2, 3, 8, 9)], [*RING_POINTS]]
    own.text("a.json", feature({"type": "MultiPolygon", "coordinates": parts}))
    found = own.read()
    assert found.format == "GeoJSON" and found.equals(RING | A)


def test_polygons_outside_are_cut_dropped_or_refused(own: Own) -> None:
    own.text("a.geojson", [feature(polygon(corners(-4, 3, 4, 9))), feature(POLYGON)])
    found = own.read()
    assert found.equals(box(0, 3, 4, 9), A)
    assert found.repairs == [
        "polygons were cut at the border of the image: 1 (first: a.geojson, feature 0)"
    ]
    own.text("a.geojson", [feature(polygon(corners(31, 3, 40, 9))), feature(POLYGON)])
    found = own.read()
    assert found.equals(A)
    assert "objects that cover no pixel were dropped: 1 (first: a.geojson)" in found.repairs
    own.text("a.geojson", [feature(polygon(corners(500, 3, 510, 9)))])
    with pytest.raises(ValueError, match=r"a\.geojson: feature 0: .*reaches from 500 to 510"):
        own.read()


def test_outlines_that_may_be_shares_of_the_image_are_reported(own: Own) -> None:
    own.text("a.geojson", [feature(polygon(corners(0.1, 0.2, 0.9, 0.8))), feature(POLYGON)])
    assert (
        own.read().repairs[0].startswith("outlines between 0 and 1 were read as parts of the first")
    )


GEOJSON: dict[str, tuple[Any, str]] = {
    "cut off": ('[{"type": "Feature', r"a\.geojson: expected complete JSON"),
    "empty": ("", r"a\.geojson: expected complete JSON"),
    "other JSON": ({"shapes": []}, "holds a record with the keys shapes; expected GeoJSON"),
    "a line": ([feature({"type": "LineString"})], "feature 0: has the geometry 'LineString'"),
    "no geometry": ([feature(None)], "feature 0: has the geometry None; expected Polygon"),
    "flat": ([feature(polygon([1, 2, 3, 4]))], "a ring is no list of points"),  # type: ignore[list-item]
    "text": ([feature(polygon([["1", "2"]]))], "a ring is no list of points"),  # type: ignore[list-item]
    "no rings": ([feature({"type": "MultiPolygon", "coordinates": 3})], "are no lists of rings"),
    "a plane": ([feature(POLYGON | {"plane": {"c": -1, "z": 3, "t": 0}})], "another plane"),
    "a class": (
        [feature(POLYGON) | {"properties": {"classification": {"name": ["x"]}}}],
        r"a\.geojson: feature 0: has the classification .*expected a name",
    ),
    "NaN": ("[" + '{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": '
            "[[[NaN, 1], [2, 3], [4, 5]]]}}]", "not finite"),
}  # fmt: skip


@pytest.mark.parametrize("case", GEOJSON)
def test_geojson_refused_by_name(case: str, own: Own) -> None:
    content, message = GEOJSON[case]
    own.text("a.geojson", content)
    with pytest.raises(ValueError, match=message):
        own.read()


def test_labelme_joins_shapes_of_one_group(own: Own) -> None:
    own.text("a.json", labelme(
        shape("cell", corners(2, 3, 8, 9)[:4], group_id=1),
        shape("nucleus", [[12, 3], [18, 9]], shape_type="rectangle"),
        shape("cell", corners(20, 3, 24, 7)[:4], group_id=1),
    ))  # fmt: skip
    found = own.read()
    assert found.equals(A | box(20, 3, 24, 7), B)
    assert found.classes["a.png"] == ["cell", "nucleus"]


def test_labelme_of_another_image_is_refused(own: Own) -> None:
    own.text("a.json", labelme(shape("cell", corners(2, 3, 8, 9)), height=40))
    with pytest.raises(ValueError, match=r"drawn on an image of \[40, 30\] px .*has \[20, 30\] px"):
        own.read()
    own.text("a.json", labelme(shape("cell", [[1, 1], [2, 2]], shape_type="circle")))
    with pytest.raises(ValueError, match="is a circle; expected a polygon or a rectangle"):
        own.read()


SQUARES = "1 .1 .15 .4 .15 .4 .45 .1 .45\n\n0  0 0 .5 0 .5 .5 0 .5\n"
"""6 x 6 px from (3, 3) to (12, 9), and a quarter of the image."""


def test_yolo_scales_by_the_sides_and_names_classes(own: Own) -> None:
    own.text("a.txt", SQUARES)
    found = own.read()
    assert found.equals(box(3, 3, 12, 9), box(0, 0, 15, 10))
    assert found.names == {1: "class 0", 2: "class 1"}
    assert any(sentence.startswith("there is no file data.yaml") for sentence in found.repairs)
    own.text("classes.txt", "cell\nnucleus\nnever\n\n")
    found = own.read()
    assert found.names == {1: "cell", 2: "nucleus", 3: "never"}
    assert found.classes["a.png"] == ["nucleus", "cell"]
    assert found.repairs[-1].startswith("categories without objects were kept: 1")


def test_the_case_of_endings_and_of_files_of_names_does_not_matter(own: Own) -> None:
    own.text("a.TXT", SQUARES)
    own.text("CLASSES.TXT", "cell\nnucleus")
    assert own.read().names == {1: "cell", 2: "nucleus"}
    for path in own.labels.iterdir():
        path.unlink()
    own.text("a.GEOJSON", [feature(POLYGON)])
    assert own.read().equals(A)


@pytest.mark.parametrize("names", ["names: [x, y]", "names:\n  0: x\n  1: y\nnc: 2"])
def test_yolo_reads_the_names_above_its_labels(names: str, own: Own) -> None:
    own.text("../data.yaml", names)
    own.text("a.TXT", SQUARES)
    assert own.read().names == {1: "x", 2: "y"}


YOLO: dict[str, tuple[Callable[[Own], Any], str]] = {
    "px": (
        lambda own: own.text("b.txt", "0 1 1 20 1 20 20"),
        "line 1: coordinates reach from 1 to 20",
    ),
    "box": (lambda own: own.text("b.txt", "0 .1 .1 .2 .2"), "line 1: .* so it is a box"),
    "odd": (lambda own: own.text("b.txt", "0 .1 .1 .2 .2 .3 .3 .4"), "line 1: holds 8 numbers"),
    "words": (lambda own: own.text("b.txt", "\ncell .1"), "line 2: 'cell .1' are not numbers"),
    "a class far too high": (
        lambda own: own.text("b.txt", "1e12 0 0 .5 0 .5 .5"),
        r"labels: holds the class 1e\+12; expected indices below 10000",
    ),
    "half a class": (lambda own: own.text("b.txt", ".5 0 0 .5 0 .5 .5"), "the first 0.5; expected"),
    "NaN": (lambda own: own.text("b.txt", "0 nan 0 .5 0 .5 .5"), "coordinates reach"),
    "no text": (lambda own: own.place("b.txt").write_bytes(b"\xff\xfe0"), "not text in UTF-8"),
    "class without name": (lambda own: own.text("classes.txt", "cell"), "the class 1 has no name"),
    "name twice": (
        lambda own: own.text("classes.txt", "x\nx"),
        "expected the names of the classes",
    ),
    "no names": (lambda own: own.text("data.yaml", "nc: 2"), "data.yaml: expected the names"),
}


@pytest.mark.parametrize("case", YOLO)
def test_yolo_refused_by_name(case: str, tmp_path: Path) -> None:
    write, message = YOLO[case]
    own = Own(tmp_path, "a.png", "b.png")
    own.text("a.txt", SQUARES)
    write(own)
    with pytest.raises(ValueError, match=message):
        own.read()


def test_yolo_of_an_empty_file_is_an_image_without_objects(tmp_path: Path) -> None:
    own = Own(tmp_path, "a.png", "b.png")
    own.text("a.txt", SQUARES)
    own.text("b.txt", "")
    assert own.read().masks["b.png"] == []


def test_random_outlines_give_masks_back(own: Own) -> None:
    """Outlines along the edges of pixels are exact, with holes and parts."""
    mask = np.random.default_rng(1).random((20, 30)) < 0.5
    squares = [
        [corners(int(x), int(y), int(x) + 1, int(y) + 1)]
        for y, x in zip(*np.nonzero(mask), strict=True)
    ]
    own.text("a.geojson", [feature({"type": "MultiPolygon", "coordinates": squares})])
    assert own.read().equals(mask)
