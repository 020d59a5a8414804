"""Masks inside their bounding boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gains.masks.rle import encode_mask
from gains.masks.windows import window_of


@settings(max_examples=100, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()))
def test_a_window_holds_the_whole_mask_and_nothing_else(mask: np.ndarray) -> None:
    window = window_of(encode_mask(mask))
    whole = np.zeros_like(mask)
    whole[window.place] = window.mask
    assert np.array_equal(whole, mask)
    if mask.any():
        edges = (window.mask[0], window.mask[-1], window.mask[:, 0], window.mask[:, -1])
        assert all(edge.any() for edge in edges)
    else:
        assert window.mask.size == 0


def test_a_damaged_code_is_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        window_of({"size": [2, 2], "counts": ""})
