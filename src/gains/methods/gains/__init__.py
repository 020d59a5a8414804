"""The record of GAInS, gradient anomaly-aware instance segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from gains.config.base import OFF_BY_DEFAULT
from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class GainsSettings(TwoStageSettings):
    """Mask R-CNN's settings, a switch for each of the two ideas, and the weights of the losses.

    The paper's Eq. (1) has no weights. The weight 0.75 of the mask loss of the two-branch head is
    that of the published program.
    """

    alrm: bool = Field(True, description="weighting of the mask loss by the anomaly map (ALRM)")
    gal: bool = Field(True, description="additional branch that learns the anomaly map (GAL)")
    mask_weight: float = Field(0.75, ge=0, description="weight of the mask loss")
    anomaly_weight: float = Field(1.0, ge=0, description="weight of the loss of the anomaly map")
    anomaly_bias: Annotated[float, OFF_BY_DEFAULT] = Field(
        0.0,
        description="value of the predicted anomaly map at the start of the training; the program "
        "starts at 0, and no value of a map is below 1",
    )


def build(settings: GainsSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.gains.model.GainsBranch`."""
    from gains.methods.gains.model import build_detector

    return build_detector(settings, task)


def needs_maps(settings: GainsSettings) -> bool:
    """Return whether training reads maps, which each of the two ideas does."""
    return settings.alrm or settings.gal


def _configuration(settings: GainsSettings) -> str:
    """Return the parts as the paper's Table II names them; without any it is Mask R-CNN."""
    parts = [name for name, on in (("GAL", settings.gal), ("ALRM", settings.alrm)) if on]
    return f"GAInS {'+'.join(parts)}" if parts else "Mask R-CNN"


METHODS.register(
    Method(
        name="gains",
        title="GAInS",
        citation=(
            "Liu, Jiang, Zhou, Lin, Wang, Chen: GAInS: Gradient Anomaly-aware Biomedical Instance "
            "Segmentation. 2024"
        ),
        settings=GainsSettings,
        build=build,
        variants={
            "baseline": {"alrm": False, "gal": False, "mask_weight": 1.0},
            "alrm": {"gal": False, "mask_weight": 1.0},
            "gal": {"alrm": False},
        },
        needs_maps=needs_maps,
        configuration=_configuration,
    )
)
