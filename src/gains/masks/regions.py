"""Connected regions of a mask."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from gains.masks.rle import Rle, encode_mask


def components(mask: NDArray[np.bool_], connectivity: int = 8, min_area: int = 1) -> list[Rle]:
    """Return the connected regions of a mask in raster order of their first pixel.

    Args:
        mask: bool (H, W).
        connectivity: 4 or 8 neighbours.
        min_area: area of the smallest region that is kept, px.
    """
    structure = np.ones((3, 3), bool) if connectivity == 8 else None
    labels, _ = scipy.ndimage.label(mask, structure)
    found = []
    for number, place in enumerate(scipy.ndimage.find_objects(labels), start=1):
        region = labels[place] == number
        if np.count_nonzero(region) < min_area:
            continue
        whole = np.zeros(mask.shape, dtype=bool)
        whole[place] = region
        found.append(encode_mask(whole))
    return found
