"""Files that are not COCO files, and segmentations that would crash pycocotools."""

from __future__ import annotations

import copy
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from gains.datasets.coco import name_of, read_coco
from gains.masks.segmentation import to_rle
from gains.support.files import write_json

SOUND = {
    "images": [
        {"id": 0, "file_name": "a.png", "height": 6, "width": 8},
        {"id": 4, "file_name": "b.png", "height": 6, "width": 8},
    ],
    "annotations": [
        {"id": 0, "image_id": 0, "category_id": 0, "segmentation": [[1, 1, 4, 1, 4, 4, 1, 4]]},
        {"id": 7, "image_id": 4, "category_id": 0, "segmentation": [[]]},
    ],
    "categories": [{"id": 0, "name": "cell"}],
}


def write(tmp_path: Path, content: Any) -> Path:
    (tmp_path / "d.json").write_text(json.dumps(content))
    return tmp_path / "d.json"


def test_ids_from_zero_and_empty_masks_are_kept(tmp_path: Path) -> None:
    coco = read_coco(write(tmp_path, SOUND))
    assert (list(coco.images), list(coco.categories)) == ([0, 4], [0])
    assert coco.instances(0).ids.tolist() == [0]
    assert coco.instances(0).stack().sum() == 9
    assert coco.instances(4).stack().sum() == 0


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("images", {"1": {}}, "'images' is missing or not a list of records"),
        ("images", [1, 2], "'images' is missing or not a list of records"),
        ("annotations", 5, "'annotations' is missing or not a list of records"),
        ("categories", None, "'categories' is missing or not a list of records"),
        ("images", [], "holds no image"),
    ],
)
def test_lists_of_another_kind_are_refused(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=rf"d\.json: .*{message}"):
        read_coco(write(tmp_path, {**SOUND, key: value}))


@pytest.mark.parametrize(
    ("key", "changes", "message"),
    [
        ("images", {"id": 0}, "image id 0 is repeated"),
        ("images", {"id": "a"}, "image at position 1: 'id' is 'a'; expected a whole number"),
        (
            "images",
            {"file_name": "a.png"},
            "image 4: file_name is 'a.png'; .* that no other image has",
        ),
        ("images", {"file_name": 3}, "image 4: file_name is 3"),
        ("images", {"height": 0}, "image 4: is 0 x 8 px"),
        ("images", {"width": -8}, "image 4: is 6 x -8 px"),
        ("images", {"width": 3_000_000_000}, "image 4: is 6 x 3000000000 px; .* at most"),
        ("images", {"height": None}, "image 4: 'height' is None; expected a whole number"),
        ("annotations", {"id": "a"}, "annotation at position 1: 'id' is 'a'"),
        ("annotations", {"id": None}, "annotation at position 1: 'id' is None"),
        ("annotations", {"id": 0}, "annotation id 0 is repeated"),
        ("annotations", {"image_id": [4]}, r"annotation 7: 'image_id' is \[4\]"),
        ("annotations", {"image_id": 5}, "annotation 7 names image 5 and category 0"),
        ("annotations", {"image_id": 4.5}, r"annotation 7: 'image_id' is 4\.5; expected a whole"),
        ("annotations", {"category_id": 1}, "annotation 7 names image 4 and category 1"),
        ("annotations", {"category_id": True}, "annotation 7: 'category_id' is True"),
        ("annotations", {"segmentation": None}, "annotation 7 has no segmentation"),
        ("annotations", {"iscrowd": 2}, "annotation 7: 'iscrowd' is 2; expected 0 or 1"),
        ("annotations", {"iscrowd": "no"}, "annotation 7: 'iscrowd' is 'no'; expected 0 or 1"),
        ("annotations", {"area": "9"}, "annotation 7: 'area' is '9'; expected a number of px"),
        ("annotations", {"area": [9]}, r"annotation 7: 'area' is \[9\]; expected a number of px"),
    ],
)
def test_bad_records_are_named(
    tmp_path: Path, key: str, changes: dict[str, Any], message: str
) -> None:
    content = copy.deepcopy(SOUND)
    content[key][1].update(changes)
    with pytest.raises(ValueError, match=rf"d\.json: {message}"):
        read_coco(write(tmp_path, content))


def test_a_category_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"d\.json: category id 0 is repeated"):
        read_coco(write(tmp_path, {**SOUND, "categories": SOUND["categories"] * 2}))


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        ([1, 1, 4, 1, NAN, 4], "not finite"),
        ([1, 1, 4, 1, -INFINITE, 4], "not finite"),
        ([NAN, 1], "not finite"),
        ([1, 1, 4, 1, 3e9, 4], r"from 1 to 3000000000\.0 in an image of 8 px"),
        ([1, 1, 4, 1, 10**400, 4], "in px"),
        ([1, 1, 4, 1, 4, -6.1], "from -6.1 to 1 in an image of 6 px"),
        ([1, 1, 4, 1, 16.1, 4], "from 1 to 16.1 in an image of 8 px"),
        ([1], r"odd number of coordinates \(1\)"),
        ([1, 1, 4, 1, 4, 4, 1], r"odd number of coordinates \(7\)"),
        ([1, 1, 4, 1, "4", 4], "flat list"),
        ([1, 1, 4, 1, True, 4], "flat list"),
        ([1, 1, 4, 1, None, 4], "flat list"),
        ([[1, 1], [4, 1], [4, 4]], "flat list"),
        (5, "flat list"),
    ],
)
def test_polygons_that_are_none_are_refused(tmp_path: Path, polygon: Any, message: str) -> None:
    content = copy.deepcopy(SOUND)
    content["annotations"][1]["segmentation"] = [[1, 1, 4, 1, 4, 4], polygon]
    coco = read_coco(write(tmp_path, content))
    with pytest.raises(
        ValueError, match=rf"d\.json: annotation 7 of b\.png: segmentation: .*{message}"
    ):
        coco.instances(4)


def test_polygons_may_leave_the_image_by_one_side() -> None:
    whole = [[-8, -6, 16, -6, 16, 12, -8, 12]]
    assert to_rle(whole, 6, 8) == to_rle({"size": [6, 8], "counts": [0, 48]}, 6, 8)


@pytest.mark.parametrize("polygons", [[], [[]], [[1, 1]], [[1, 1, 4, 4]]])
def test_polygons_without_three_points_cover_nothing(polygons: Any) -> None:
    assert to_rle(polygons, 6, 8) == to_rle({"size": [6, 8], "counts": [48]}, 6, 8)


@pytest.mark.parametrize("counts", [[-1, 49], [4.0, 44], [47], "zz", "1", 3, None])
def test_runs_that_do_not_fill_the_image_are_refused(counts: Any) -> None:
    with pytest.raises(ValueError, match="segmentation: RLE .*damaged"):
        to_rle({"size": [6, 8], "counts": counts}, 6, 8)


def test_names_that_the_file_lacks(tmp_path: Path) -> None:
    coco = read_coco(write(tmp_path, SOUND))
    with pytest.raises(ValueError) as error:
        coco.by_name(["a.png", "c.png"])
    message = str(error.value)
    assert message.startswith("unknown image 'c.png'; did you mean '")
    assert f"{coco.path} has " in message
    assert "1 of its 2 names are unknown" in message
    assert "2 images, first 'a.png'. If the names come from a split" in message


@pytest.mark.parametrize(
    ("value", "crowd"),
    [(0, 0), (1, 1), (None, 0), (True, 1), (0.0, 0), ("0", 0), ("1", 1), ("false", 0)],
)
def test_flags_keep_their_meaning(tmp_path: Path, value: Any, crowd: int) -> None:
    content = copy.deepcopy(SOUND)
    content["annotations"][0]["iscrowd"] = value
    coco = read_coco(write(tmp_path, content))
    assert [coco.annotations[k][0]["iscrowd"] for k in (0, 4)] == [crowd, 0]


def test_coordinates_that_are_shares_are_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(SOUND)
    content["annotations"][0]["segmentation"] = [[0, 0, 0.5, 0, 0.5, 1]]
    with pytest.raises(ValueError, match=r"d\.json: all coordinates of polygons \(of 1 objects\)"):
        read_coco(write(tmp_path, content))
    content["annotations"][1]["segmentation"] = [[1, 1, 4, 1, 4, 4]]
    read_coco(write(tmp_path, content))


def test_names_are_found_in_another_normal_form(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    content = copy.deepcopy(SOUND)
    for names in ((composed, "b.png"), (apart, "b.png"), (composed, apart), (apart, composed)):
        for record, name in zip(content["images"], names, strict=True):
            record["file_name"] = name
        coco = read_coco(write(tmp_path, content))
        found = [coco.by_name([name])[0].id for name in (composed, apart)]
        assert found == [4 * names.index(n) if n in names else 0 for n in (composed, apart)]


@pytest.mark.parametrize(
    ("info", "expected"), [({"name": "My cells"}, "My cells"), ({}, "scene"), ("text", "scene")]
)
def test_name_of_a_data_set(info: object, expected: str, tmp_path: Path) -> None:
    write_json(tmp_path / "scene.json", {"info": info})
    assert name_of(tmp_path / "scene.json") == expected
