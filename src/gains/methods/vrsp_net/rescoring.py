"""The scores of VRSP-Net's candidates, from the box, the visible part and the shape prior."""

from __future__ import annotations

import math

from torch import Tensor

ALPHA = 2.0
"""Base of the logarithm that turns the distance from the prior to a factor."""
RECLASS_SHARE = 0.4
"""Share of the score that the probability of the class scales."""


def prior_factor(distance: Tensor, alpha: float = ALPHA) -> Tensor:
    """Return a factor in [0, 1] that falls with the distance from the nearest shape.

    Args:
        distance: share of pixels in which mask and shape differ, in [0, 1].
        alpha: base of the logarithm; with 2, the factor of distance 1 is 0.
    """
    return ((alpha - distance).log() / math.log(alpha)).clamp(min=0)


def rescored(scores: Tensor, reclass: Tensor, distance: Tensor) -> Tensor:
    """Return the geometric mean of box score and both factors, (D,) in [0, 1].

    Args:
        scores: (D,), box scores.
        reclass: (D,), probability of the class by the visible part.
        distance: (D,), share of pixels in which the mask differs from the nearest shape.
    """
    by_class = scores * (1 - RECLASS_SHARE + RECLASS_SHARE * reclass)
    return (by_class * prior_factor(distance)) ** (1 / 3)
