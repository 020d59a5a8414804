"""Settings of the detectors; defaults are the published programs'. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gains.strict import Strict


class BackboneSettings(Strict):
    """ResNet with feature pyramid."""

    name: Literal["resnet18", "resnet34", "resnet50", "resnet101"] = "resnet50"
    norm: Literal["frozen_bn", "bn", "gn"] = "frozen_bn"
    weights: str = Field("imagenet", description="imagenet (torchvision's), none, or a file")
    freeze_at: int = Field(2, ge=0, le=5, description="stages kept fixed: 1 stem, 2 + res2, ...")
    width: int = Field(64, ge=4, description="channels of the stem; 64 is the ordinary ResNet")
    stride_in_1x1: bool = Field(False, description="bottleneck stride as in Caffe/detectron2")
    channel_order: Literal["rgb", "bgr"] = Field(
        "rgb", description="rgb: ImageNet mean and std; bgr: detectron2's mean, std 1"
    )
    fpn_channels: int = Field(256, ge=4)

    @model_validator(mode="after")
    def _random_weights_are_trained(self) -> BackboneSettings:
        if self.weights == "none" and (self.freeze_at or self.norm == "frozen_bn"):
            raise ValueError(
                "weights: none needs everything trained: set freeze_at: 0 and norm: gn or bn"
            )
        if self.weights == "imagenet" and (self.width != 64 or self.norm == "gn"):
            raise ValueError(
                "weights: imagenet are of width 64 and batch norms: set width: 64 and norm: "
                "frozen_bn or bn, or weights: none"
            )
        return self


class TwoStageSettings(Strict):
    """Mask R-CNN and its relatives (detectron2's meaning of every number)."""

    backbone: BackboneSettings = BackboneSettings()
    anchor_sizes: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (32, 64, 128, 256, 512), min_length=5, max_length=5, description="px, one per level p2..p6"
    )
    aspect_ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.5, 1.0, 2.0), min_length=1, description="height over width"
    )
    rpn_anchors_per_image: int = Field(256, ge=2)
    rpn_pre_nms_train: int = Field(2000, ge=1, description="per level")
    rpn_pre_nms_test: int = Field(1000, ge=1, description="per level")
    rpn_post_nms_train: int = Field(1000, ge=1, description="per image")
    rpn_post_nms_test: int = Field(1000, ge=1, description="per image")
    rpn_nms: float = Field(0.7, gt=0, le=1)
    rois_per_image: int = Field(512, ge=1)
    roi_positive_fraction: float = Field(0.25, gt=0, le=1)
    box_dim: int = Field(1024, ge=4)
    mask_channels: int = Field(256, ge=4)
    mask_weight: float = Field(1.0, ge=0)
    score_threshold: float = Field(0.05, ge=0, lt=1)
    nms: float = Field(0.5, gt=0, le=1)
