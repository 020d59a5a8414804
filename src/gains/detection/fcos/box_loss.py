"""The box loss of FCOS, which compares distances in strides."""

from __future__ import annotations

from torch import Tensor

from gains.detection.fcos.locations import boxes_around


def distance_giou_loss(found: Tensor, true: Tensor) -> Tensor:
    """Return the GIoU loss of boxes that are given by their distances to a common location.

    Of two boxes with intersection I, union U and smallest enclosing box C, in squared strides, it
    is 1 - (I + 1) / (U + 1) + (C - U) / C. The two ones are those of the published programs of FCOS
    and CondInst; they make the loss of an object of about one stride milder than that of a larger
    object with the same IoU. The paper of GIoU (Rezatofighi et al., CVPR 2019) has no ones.

    Args:
        found: predicted left, top, right, bottom (P, 4), at least 0, in strides of the level.
        true: the same of the objects, greater than 0.

    Returns:
        (P,), from 0 to below 2.
    """
    a, b = (boxes_around(x.new_zeros(2), x) for x in (found, true))
    shared = (a[:, 2:].minimum(b[:, 2:]) - a[:, :2].maximum(b[:, :2])).prod(dim=1)
    hull = (a[:, 2:].maximum(b[:, 2:]) - a[:, :2].minimum(b[:, :2])).prod(dim=1)
    areas = [(x[:, 2:] - x[:, :2]).prod(dim=1) for x in (a, b)]
    union = areas[0] + areas[1] - shared
    return 1 - (shared + 1) / (union + 1) + (hull - union) / hull
