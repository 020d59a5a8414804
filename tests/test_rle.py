"""Broken run-length encodings are found before pycocotools reads beyond them."""

import numpy as np
import pytest

from gains.instances import encode_mask
from gains.rle import first_broken


def sound_masks():
    generator = np.random.default_rng(0)
    masks = []
    for _ in range(60):
        height, width = generator.integers(1, 50, 2)
        masks.append(encode_mask(generator.random((height, width)) < generator.random()))
    masks.append(encode_mask(np.zeros((512, 512), dtype=bool)))
    masks.append(encode_mask(np.ones((2000, 2000), dtype=bool)))
    return masks


def test_sound_masks_pass():
    assert first_broken(sound_masks()) is None
    assert first_broken([]) is None


@pytest.mark.parametrize(
    "counts",
    ["", "!!!", "f\\18g13M3M2N2N", "zzzz", " ", "PPPPPPPPPPPPPPPP", "oooooooooo0", "é", "\x7f", 5],
)
def test_broken_counts_are_found(counts):
    masks = sound_masks()
    masks.insert(7, {"size": [20, 20], "counts": counts})
    assert first_broken(masks) == 7


def test_another_size_is_found():
    masks = [encode_mask(np.ones((4, 5), dtype=bool)) for _ in range(3)]
    masks[2]["size"] = [4, 6]
    assert first_broken(masks) == 2


def test_a_cut_off_mask_is_found():
    rle = encode_mask(np.random.default_rng(1).random((30, 30)) < 0.5)
    for length in range(1, len(rle["counts"])):
        assert first_broken([{**rle, "counts": rle["counts"][:length]}]) == 0


def test_negative_runs_are_found():
    # runs 5, -1, 0, 5 sum to 9 px, as the size says
    assert first_broken([{"size": [3, 3], "counts": "5O06"}]) == 0
    assert first_broken([{"size": [3, 3], "counts": "513"}]) is None
