"""Broken run-length codes are refused before pycocotools reads beyond them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from gains.masks.checks import check_rle, decode_runs, valid
from gains.masks.rle import Rle, decode_mask, encode_mask
from gains.masks.segmentation import valid_rles


def valid_masks() -> list[Rle]:
    generator = np.random.default_rng(0)
    masks = []
    for _ in range(60):
        height, width = generator.integers(1, 50, 2)
        masks.append(encode_mask(generator.random((height, width)) < generator.random()))
    masks.append(encode_mask(np.zeros((512, 512), dtype=bool)))
    masks.append(encode_mask(np.ones((2000, 2000), dtype=bool)))
    return masks


def test_valid_masks_pass() -> None:
    for rle in valid_masks():
        check_rle(rle, *rle["size"])
        check_rle({**rle, "counts": rle["counts"].encode()}, *rle["size"])


def test_runs_are_those_of_the_mask() -> None:
    for rle in valid_masks():
        runs = decode_runs(rle["counts"])
        again = coco_mask.frPyObjects({"size": rle["size"], "counts": runs.tolist()}, *rle["size"])
        np.testing.assert_array_equal(decode_mask(again), decode_mask(rle))


@pytest.mark.parametrize(
    "counts",
    [
        *("", "!!!", "f\\18g13M3M2N2N", "zzzz", " ", "PPPPPPPPPPPPPPPP", "oooooooooo0", "é"),
        *("\x7f", b"\xff", 5, None, [], [401], [-1, 401], [399.0, 1], [True, 399], ["400"]),
        [2**70, 400 - 2**70],
    ],
)
def test_broken_counts_are_found(counts: Any) -> None:
    with pytest.raises(ValueError, match="damaged"):
        check_rle({"size": [20, 20], "counts": counts}, 20, 20)


@pytest.mark.parametrize("size", [None, 400, [20], [20, 20, 1], [20.0, 20], "20", [True, 20]])
def test_a_broken_size_is_found(size: Any) -> None:
    with pytest.raises(ValueError, match=r"has size .* expected \[height, width\]"):
        check_rle({"size": size, "counts": [400]}, 20, 20)


def test_another_size_is_found() -> None:
    with pytest.raises(ValueError, match=r"RLE of size \[4, 5\] in an image of \[5, 4\]"):
        check_rle({"size": [4, 5], "counts": [20]}, 5, 4)


def test_a_cut_off_mask_is_found() -> None:
    rle = encode_mask(np.random.default_rng(1).random((30, 30)) < 0.5)
    for length in range(1, len(rle["counts"])):
        with pytest.raises(ValueError, match="damaged"):
            check_rle({**rle, "counts": rle["counts"][:length]}, 30, 30)


def test_negative_runs_are_found() -> None:
    # runs 5, -1, 0, 5 sum to 9 px, as the size says
    with pytest.raises(ValueError, match="whole numbers from 0 up"):
        check_rle({"size": [3, 3], "counts": "5O06"}, 3, 3)
    check_rle({"size": [3, 3], "counts": "513"}, 3, 3)
    assert valid(["5O06", "513"], [9, 9]).tolist() == [False, True]


def test_many_codes_are_judged_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = valid_masks()
    codes = [rle["counts"] for rle in masks]
    pixels = [rle["size"][0] * rle["size"][1] for rle in masks]
    broken = ["", "!!!", "zzzz", "oooooooooo0", "é", "P", "0P", "N", "1O", codes[3] + "1"]
    mixed = [x for pair in zip(codes, broken * 7, strict=False) for x in pair]
    wanted_pixels = [n for n in pixels for _ in (0, 1)][: len(mixed)]
    for together in (1, 3, 1000):
        monkeypatch.setattr("gains.masks.checks.BATCH", together)
        assert valid(codes, pixels).all()
        assert not valid(codes, [n + 1 for n in pixels]).any()
        found = valid(mixed, wanted_pixels).tolist()
        for code, count, good in zip(mixed, wanted_pixels, found, strict=True):
            runs = decode_runs(code)
            alone = runs is not None and (runs >= 0).all() and runs.sum() == count
            assert good == alone, code
    assert not valid(broken, [400] * len(broken)).any()
    assert valid([], []).shape == (0,)


def test_the_characters_and_the_longest_number_of_a_code() -> None:
    # a first character from P on continues with the bits of the 4; the others are numbers
    codes = [chr(first) + "4" for first in range(128)]
    pixels = [first - 44 if first < 80 else (first - 48) % 32 + 4 * 32 for first in range(128)]
    codes += ["PPPPPP4", "PPPPPPP4"]
    pixels += [4 * 32**6, 4 * 32**7]
    usual = [*"0123456789:;<=>?", *"PQRSTUVWXYZ[\\]^_`abcdefghijklmno", "PPPPPP"]
    assert [code[:-1] for code, good in zip(codes, valid(codes, pixels), strict=True) if good] == (
        usual
    )
    for code, count in zip(codes, pixels, strict=True):
        assert valid([code], [count]).tolist() == [code[:-1] in usual], code
        runs = decode_runs(code)
        assert (runs is not None and runs.min() >= 0) == (code[:-1] in usual), code


def test_a_code_is_never_longer_than_its_image_allows() -> None:
    generator = np.random.default_rng(2)
    for pixels in (1, 2, 15, 16, 17, 31, 33, 511, 1024, 1030):
        for limit in (1, 2, 16, 17, 40):
            runs: list[int] = []
            while sum(runs) < pixels:
                runs.append(min(int(generator.integers(1, limit + 1)), pixels - sum(runs)))
            rle = {"size": [pixels, 1], "counts": runs}
            check_rle(rle, pixels, 1)
            code = coco_mask.frPyObjects(rle, pixels, 1)["counts"].decode()
            check_rle({**rle, "counts": code}, pixels, 1)
            assert valid([code], [pixels]).all()


@pytest.mark.parametrize("runs", [1, 16, 17])
def test_alternating_runs_give_the_longest_codes(runs: int) -> None:
    lengths = [runs, 1, 1, runs] * 30
    rle = {"size": [sum(lengths), 1], "counts": lengths}
    code = coco_mask.frPyObjects(rle, *rle["size"])["counts"].decode()
    assert valid([code], [sum(lengths)]).all()


@pytest.mark.parametrize("counts", ["1" * 10_000, b"1" * 10_000, [0] * 10_000])
def test_counts_that_are_too_long_are_not_decoded(
    counts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gains.masks.checks.decode_runs", None)
    with pytest.raises(ValueError, match="RLE counts have 10000 .* needs at most .* damaged"):
        check_rle({"size": [32, 32], "counts": counts}, 32, 32)


def test_a_swapped_size_is_suspected() -> None:
    with pytest.raises(ValueError, match="are height and width swapped"):
        check_rle({"size": [4, 5], "counts": [20]}, 5, 4)


@pytest.mark.parametrize("copies", [1, 20])
def test_long_codes_take_little_memory(copies: int) -> None:
    rle = {"size": [32, 32], "counts": "1" * (2_000_000 // copies)}
    tracemalloc.start()
    try:
        assert valid_rles([rle] * copies, [(32, 32)] * copies) == [None] * copies
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_code_in_pieces_has_the_same_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [rle["counts"] for rle in valid_masks()]
    whole = [decode_runs(code) for code in codes]
    for size in (1, 2, 7):
        monkeypatch.setattr("gains.masks.checks.BATCH", size)
        for code, runs in zip(codes, whole, strict=True):
            np.testing.assert_array_equal(decode_runs(code), runs)
