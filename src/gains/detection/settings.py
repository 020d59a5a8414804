"""Settings of two-stage detectors; defaults are those of the published programs.

This module imports no torch.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gains.config.base import Settings
from gains.models.settings import BackboneSettings


class TwoStageSettings(Settings):
    """Settings of two-stage detectors; every number has the same meaning as in detectron2."""

    backbone: BackboneSettings = Field(
        BackboneSettings(), description="ResNet and feature pyramid, see the block below"
    )
    anchor_sizes: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (32, 64, 128, 256, 512),
        min_length=5,
        max_length=5,
        description="side lengths of the anchors in px, one per level p2 to p6",
    )
    aspect_ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 1.0, 2.0), min_length=1, description="heights of the anchors over their widths"
    )
    rpn_anchors_per_image: int = Field(
        256, ge=2, description="number of anchors per image that the RPN learns from"
    )
    rpn_pre_nms_train: int = Field(
        2000,
        ge=1,
        description="number of proposals per level before non-maximum suppression, in training",
    )
    rpn_pre_nms_test: int = Field(
        1000,
        ge=1,
        description="number of proposals per level before non-maximum suppression, in prediction",
    )
    rpn_post_nms_train: int = Field(
        1000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in training",
    )
    rpn_post_nms_test: int = Field(
        1000,
        ge=1,
        description="number of proposals per image after non-maximum suppression, in prediction",
    )
    rpn_nms: float = Field(
        0.7, gt=0, le=1, description="IoU threshold of the non-maximum suppression of proposals"
    )
    rois_per_image: int = Field(
        512, ge=1, description="number of RoIs per image that the heads learn from"
    )
    roi_positive_fraction: float = Field(
        0.25, gt=0, le=1, description="maximum share of foreground RoIs"
    )
    box_dim: int = Field(
        1024, ge=4, description="width of the fully connected layers of the box head"
    )
    mask_channels: int = Field(256, ge=4, description="number of channels in the mask head")
    mask_weight: float = Field(1.0, ge=0, description="weight of the mask loss")
    score_threshold: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="score above which a detection is kept; no training depends on it",
    )
    nms: float = Field(
        0.5,
        gt=0,
        le=1,
        description="IoU threshold of the non-maximum suppression of detections; no training "
        "depends on it",
    )
