"""Settings of two-stage detectors; defaults are those of the published programs.

This module imports no torch.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gains.config.base import Settings
from gains.models.settings import BackboneSettings


class TwoStageSettings(Settings):
    """Settings of Mask R-CNN and its relatives; every number means what it means in detectron2."""

    backbone: BackboneSettings = BackboneSettings()
    anchor_sizes: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (32, 64, 128, 256, 512),
        min_length=5,
        max_length=5,
<<<<<<< HEAD
        description="side lengths of the anchors in px, one per level p2 to p6",
    )
    aspect_ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 1.0, 2.0), min_length=1, description="heights of the anchors over their widths"
    )
    rpn_anchors_per_image: int = Field(256, ge=2)
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
    rpn_nms: float = Field(0.7, gt=0, le=1)
    rois_per_image: int = Field(512, ge=1)
    roi_positive_fraction: float = Field(0.25, gt=0, le=1)
    box_dim: int = Field(1024, ge=4)
    mask_channels: int = Field(256, ge=4)
    mask_weight: float = Field(1.0, ge=0)
    score_threshold: float = Field(0.05, ge=0, lt=1)
    nms: float = Field(0.5, gt=0, le=1)
=======
        description="sides of the anchors of p2..p6, px",
    )
    aspect_ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 1.0, 2.0), min_length=1, description="ratios of height to width of the anchors"
    )
    rpn_anchors_per_image: int = Field(256, ge=2, description="anchors that the RPN learns from")
    rpn_pre_nms_train: int = Field(2000, ge=1, description="proposals per level before NMS")
    rpn_pre_nms_test: int = Field(1000, ge=1, description="the same at test time")
    rpn_post_nms_train: int = Field(1000, ge=1, description="proposals per image after NMS")
    rpn_post_nms_test: int = Field(1000, ge=1, description="the same at test time")
    rpn_nms: float = Field(0.7, gt=0, le=1, description="IoU threshold of the proposals' NMS")
    rois_per_image: int = Field(512, ge=1, description="RoIs that the heads learn from")
    roi_positive_fraction: float = Field(0.25, gt=0, le=1, description="foreground's share")
    box_dim: int = Field(1024, ge=4, description="width of the box head's two layers")
    mask_channels: int = Field(256, ge=4, description="channels of the mask head")
    mask_weight: float = Field(1.0, ge=0, description="weight of the mask loss")
    score_threshold: float = Field(0.05, ge=0, lt=1, description="lowest score of a detection")
    nms: float = Field(0.5, gt=0, le=1, description="IoU threshold of the detections' NMS")
>>>>>>> 4fc885f (Describe models and detection in complete sentences)
