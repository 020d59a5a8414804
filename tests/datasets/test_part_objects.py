"""Every part of a split has an object: drawn again, or refused by name."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gains.config.data import SplitSettings
from gains.datasets.make_split import draw_split, make_split
from gains.datasets.split_file import PARTS, Split, read_split
from gains.instances import Instances
from gains.masks.rle import encode_mask
from helpers.coco_files import numbered, numbers, write_coco


def partly_annotated(path: Path, n: int, objects: dict[int, int]) -> Path:
    """Write n images, of which some have one object; ``objects`` gives its category by index."""
    scenes = []
    for k, name in enumerate(numbered(n)):
        masks = [encode_mask(np.ones((4, 4), dtype=bool))] if k in objects else []
        found = Instances.from_rles(4, 4, masks, [objects[k]] if k in objects else [])
        scenes.append((name, np.zeros((4, 4), np.uint8), found))
    write_coco(path, scenes, {1: "cell", 2: "nucleus"}, {})
    return path


def parts_have_objects(split: Split, objects: dict[int, int]) -> bool:
    annotated = {numbered(max(objects) + 1)[k] for k in objects}
    return all(annotated & set(fold[part]) for fold in split.folds for part in PARTS[:3])


@pytest.mark.parametrize(
    ("n", "folds", "objects"),
    [(10, 1, (0, 1, 2)), (20, 5, (0, 1, 2, 3, 4, 5)), (10, 2, (0, 1, 2, 3)), (40, 10, range(12))],
)
def test_a_split_is_drawn_again_until_each_part_has_an_object(
    n: int, folds: int, objects: Sequence[int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    annotated = dict.fromkeys(objects, 1)
    path = partly_annotated(tmp_path / "d.json", n, annotated)
    redrawn = 0
    for seed in range(6):
        caplog.clear()
        settings = SplitSettings(seed=seed, folds=folds)
        split = make_split(path, settings, tmp_path / "split.json")
        assert parts_have_objects(split, annotated)
        assert read_split(tmp_path / "split.json") == split
        drawn_again = "draw" in split.generator
        assert drawn_again == ("so the split is drawn again" in caplog.text)
        redrawn += drawn_again
    assert redrawn


def test_a_draw_with_an_object_in_each_part_stays_as_it_is(tmp_path: Path) -> None:
    path = partly_annotated(tmp_path / "d.json", 10, dict.fromkeys((0, 1, 2, 9), 1))
    split = make_split(path, SplitSettings(seed=3), tmp_path / "split.json")
    assert split.folds == (draw_split(numbered(10), (0.6, 0.2, 0.2), 3),)
    assert split.generator == {"ratio": [0.6, 0.2, 0.2], "seed": 3}


def test_the_second_draw_continues_with_the_generator_of_the_first(tmp_path: Path) -> None:
    """The first two permutations of ten by seed 3 begin 9 6 0 2 and 7 4 3 5."""
    path = partly_annotated(tmp_path / "d.json", 10, {7: 1, 3: 1, 1: 1})
    split = make_split(path, SplitSettings(seed=3), tmp_path / "split.json")
    parts = {part: numbers(split.names(part)) for part in PARTS[1:3]}
    assert parts == {"val": [4, 7], "test": [3, 5]}
    assert split.generator["draw"] == 2


@pytest.mark.parametrize(
    ("n", "folds", "objects", "message"),
    [
        (10, 1, (0, 1), "2 of 10 images have an object; .* so 3 in all"),
        (10, 2, (0, 1, 2), "3 of 10 images have an object; .* so 4 in all"),
        (10, 5, (0, 1, 2, 3), "4 of 10 images have an object; .* so 5 in all"),
    ],
)
def test_too_few_images_with_objects_are_refused(
    n: int, folds: int, objects: Sequence[int], message: str, tmp_path: Path
) -> None:
    path = partly_annotated(tmp_path / "d.json", n, dict.fromkeys(objects, 1))
    with pytest.raises(ValueError, match=message):
        make_split(path, SplitSettings(folds=folds), tmp_path / "split.json")
    assert not (tmp_path / "split.json").exists()


@pytest.mark.parametrize("empty", ["train", "val", "test"])
def test_a_given_part_without_an_object_is_named(empty: str, tmp_path: Path) -> None:
    path = partly_annotated(tmp_path / "d.json", 8, dict.fromkeys(range(6), 1))
    n = numbered(8)
    good = {"train": n[:2], "val": n[2:4], "test": n[4:6], "unlabelled": [n[6]]}
    lists = tmp_path / "given.json"
    lists.write_text(json.dumps({"folds": [good, good | {"unlabelled": [], empty: n[6:]}]}))
    message = f"given.json: no listed image has an object in {empty} of fold 1, and 6 of 8 images"
    with pytest.raises(ValueError, match=message):
        make_split(path, SplitSettings(file=str(lists)), tmp_path / "split.json")
    lists.write_text(json.dumps({"folds": [good, good | {"val": []}]}))
    assert len(make_split(path, SplitSettings(file=str(lists)), tmp_path / "split.json").folds) == 2


def test_crowd_regions_are_no_objects(tmp_path: Path) -> None:
    path = partly_annotated(tmp_path / "d.json", 6, dict.fromkeys(range(6), 1))
    content = json.loads(path.read_text())
    for annotation in content["annotations"][2:]:
        annotation["iscrowd"] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="2 of 6 images have an object"):
        make_split(path, SplitSettings(), tmp_path / "split.json")


def test_a_category_that_a_part_lacks_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = partly_annotated(tmp_path / "d.json", 4, {0: 1, 1: 2, 2: 2, 3: 1})
    n = numbered(4)
    lists = tmp_path / "given.json"
    lists.write_text(json.dumps({"train": n[:2], "val": [n[2]], "test": [n[3]]}))
    make_split(path, SplitSettings(file=str(lists)), tmp_path / "split.json")
    assert caplog.messages == [
        "fold 0: test has no object of 1 of the 2 categories (nucleus): "
        "they get no score, and no mean over categories contains them"
    ]
