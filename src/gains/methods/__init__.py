"""The methods. Importing this package registers all of them."""

from gains.methods import (
    cascade_rcnn,
    condinst,
    donet,
    fastinst,
    gains,
    htc,
    layering,
    mask_rcnn,
    mask_scoring_rcnn,
    occlusion_rcnn,
    pisa,
    pointrend,
    stardist,
    unet2,
    unet3,
    vrsp_net,
)
from gains.methods.base import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "cascade_rcnn",
    "condinst",
    "donet",
    "fastinst",
    "gains",
    "htc",
    "layering",
    "mask_rcnn",
    "mask_scoring_rcnn",
    "occlusion_rcnn",
    "pisa",
    "pointrend",
    "stardist",
    "unet2",
    "unet3",
    "vrsp_net",
]
