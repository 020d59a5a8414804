"""The methods; importing this package registers them all."""

from gains.methods import gains, mask_rcnn, pointrend
from gains.methods.base import METHODS, Method

__all__ = ["METHODS", "Method", "gains", "mask_rcnn", "pointrend"]
