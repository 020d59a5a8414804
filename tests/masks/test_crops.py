"""Codes of cropped masks against pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gains.masks.crops import encode_crops
from gains.masks.rle import encode_mask


def check(masks: np.ndarray, windows: list[tuple[int, int, int, int]]) -> None:
    """Compare the codes of (N, H, W) masks, cut to windows x0 y0 x1 y1, with pycocotools'."""
    width = max(x1 - x0 for x0, _, x1, _ in windows)
    height = max(y1 - y0 for _, y0, _, y1 in windows)
    crops = np.zeros((len(masks), width, height), dtype=bool)
    for crop, mask, (x0, y0, x1, y1) in zip(crops, masks, windows, strict=True):
        outside = mask.copy()
        outside[y0:y1, x0:x1] = False
        assert not outside.any()
        crop[: x1 - x0, : y1 - y0] = mask[y0:y1, x0:x1].T
    corners = np.array([w[:2] for w in windows])
    assert encode_crops(crops, corners, masks.shape[1:]) == [encode_mask(m) for m in masks]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_random_masks_in_random_windows(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    count = data.draw(st.integers(1, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    masks, windows = np.zeros((count, height, width), bool), []
    for mask in masks:
        x0, y0 = int(rng.integers(width)), int(rng.integers(height))
        x1, y1 = int(rng.integers(x0, width)) + 1, int(rng.integers(y0, height)) + 1
        mask[y0:y1, x0:x1] = rng.random((y1 - y0, x1 - x0)) < rng.choice([0, 0.1, 0.5, 0.9, 1])
        windows.append((x0, y0, x1, y1))
    check(masks, windows)


def test_empty_full_and_columns_that_touch() -> None:
    masks = np.zeros((4, 700, 900), bool)
    masks[1] = True
    masks[2, :, 300:600] = True  # one run over 300 columns
    masks[3, 350:, 10] = masks[3, :200, 11] = True
    check(masks, [(0, 0, 900, 700)] * 4)


def test_runs_of_two_masks_that_would_touch_stay_apart() -> None:
    masks = np.zeros((2, 4, 3), bool)
    masks[0, 1:3, 0] = True
    masks[1, 3, 0] = masks[1, :2, 1] = True
    check(masks, [(0, 0, 3, 4)] * 2)


def test_no_mask_gives_an_empty_list() -> None:
    assert encode_crops(np.zeros((0, 3, 4), bool), np.zeros((0, 2), np.int64), (9, 9)) == []


def test_outside_the_image_is_refused() -> None:
    crops = np.ones((1, 3, 4), bool)
    for corner in ((-1, 0), (0, -1), (8, 0), (0, 7)):
        with pytest.raises(ValueError, match="outside its image"):
            encode_crops(crops, np.array([corner]), (10, 10))
