"""The methods; importing this package registers them all."""

from gains.methods import fastinst, gains, mask_rcnn
from gains.methods.base import METHODS, Method

__all__ = ["METHODS", "Method", "fastinst", "gains", "mask_rcnn"]
