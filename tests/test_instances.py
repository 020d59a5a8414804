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
    with pytest.raises(ValueError, match="1 masks but 2 values of 'visible'"):
        Instances.from_rles(3, 4, [rle], [1], extra={"visible": [0, 1]})
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


def test_every_field_of_a_selection_is_that_of_its_instances() -> None:
    masks = [encode_mask(np.eye(3, 4, k=k, dtype=bool)) for k in (0, 1, 2)]
    found = Instances.from_rles(3, 4, masks, [5, 6, 7], extra={"box_scores": [0.1, 0.2, 0.3]})
    assert (found.ids.tolist(), found.scores.tolist()) == ([1, 2, 3], [1, 1, 1])
    assert found.boxes.tolist() == [[0, 0, 3, 3], [1, 0, 4, 3], [2, 0, 4, 2]]
    chosen = Instances.from_rles(
        3, 4, masks, [5, 6, 7], [0.7, 0.8, 0.9], found.boxes + 1, [70, 80, 90], found.extra
    ).select(np.array([2, 0]))
    assert [mask["counts"] for mask in chosen.masks] == [masks[2]["counts"], masks[0]["counts"]]
    assert (chosen.categories.tolist(), chosen.ids.tolist()) == ([7, 5], [90, 70])
    assert (chosen.scores.tolist(), chosen.extra) == ([0.9, 0.7], {"box_scores": [0.3, 0.1]})
    assert chosen.boxes.tolist() == [[3, 1, 5, 3], [1, 1, 4, 4]]
