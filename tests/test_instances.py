"""The instances of one image."""

from __future__ import annotations

import numpy as np
import pytest

from gains.instances import Instances
from gains.masks.rle import encode_mask


def test_instances_of_unequal_length_are_refused() -> None:
    rle = encode_mask(np.ones((3, 4), dtype=bool))
    with pytest.raises(ValueError, match="1 masks but 2 values of 'categories'"):
        Instances(
            3, 4, [rle], np.array([1, 2]), np.ones(1), np.zeros((1, 4)), np.ones(1, dtype=np.int64)
        )
    with pytest.raises(ValueError, match="a mask has size"):
        Instances.from_rles(4, 4, [rle], [1])


def test_instances_round_trip() -> None:
    masks = np.zeros((2, 5, 6), dtype=bool)
    masks[0, 1:3, 2:5] = True
    masks[1, 0, 0] = True
    found = Instances.from_rles(5, 6, [encode_mask(m) for m in masks], [2, 1], [0.5, 0.9])
    assert np.array_equal(found.stack(), masks)
    assert found.boxes.tolist() == [[2, 1, 5, 3], [0, 0, 1, 1]]
    best = found.select(np.array([1]))
    assert best.categories.tolist() == [1]
    assert found.select(found.scores > 0.6).ids.tolist() == [2]
    assert Instances.from_rles(5, 6, [], []).stack().shape == (0, 5, 6)
