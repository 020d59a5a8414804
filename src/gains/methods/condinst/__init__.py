"""The record of CondInst: masks by convolutions whose weights depend on the instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gains.detection.fcos.settings import FCOSSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class CondInstSettings(FCOSSettings):
    """The settings of FCOS and of the mask branch."""

    mask_channels: int = Field(128, ge=4, description="number of channels in the mask branch")
    mask_norm: Literal["bn", "gn"] = Field(
        "bn", description="norm in the mask branch; gn for small batches from random weights"
    )
    mask_positives: int = Field(
        500, ge=1, description="number of locations in a batch whose masks are learnt"
    )


def build(settings: CondInstSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.condinst.model.CondInst`."""
    from gains.methods.condinst.model import CondInst

    return CondInst(settings, task)


METHODS.register(
    Method(
        name="condinst",
        title="CondInst",
        citation=(
            "Tian, Shen, Chen: Conditional Convolutions for Instance Segmentation. ECCV 2020"
        ),
        settings=CondInstSettings,
        build=build,
    )
)
