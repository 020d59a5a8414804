"""The kinds of masks that COCO files hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gains.masks.rle import decode_mask, encode_mask
from gains.masks.segmentation import to_rle


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 4, 1, 4, 4, 1, 4]],
        {"size": [6, 6], "counts": [7, 3, 3, 3, 3, 3, 14]},
        encode_mask(np.pad(np.ones((3, 3), dtype=bool), ((1, 2), (1, 2)))),
    ],
)
def test_three_kinds_of_masks_are_one(segmentation: Any) -> None:
    wanted = np.zeros((6, 6), dtype=bool)
    wanted[1:4, 1:4] = True
    assert np.array_equal(decode_mask(to_rle(segmentation, 6, 6)), wanted)


@pytest.mark.parametrize(
    "segmentation", [[1, 2, 3, 4, 5, 6], "x", 5, {"size": [3, 3], "counts": "9"}]
)
def test_other_masks_are_refused(segmentation: Any) -> None:
    with pytest.raises(ValueError, match="segmentation: "):
        to_rle(segmentation, 6, 6)
