"""The tag of orientation in EXIF and TIFF: how a picture is turned and mirrored for display."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TAG = 274
"""Number of the tag ``Orientation`` in EXIF and TIFF."""

ADVICE = (
    "masks that were drawn on the upright picture need the option `orientation: apply` (of the "
    "data set `folder` and of `gains predict`)"
)


def valid_tag(value: object) -> int:
    """Return the value of a tag, 1 to 8, or 1 (upright) for a value without a meaning."""
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def turns(orientation: int) -> bool:
    """Return whether an orientation exchanges height and width."""
    return orientation >= 5


def upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the upright picture, (H, W, ...) or (W, H, ...), of one that is stored as (H, W, ...).

    Args:
        values: the picture as stored.
        orientation: value of its tag, 1 to 8.
    """
    if turns(orientation):
        values = values.swapaxes(0, 1)
    # after the transposition, each value is a mirror image of rows, of columns, of both or of none
    rows, columns = {
        1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1),
        5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1),
    }[orientation]  # fmt: skip
    return np.ascontiguousarray(values[::rows, ::columns])


def sentence(orientation: int, applied: bool) -> str:
    """Return what became of a tag that is not 1."""
    if applied:
        return f"the orientation tag {orientation} was applied"
    return (
        f"the orientation tag {orientation} was not applied, and the pixels are as stored; {ADVICE}"
    )
