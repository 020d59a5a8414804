"""Settings of the parts that all models share. This module imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gains.config.base import OwnPath, Settings


class BackboneSettings(Settings):
    """Settings of a ResNet with feature pyramid."""

    name: Literal["resnet18", "resnet34", "resnet50", "resnet101"] = Field(
        "resnet50", description="name of the ResNet"
    )
    norm: Literal["frozen_bn", "bn", "gn"] = Field(
        "frozen_bn", description="norm of the ResNet; bn and gn are trained"
    )
    weights: OwnPath = Field(
        "imagenet",
        description="weights of the backbone: imagenet (of torchvision, fetched by the workflow), "
        "none, or a file",
    )
    freeze_at: int = Field(
        2, ge=0, le=5, description="number of frozen stages: 1 the stem, 2 also res2, ..."
    )
    width: int = Field(
        64, ge=4, description="number of channels of the stem; 64 is the ordinary ResNet"
    )
    stride_in_1x1: bool = Field(
        False,
        description="stride in the 1 x 1 convolution of a bottleneck, as in Caffe and detectron2",
    )
    channel_order: Literal["rgb", "bgr"] = Field(
        "rgb",
        description="order of the channels and their normalisation; rgb: mean and standard "
        "deviation of ImageNet; bgr: mean of detectron2, standard deviation 1",
    )
    fpn_channels: int = Field(256, ge=4, description="number of channels of the feature pyramid")

    @model_validator(mode="after")
    def _imagenet_fits(self) -> BackboneSettings:
        if self.weights == "imagenet" and (self.width != 64 or self.norm == "gn"):
            raise ValueError(
                "weights: imagenet belong to width 64 and batch norms: set width: 64 and norm: "
                "frozen_bn or bn, or weights: none"
            )
        return self

    def require_trained(self, where: str) -> None:
        """Refuse layers that are neither trained nor given values.

        Args:
            where: name of the settings, for the error message.

        Raises:
            ValueError: values are random, and some are never trained.
        """
        if self.weights == "none" and (self.freeze_at or self.norm == "frozen_bn"):
            raise ValueError(
                f"{where}.backbone: weights: none starts from random values, so that all layers "
                "must be trained: set freeze_at: 0 and norm: gn or bn, or start_from in the recipe"
            )
