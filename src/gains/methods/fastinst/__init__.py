"""The record of FastInst, a query-based detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from gains.config.base import Settings
from gains.methods.base import METHODS, Method
from gains.models.settings import BackboneSettings

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class FastInstBackboneSettings(BackboneSettings):
    """Settings of the ResNet; the width of the pyramid is the width of all parts after it."""

    freeze_at: int = Field(
        0, ge=0, le=5, description="number of frozen stages: 1 the stem, 2 also res2, ..."
    )
    fpn_channels: int = Field(
        256, ge=4, description="number of channels of pixel decoder, queries and masks"
    )


class FastInstSettings(Settings):
    """Settings of the published program, with the paper's decoder of three layers (FastInst-D3)."""

    backbone: FastInstBackboneSettings = Field(
        FastInstBackboneSettings(), description="ResNet and width of the model, see the block below"
    )
    queries: int = Field(
        100,
        ge=1,
        description="number of queries that are picked from the image; small images have fewer",
    )
    auxiliary_queries: int = Field(8, ge=1, description="number of learned queries")
    position_cells: int = Field(
        10, ge=1, description="number of learned positions per axis, which are interpolated"
    )
    decoder_layers: int = Field(3, ge=1, le=100, description="number of decoder layers")
    heads: int = Field(8, ge=1, description="number of attention heads, a divisor of fpn_channels")
    feedforward_dim: int = Field(1024, ge=4, description="width of the feed-forward layers")
    class_weight: float = Field(
        2.0,
        ge=0,
        description="weight of the classes of queries, in the loss and in the cost by which "
        "queries are matched to objects",
    )
    mask_weight: float = Field(
        5.0,
        ge=0,
        description="weight of the cross entropy of masks, in the loss and in the cost of matching",
    )
    dice_weight: float = Field(
        5.0,
        ge=0,
        description="weight of the Dice loss of masks, in the loss and in the cost of matching",
    )
    activation_weight: float = Field(
        20.0,
        ge=0,
        description="weight of the loss of the small head that picks queries from the image",
    )
    location_cost: float = Field(
        1000.0,
        ge=0,
        description="cost of matching a query to an object that does not cover the place where the "
        "query was picked; with a large cost this happens only if there is no other query",
    )
    no_object_weight: float = Field(
        0.1, gt=0, description="weight of queries without an object in the class loss"
    )
    points: int = Field(
        12544,
        ge=1,
        description="number of points per mask where the losses and costs of masks are computed",
    )
    oversampling: float = Field(3.0, ge=1, description="number of candidates per uncertain point")
    uncertain_share: float = Field(
        0.75,
        ge=0,
        le=1,
        description="share of the points that are drawn where the mask is uncertain",
    )
    score_threshold: float = Field(
        0.05, ge=0, lt=1, description="lowest score of a detection; the published program has none"
    )

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> FastInstSettings:
        if self.backbone.fpn_channels % self.heads:
            raise ValueError(
                f"heads: {self.heads} do not divide backbone.fpn_channels: "
                f"{self.backbone.fpn_channels}; choose a divisor"
            )
        return self


def build(settings: FastInstSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.fastinst.model.FastInst`."""
    from gains.methods.fastinst.model import FastInst

    return FastInst(settings, task)


METHODS.register(
    Method(
        name="fastinst",
        title="FastInst",
        citation=(
            "He, Li, Geng, Xie: FastInst: A Simple Query-Based Model for Real-Time Instance "
            "Segmentation. CVPR 2023"
        ),
        settings=FastInstSettings,
        build=build,
        variants={
            "d1": {"decoder_layers": 1},
            "published-threshold": {"score_threshold": 0.0},
        },
        configuration=lambda settings: f"FastInst-D{settings.decoder_layers}",
    )
)
