"""ChromSeg-SSL from a small copy of its layout."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.layouts import file_names
from helpers.outline_layouts import Change, H, Layout, W, covered, nothing, refused, square


def shape(label: str | int, points: list[float], **more: Any) -> dict[str, Any]:
    pairs = [list(pair) for pair in zip(points[0::2], points[1::2], strict=True)]
    return {"label": label, "points": pairs, "shape_type": "polygon", "group_id": None} | more


def labelme(name: str, *shapes: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"shapes": list(shapes), "imagePath": name, "imageData": "aGVsbG8="}
    return content | {"imageHeight": H, "imageWidth": W} | more


TOP = "AutoKary2022_1600x1600"
ONE = f"{TOP}/train_labelme/211025/211025_0.461"
TWO = f"{TOP}/test_labelme/json/7.json"


@pytest.fixture
def chromosomes(tmp_path: Path) -> Layout:
    layout = Layout("chromseg-ssl", tmp_path)
    layout.image(f"{ONE}.png", 10)
    layout.image(f"{TOP}/test_labelme/images/7.png", 20)
    layout.image(f"{TOP}/train_labelme/3.png", 30)
    shapes = [
        shape("10", square(2, 3, 8)),
        shape("2", square(6, 6, 9)),  # overlaps the first
        shape("X", square(20, 2, 3), group_id=1),
        shape("X", square(20, 9, 3), group_id=1),
        shape("2", [20, 14, 25, 17], shape_type="rectangle"),
        shape("2", square(0, 0, 2)[:4]),  # two points cover nothing
    ]
    layout.json(f"{ONE}.json", labelme("211025_0.461.png", *shapes))
    layout.json(TWO, labelme("7.png", shape("X", square(28, 0, 5))))
    return layout


def test_chromseg_keeps_images_and_masks(chromosomes: Layout) -> None:
    coco = chromosomes.convert(labels="all", groups="join")
    unlabelled = f"unlabelled/{TOP}/train_labelme/3.png"
    assert file_names(coco) == ["test/images/7.png", "train/211025/211025_0.461.png", unlabelled]
    assert coco.categories == {1: "2", 2: "10", 3: "X"}
    assert [chromosomes.value(name) for name in file_names(coco)] == [20, 10, 30]
    found = coco.instances(2)
    assert found.categories.tolist() == [2, 1, 3, 1]
    grouped = covered(20, 2, 3) | covered(20, 9, 3)
    drawn = np.zeros((H, W), dtype=bool)
    drawn[14:17, 20:25] = True
    masks = [covered(2, 3, 8), covered(6, 6, 9), grouped, drawn]
    np.testing.assert_array_equal(found.stack(), masks)
    np.testing.assert_array_equal(coco.instances(1).stack(), [covered(28, 0, 5)])
    assert len(coco.instances(3)) == 0
    assert chromosomes.info["counts"]["images"] == {"expected": 4185, "found": 3}
    for sentence in (
        "outlines that cover no pixel were dropped: 1 (first: 211025_0.461.json)",
        "polygons of one group_id were joined to one object: 1",
        "polygons were cut at the border of the image: 1 (first: 7.json)",
        "expected 548 images in part train, found 1",
        "expected 67 images in part test, found 1",
        "expected 3570 images in part unlabelled, found 1",
        "expected 4185 images, found 3",
        "23356 chromosomes are published in part train, found 4",
        "2869 chromosomes are published in part test, found 1",
        "rectangles given by two corners were drawn as rectangles (the loader of A2B-IS draws the line "
        "between the corners): 1 (first: 211025_0.461.json)",
        "objects are kept whatever their size and place (the loader of A2B-IS drops",
    ):
        assert sentence in chromosomes.repairs
    assert "labels" not in chromosomes.repairs and "objects of their own" not in chromosomes.repairs


def test_by_default_labels_and_groups_are_those_of_the_published_loader(
    chromosomes: Layout,
) -> None:
    shapes = [
        shape("X", square(2, 3, 8)),
        shape("24", square(12, 3, 4), group_id=7),
        shape("24", square(20, 9, 3), group_id=7),
        shape("24", square(2, 12, 3), group_id=None),
        shape("3", square(24, 3, 4), group_id=7),  # another label, so not of the group
        shape("0", square(6, 6, 9)),
        shape("25", square(6, 6, 9)),
        shape("-1", square(6, 6, 9)),
        shape("7.0", square(6, 6, 9)),
        shape("07", square(20, 14, 5)),
        shape(9, square(12, 12, 3)),
    ]
    chromosomes.json(f"{ONE}.json", labelme("211025_0.461.png", *shapes))
    coco = chromosomes.convert()
    assert coco.categories == {k: str(k) for k in range(1, 25)}
    found = coco.instances(2)
    assert found.categories.tolist() == [24, 24, 24, 3, 7, 9]
    kept = [(12, 3, 4), (20, 9, 3), (2, 12, 3), (24, 3, 4), (20, 14, 5), (12, 12, 3)]
    np.testing.assert_array_equal(found.stack(), [covered(*place) for place in kept])
    assert len(coco.instances(1)) == 0, "its only shape has the label X"
    for sentence in (
        "shapes with a label outside 1 to 24 were dropped: 6 (first: 7.json)",
        "a shape was dropped for its label in these images: 2 (first: 7.json)",
        "these labels are outside 1 to 24: 'X' (2 times), '0' (1 times), '7.0' (1 times), '25' (1 times)",
        "shapes that share label and group_id were kept as objects of their own: 2 (first: 211025_",
        "annotated images without objects were kept: 1 (first: test/images/7.png)",
    ):
        assert sentence in chromosomes.repairs
    assert "joined" not in chromosomes.repairs


def test_each_option_works_alone(chromosomes: Layout) -> None:
    joined = chromosomes.convert(labels="all", groups="join")
    apart = chromosomes.convert(labels="all")
    assert apart.categories == joined.categories == {1: "2", 2: "10", 3: "X"}
    assert apart.instances(2).categories.tolist() == [2, 1, 3, 3, 1]
    parts = [covered(20, 2, 3), covered(20, 9, 3)]
    np.testing.assert_array_equal(apart.instances(2).stack()[2:4], parts)
    assert "objects of their own: 2 (first: 211025_0.461.json)" in chromosomes.repairs
    by_number = chromosomes.convert(groups="join")
    assert by_number.instances(2).categories.tolist() == [10, 2, 2]
    # a group of two shapes and one further shape
    assert (
        "shapes with a label outside 1 to 24 were dropped: 3 (first: 7.json)" in chromosomes.repairs
    )


def test_a_class_keeps_its_number_where_others_are_absent(chromosomes: Layout) -> None:
    chromosomes.json(f"{ONE}.json", labelme("211025_0.461.png", shape("22", square(2, 3, 8))))
    assert chromosomes.convert().instances(2).categories.tolist() == [22]


def test_labels_that_are_all_no_classes_are_refused(chromosomes: Layout) -> None:
    record = shape("chr1", square(2, 3, 8))
    for name in (f"{ONE}.json", TWO):
        chromosomes.json(name, labelme("x.png", record))
    with pytest.raises(ValueError, match=r"none of the 1 labels is .* most frequent is 'chr1'; ta"):
        chromosomes.convert()
    assert chromosomes.convert(labels="all").categories == {1: "chr1"}


def test_chromseg_with_more_labels_than_classes(chromosomes: Layout) -> None:
    shapes = [shape(str(k), square(2, 3, 8)) for k in range(1, 25)]
    chromosomes.json(TWO, labelme("7.png", *shapes))
    assert list(chromosomes.convert(labels="all").categories.values())[-2:] == ["24", "X"]
    assert "there are 25 labels where 24 classes are published" in chromosomes.repairs


def relabel(**changes: Any) -> Change:
    record = shape("1", square(2, 3, 8)) | changes
    return lambda layout: layout.json(TWO, labelme("7.png", record))


def elsewhere(layout: Layout) -> None:
    layout.image("other/8.png")
    layout.json("other/8.json", labelme("8.png"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (nothing, r"expected 548 images in part train, found 1"),
        (relabel(shape_type="circle"), r"7\.json: shape 0: is a circle; expected a polygon or"),
        (relabel(shape_type="line"), r"7\.json: shape 0: is a line"),
        (relabel(shape_type="point"), r"7\.json: shape 0: is a point"),
        (relabel(shape_type="rectangle", points=[[1, 1]]), r"shape 0: a rectangle of 1 points"),
        (relabel(points=[[1, 1], [2]]), r"7\.json: shape 0: 'points' is missing or not a list"),
        (relabel(points=[[1, 1], [2, "3"]]), r"7\.json: shape 0: 'points' is missing"),
        (relabel(points=[[1, 1], [900, 1], [5, 5]]), r"7\.json: label '1': .* are the coordin"),
        (relabel(label=True), r"7\.json: shape 0: label is True; expected text"),
        (relabel(label=""), r"7\.json: shape 0: label is ''; expected text"),
        (lambda x: x.json(TWO, {"shapes": 1}), r"7\.json: expected a LabelMe file"),
        (lambda x: (x.root / TWO).write_text("{"), r"7\.json: expected complete JSON"),
        (
            lambda x: x.json(TWO, labelme("7.png", imageWidth=W + 1)),
            r"7\.json: is of an image of size \[20, 31\], but the image has size \[20, 30\]",
        ),
        (lambda x: (x.root / f"{ONE}.png").unlink(), r"211025_0\.461\.json: its image is missing"),
        (lambda x: (x.root / f"{ONE}.png").write_bytes(b"x"), r"461\.png: not a readable image"),
        (lambda x: x.image(f"{ONE}.bmp"), r"0\.461\.json: may belong to .*\.bmp and to .*\.png"),
        (
            lambda x: x.json(f"{TOP}/test_labelme/images/7.json", labelme("7.png")),
            r"7\.png: has two annotations",
        ),
        (
            lambda x: x.image(f"{TOP}/train_labelme/3.bmp"),
            r"3\.bmp and .*3\.png would both get the name 'unlabelled/",
        ),
        (elsewhere, r"8\.png: this image has an annotation but belongs to no part"),
    ],
)
def test_chromseg_refuses_wrong_files(chromosomes: Layout, change: Change, message: str) -> None:
    refused(chromosomes, change, message)
