"""The methods; importing this package registers them all."""

from gains.methods import donet, gains, mask_rcnn, occlusion_rcnn
from gains.methods.base import METHODS, Method

__all__ = ["METHODS", "Method", "donet", "gains", "mask_rcnn", "occlusion_rcnn"]
