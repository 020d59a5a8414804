"""Validation images that are held out of the training images of given lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.config.base import validated
from gains.config.data import SplitSettings
from gains.datasets.convert import convert
from gains.datasets.held_out import hold_out, make_split_with_held_out
from gains.datasets.split_file import Fold, read_split
from gains.support.files import read_json, write_json

NAMES = [f"cells-{k:04d}.png" for k in range(1, 9)]


def fold(train: int) -> Fold:
    names = [f"{k}.png" for k in range(train)]
    return {"train": names, "val": [], "test": ["t.png"], "unlabelled": []}


def test_a_tenth_is_held_out_and_the_test_images_stay() -> None:
    # 0.1 of 495 is 49.5, rounded half up to 50
    given = fold(495)
    found = hold_out(given, 0.1, 0)
    assert (len(found["train"]), len(found["val"])) == (445, 50)
    assert sorted(found["train"] + found["val"]) == sorted(given["train"])
    assert found["test"] == ["t.png"]
    # drawn over the whole list, not from one end of it
    numbers = sorted(int(name[:-4]) for name in found["val"])
    assert numbers[0] < 60
    assert numbers[-1] > 435


def test_the_seed_alone_decides() -> None:
    given = fold(40)
    mirrored = {**given, "train": given["train"][::-1]}
    assert hold_out(given, 0.25, 3) == hold_out(mirrored, 0.25, 3)
    assert hold_out(given, 0.25, 3)["val"] != hold_out(given, 0.25, 4)["val"]


def test_at_least_one_image_is_held_out_and_one_is_left() -> None:
    assert len(hold_out(fold(3), 0.01, 0)["val"]) == 1
    with pytest.raises(ValueError, match="held_out 0.9 of 2 training images leaves none"):
        hold_out(fold(2), 0.9, 0)


def test_lists_with_validation_images_are_refused() -> None:
    with pytest.raises(ValueError, match="1 validation images; remove `held_out`"):
        hold_out({**fold(4), "val": ["v.png"]}, 0.5, 0)


def test_a_random_split_has_nothing_to_hold_out() -> None:
    with pytest.raises(ValueError, match="held_out needs given lists"):
        validated(SplitSettings, {"held_out": 0.1}, "split")


def test_the_split_file_says_how_it_was_made(tmp_path: Path) -> None:
    coco, lists, out = (tmp_path / name for name in ("x.json", "lists.json", "split.json"))
    convert("x", "synthetic-cells", {"count": 8, "size": 64}, coco)
    write_json(lists, {"train": NAMES[:6], "test": NAMES[6:]})
    settings = SplitSettings(file=str(lists), held_out=0.34, seed=1)
    split = make_split_with_held_out(coco, settings, out)
    # 0.34 of 6 images is 2.04
    assert [len(split.names(part)) for part in ("train", "val", "test")] == [4, 2, 2]
    assert read_split(out) == split
    assert read_json(out)["dataset"] == "x"
    assert split.generator | {"file": ""} == {"file": "", "held_out": 0.34, "seed": 1}
