"""Splits: sizes, disjointness, stability, and refusals."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gains.config.data import SplitSettings
from gains.datasets.make_split import draw_folds, draw_split, make_split
from gains.datasets.split_file import PARTS, read_split
from gains.instances import Instances
from gains.masks.rle import encode_mask
from helpers.coco_files import numbered, numbers, write_coco

RATIO = (0.6, 0.2, 0.2)


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """A data set of ten images."""
    mask = np.zeros((8, 9), dtype=bool)
    mask[2:5, 3:6] = True
    scenes = [
        (name, np.zeros((8, 9), np.uint8), Instances.from_rles(8, 9, [encode_mask(mask)], [1]))
        for name in numbered(10)
    ]
    path = tmp_path / "ten.json"
    write_coco(path, scenes, {1: "thing"}, {})
    return path


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(3, (1, 1, 1)), (4, (2, 1, 1)), (7, (5, 1, 1)), (8, (4, 2, 2)), (45, (27, 9, 9)),
     (51, (31, 10, 10)), (125, (75, 25, 25))],
)  # fmt: skip
def test_sizes_are_six_two_two(n: int, sizes: tuple[int, int, int]) -> None:
    fold = draw_split(numbered(n), RATIO, 0)
    assert tuple(len(fold[part]) for part in ("train", "val", "test")) == sizes
    assert fold["unlabelled"] == []


@given(st.integers(3, 300), st.integers(0, 2**32), st.randoms())
def test_disjoint_complete_and_stable_under_order(n: int, seed: int, random: object) -> None:
    fold = draw_split(numbered(n), RATIO, seed)
    listed = [name for part in PARTS for name in fold[part]]
    assert sorted(listed) == numbered(n)
    assert len(fold["val"]) == len(fold["test"]) == max(1, int(0.2 * n + 0.5))
    shuffled = numbered(n)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw_split(shuffled, RATIO, seed) == fold


def test_a_draw_by_hand() -> None:
    """NumPy's permutation of ten by seed 3 is 9 6 0 2 1 4 7 5 3 8."""
    fold = draw_split(numbered(10)[::-1], RATIO, 3)
    assert {part: numbers(names) for part, names in fold.items()} == {
        "train": [1, 3, 4, 5, 7, 8],
        "val": [6, 9],
        "test": [0, 2],
        "unlabelled": [],
    }
    uneven = draw_split(numbered(10), (0.5, 0.2, 0.3), 3)
    assert (numbers(uneven["val"]), numbers(uneven["test"])) == ([6, 9], [0, 1, 2])
    small = draw_split(numbered(4), (0.8, 0.1, 0.1), 0)  # a tenth of four is less than half
    assert [len(small[part]) for part in PARTS] == [2, 1, 1, 0]


def test_folds_by_hand() -> None:
    """NumPy's permutation of eight by seed 5 is 1 4 2 3 7 5 6 0; the test parts are 3 + 3 + 2."""
    drawn = draw_folds(numbered(8)[::-1], 3, RATIO, 5)
    assert [numbers(fold["test"]) for fold in drawn] == [[1, 2, 4], [3, 5, 7], [0, 6]]
    assert [numbers(fold["val"]) for fold in drawn] == [[3], [6], [1, 4]]
    assert [numbers(fold["train"]) for fold in drawn] == [
        [0, 5, 6, 7],
        [0, 1, 2, 4],
        [2, 3, 5, 7],
    ]


def test_seed_changes_the_draw() -> None:
    assert draw_split(numbered(50), RATIO, 0) != draw_split(numbered(50), RATIO, 1)


@pytest.mark.parametrize(
    ("n", "ratio", "message"),
    [(2, RATIO, "found 2 images"), (0, RATIO, "found 0 images"),
     (4, (0.1, 0.45, 0.45), "leave none to train")],
)  # fmt: skip
def test_too_few_images_are_refused(
    n: int, ratio: tuple[float, float, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw_split(numbered(n), ratio, 0)


def test_repeated_names_are_refused() -> None:
    with pytest.raises(ValueError, match="occurs more than once"):
        draw_split(["a.png", "b.png", "c.png", "a.png"], RATIO, 0)


def test_file_round_trip(coco: Path, tmp_path: Path) -> None:
    out = tmp_path / "splits" / "ten.json"
    made = make_split(coco, SplitSettings(seed=3), out)
    assert read_split(out) == made
    content = json.loads(out.read_text())
    assert content["dataset"] == "ten"
    assert content["generator"] == {"ratio": [0.6, 0.2, 0.2], "seed": 3}
    assert [len(content["folds"][0][part]) for part in PARTS] == [6, 2, 2, 0]
    first = out.read_bytes()
    make_split(coco, SplitSettings(seed=3), out)
    assert out.read_bytes() == first


def test_names_of_unknown_part_or_fold(coco: Path, tmp_path: Path) -> None:
    split = make_split(coco, SplitSettings(), tmp_path / "s.json")
    assert len(split.names("train")) == 6
    with pytest.raises(ValueError, match=r"unknown part 'tests'; did you mean 'test'\?"):
        split.names("tests")
    for fold in (1, -1):
        with pytest.raises(ValueError, match=f"no fold {fold}; known: 0 to 0"):
            split.names("train", fold)


def test_given_lists_plain_and_in_folds(coco: Path, tmp_path: Path) -> None:
    n = numbered(10)
    plain = {"train": n[:4], "val": [], "test": n[4:6]}
    given_file = tmp_path / "given.json"
    given_file.write_text(json.dumps(plain))
    split = make_split(coco, SplitSettings(file=str(given_file)), tmp_path / "out.json")
    assert split.names("train") == n[:4]
    assert split.names("val") == []
    assert split.names("test") == n[4:6]
    assert split.generator == {"file": given_file.name}

    folds = {"folds": [plain, {"train": n[:2], "test": n[2:4], "unlabelled": n[4:]}]}
    given_file.write_text(json.dumps(folds))
    split = make_split(coco, SplitSettings(file=str(given_file)), tmp_path / "out.json")
    assert split.names("unlabelled", 1) == n[4:]
    assert read_split(tmp_path / "out.json") == split


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"train": ["image-0000.png"], "test": ["image-0099.png"]}, "lists 'image-0099.png'"),
        ({"train": ["image-0000.png"], "test": ["image-0000.png"]}, "in train and in test"),
        ({"train": ["image-0000.png", "image-0000.png"], "test": ["image-0001.png"]},
         "in train and in train"),
        ({"train": [], "test": ["image-0001.png"]}, "train is empty"),
        ({"train": ["image-0001.png"]}, "test is empty"),
        ({"train": ["image-0001.png"], "tset": ["image-0002.png"]}, "did you mean 'test'"),
        ({"train": "image-0001.png", "test": ["image-0002.png"]}, "not a list"),
        ({"folds": []}, "at least one fold"),
        ({"folds": [3]}, "fold 0: expected lists by part"),
        ([1, 2], "expected lists by part"),
    ],
)  # fmt: skip
def test_bad_given_lists_are_refused(
    coco: Path, tmp_path: Path, content: object, message: str
) -> None:
    given_file = tmp_path / "given.json"
    given_file.write_text(json.dumps(content))
    out = tmp_path / "out.json"
    with pytest.raises(ValueError, match=message):
        make_split(coco, SplitSettings(file=str(given_file)), out)
    assert not out.exists()


def test_a_file_without_folds_is_no_split_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match="gains split"):
        read_split(tmp_path / "x.json")


def test_patterns_of_given_lists_stand_for_the_names_they_match(coco: Path, tmp_path: Path) -> None:
    n = numbered(10)
    given_file = tmp_path / "given.json"
    given_file.write_text(
        json.dumps({"train": ["image-000[0-4].png"], "val": [n[9]], "test": ["*[5678].png"]})
    )
    split = make_split(coco, SplitSettings(file=str(given_file)), tmp_path / "out.json")
    assert split.names("train") == n[:5]
    assert split.names("val") == n[9:]
    assert split.names("test") == n[5:9]
    assert read_split(tmp_path / "out.json") == split


def test_patterns_that_overlap_and_names_that_look_like_patterns(tmp_path: Path) -> None:
    mask = encode_mask(np.ones((4, 4), dtype=bool))
    names = ["c2.png", "c[1].png", "c1.png", "C3.png"]
    scenes = [
        (name, np.zeros((4, 4), np.uint8), Instances.from_rles(4, 4, [mask], [1])) for name in names
    ]
    write_coco(tmp_path / "d.json", scenes, {1: "thing"}, {})
    lists = {"train": ["c[2].png", "c*2*", "C*"], "val": ["c[1].png"], "test": ["c1*"]}
    (tmp_path / "given.json").write_text(json.dumps(lists))
    settings = SplitSettings(file=str(tmp_path / "given.json"))
    split = make_split(tmp_path / "d.json", settings, tmp_path / "out.json")
    assert split.names("train") == ["c2.png", "C3.png"]
    assert split.names("val") == ["c[1].png"]
    assert split.names("test") == ["c1.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"train": ["image*"], "test": ["*0001.png"]}, "in train and in test"),
        ({"train": ["image*"], "test": ["scan*"]}, r"lists 'scan\*', which matches no image"),
    ],
)
def test_bad_patterns_are_refused(
    coco: Path, tmp_path: Path, content: object, message: str
) -> None:
    given_file = tmp_path / "given.json"
    given_file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        make_split(coco, SplitSettings(file=str(given_file)), tmp_path / "out.json")


@given(n=st.integers(9, 60), folds=st.integers(2, 5), seed=st.integers(0, 3))
def test_every_image_is_tested_in_one_fold(n: int, folds: int, seed: int) -> None:
    drawn = draw_folds(numbered(n), folds, (0.6, 0.2, 0.2), seed)
    assert len(drawn) == folds
    assert sorted(name for fold in drawn for name in fold["test"]) == numbered(n)
    sizes = [len(fold["test"]) for fold in drawn]
    assert max(sizes) - min(sizes) <= 1
    for fold in drawn:
        assert sorted(fold["train"] + fold["val"] + fold["test"]) == numbered(n)
        others = len(fold["train"]) + len(fold["val"])
        assert len(fold["val"]) == max(1, int(others / 4 + 0.5))
        assert fold["train"]


def test_folds_are_stable_and_follow_the_seed(coco: Path, tmp_path: Path) -> None:
    first, again, other = (
        make_split(coco, SplitSettings(folds=3, seed=seed), tmp_path / f"{k}.json")
        for k, seed in enumerate((0, 0, 1))
    )
    assert first.folds == again.folds != other.folds
    assert first.generator == {"ratio": [0.6, 0.2, 0.2], "seed": 0, "folds": 3}
    assert read_split(tmp_path / "0.json") == first


def test_more_folds_than_images_are_refused() -> None:
    with pytest.raises(ValueError, match="found 4 images for 5 folds"):
        draw_folds(numbered(4), 5, (0.6, 0.2, 0.2), 0)


def test_a_share_of_zero_is_refused() -> None:
    for ratio in ((0.8, 0.0, 0.2), (1.2, -0.1, -0.1)):
        with pytest.raises(ValueError, match="must be positive and sum to 1"):
            SplitSettings(ratio=ratio)


def test_given_names_are_found_in_another_normal_form(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    mask = np.pad(np.ones((3, 3), dtype=bool), 2)
    scenes = [
        (name, np.zeros((7, 7), np.uint8), Instances.from_rles(7, 7, [encode_mask(mask)], [1]))
        for name in (f"{composed}1.png", f"{apart}2.png", f"{composed}/3.png", "4.png")
    ]
    write_coco(tmp_path / "d.json", scenes, {1: "cell"}, {})
    lists = {"train": [f"{apart}1.png", f"{composed}2.png"], "test": [f"{apart}/*"]}
    (tmp_path / "lists.json").write_text(json.dumps(lists))
    settings = SplitSettings(file=str(tmp_path / "lists.json"))
    split = make_split(tmp_path / "d.json", settings, tmp_path / "s.json")
    assert split.names("train") == [f"{composed}1.png", f"{apart}2.png"]
    assert split.names("test") == [f"{composed}/3.png"]
