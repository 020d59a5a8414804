"""Dilation by disks, against the distance to the mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from gains.pixelwise.morphology import dilate


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 7, 12])
def test_dilation_reaches_as_far_as_the_radius(radius: int) -> None:
    masks = np.random.default_rng(radius).random((4, 31, 40)) > 0.995
    masks[0] = False
    masks[0, 0, 39] = True  # a corner
    masks[3] = False
    expected = [
        ndimage.distance_transform_edt(~mask) <= radius if mask.any() else mask for mask in masks
    ]
    found = dilate(torch.from_numpy(masks), radius)
    assert np.array_equal(found.numpy(), np.stack(expected))


def test_a_disk_of_radius_one_is_a_cross_and_the_input_stays_as_it_is() -> None:
    mask = torch.zeros(1, 5, 5, dtype=torch.bool)
    mask[0, 2, 2] = True
    found = dilate(mask, 1)
    assert found[0].int().tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert mask.sum() == 1
    assert dilate(torch.zeros(0, 5, 5, dtype=torch.bool), 3).shape == (0, 5, 5)


def test_a_radius_larger_than_the_image() -> None:
    mask = torch.zeros(1, 3, 4, dtype=torch.bool)
    mask[0, 0, 0] = True
    assert dilate(mask, 9).all()
