"""Coding and decoding of one mask as a COCO run-length code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

Rle = dict[str, Any]
"""A compressed COCO run-length encoding: ``{"size": [H, W], "counts": str}``."""


def encode_mask(mask: NDArray[np.bool_]) -> Rle:
    """Encode a (H, W) bool mask as compressed RLE with ``counts`` as ``str`` (JSON-ready)."""
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(n) for n in rle["size"]], "counts": rle["counts"].decode()}


def decode_mask(rle: Rle) -> NDArray[np.bool_]:
    """Decode compressed RLE (``counts`` as ``str`` or ``bytes``) to a (H, W) bool mask."""
    return np.asarray(coco_mask.decode(rle), dtype=bool)
