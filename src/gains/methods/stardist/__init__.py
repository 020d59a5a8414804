"""The record of StarDist: objects as star-convex polygons around their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gains.config.base import Settings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class StarDistSettings(Settings):
    """The settings of the published program; the defaults are its own."""

    rays: int = Field(32, ge=3, le=256, description="number of rays, the corners of a polygon")
    grid: Literal[1, 2, 4] = Field(
        1, description="px per cell of the predictions; 2 for objects of 100 px and more"
    )
    channels: Literal[1, 3] = Field(
        3, description="number of channels that the network sees: 1 grey (mean of RGB), 3 RGB"
    )
    depth: int = Field(3, ge=1, le=6, description="number of times that the U-Net halves the size")
    base_channels: int = Field(
        32, ge=1, description="number of channels at full size; each halving doubles them"
    )
    feature_channels: int = Field(
        128, ge=1, description="number of channels of the layer that both predictions read"
    )
    low_percentile: float = Field(
        1.0, ge=0, lt=50, description="percentile of a channel's values that becomes 0, in percent"
    )
    high_percentile: float = Field(
        99.8, gt=50, le=100, description="percentile of a channel's values that becomes 1"
    )
    dist_weight: float = Field(0.2, gt=0, description="weight of the loss of the distances")
    background_weight: float = Field(
        1e-4, ge=0, description="weight of distances outside the objects, in their loss"
    )
    label_map: Literal["split", "latest"] = Field(
        "split",
        description="who gets the pixels of several objects in training, since StarDist learns a "
        "label map; split: the object whose own pixels are nearest; latest: the last one listed",
    )
    separate_masks: bool = Field(
        False,
        description="whether detections keep whole polygons, which may overlap; otherwise the "
        "surest one is on top, as published",
    )
    score_threshold: float = Field(
        0.5, ge=0, lt=1, description="probability above which a pixel proposes a polygon"
    )
    nms: float = Field(
        0.4,
        gt=0,
        le=1,
        description="share of the smaller of two polygons, not IoU, above which the less sure one "
        "is suppressed if a surer one covers it",
    )


def build(settings: StarDistSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.stardist.model.StarDist`."""
    from gains.methods.stardist.model import StarDist

    return StarDist(settings, task)


METHODS.register(
    Method(
        name="stardist",
        title="StarDist",
        citation=(
            "Schmidt, Weigert, Broaddus, Myers: Cell Detection with Star-convex Polygons. "
            "MICCAI 2018"
        ),
        settings=StarDistSettings,
        build=build,
        variants={
            "separate-masks": {"separate_masks": True},
            "latest-on-top": {"label_map": "latest"},
        },
        label=lambda _: "U-Net",
        weights=lambda _: None,
        load_weights=lambda _model, _settings: None,  # trained from random values
    )
)
