"""The contours that UNet-3 learns."""

from __future__ import annotations

import torch
from skimage.morphology import skeletonize
from torch import Tensor

from gains.pixelwise.morphology import dilate


def boundary_bands(masks: Tensor) -> Tensor:
    """Return the band of two pixels around each outline, one inside and one outside.

    Args:
        masks: bool (N, H, W); the border of the image is no outline.
    """
    return dilate(masks, 1) & dilate(~masks, 1)


def midline_contours(masks: Tensor, radius: int) -> Tensor:
    """Return where objects end or overlap, as lines: bool (H, W) (``overlap_midline``).

    The bands of all objects and the pixels of several objects are joined and thinned to a
    skeleton. Where objects overlap, it runs through the middle of the overlap.

    Args:
        masks: bool (N, H, W), objects of one class.
        radius: radius of the disk that widens the lines, px.
    """
    joined = boundary_bands(masks).any(dim=0) | (masks.sum(dim=0) > 1)
    lines = skeletonize(joined.cpu().numpy())  # type: ignore[no-untyped-call]
    return dilate(torch.from_numpy(lines).to(masks.device)[None], radius)[0]
