"""Parts of objects that overlap objects of their class, as masks and as targets in RoIs."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gains.detection.mask_head import crops, mask_targets
from gains.detection.positives import Positives
from gains.models.contract import Target, Task


@dataclass
class MaskParts:
    """Ground truth inside RoIs, each bool (R, 28, 28); ``whole`` is the union of the other two.

    Attributes:
        whole: the object.
        complement: the part that no other object covers; the visible part in Occlusion R-CNN.
        intersection: the part that others cover too; the invisible part in Occlusion R-CNN.
    """

    whole: Tensor
    complement: Tensor
    intersection: Tensor


def cell_class(task: Task) -> int:
    """Return the class index of the objects that overlap.

    Raises:
        ValueError: the task declares no such class.
    """
    if task.cell is None:
        raise ValueError(
            "expected the category whose objects overlap, found none; set `cell_category` in the "
            "data set's block"
        )
    return task.cell


def complement_masks(target: Target, cell: int) -> Tensor:
    """Return the part of each object that no other object covers.

    A cell loses the pixels that another cell covers too. Which of them lies on top does not matter,
    since cells are translucent. All other objects keep their mask. The published program converts
    masks to simplified polygons, which fills the holes of a complement; here they stay.

    Args:
        target: masks (N, H, W) and labels.
        cell: class index of the objects that overlap.

    Returns:
        uint8 (N, H, W), 0 or 1.
    """
    cells = (target.labels == cell)[:, None, None]
    count = (target.masks * cells).sum(dim=0)
    return target.masks.masked_fill(cells & (count > 1), 0)


def part_targets(positives: Positives, cell: int) -> MaskParts:
    """Return the objects and their parts inside the RoIs.

    Object and complement are cropped and thresholded separately, and the intersection is their
    XOR at 28 x 28, as published. If an object has no complement, all of it is intersection.
    """
    whole = mask_targets(positives)
    complements = [complement_masks(target, cell) for target in positives.targets]
    complement = crops(complements, positives) >= 0.5
    return MaskParts(whole, complement, whole ^ complement)
