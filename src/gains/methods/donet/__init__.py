"""The record of DoNet, the deep de-overlapping network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gains.detection.settings import TwoStageSettings
from gains.methods.base import METHODS, Method

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class DoNetSettings(TwoStageSettings):
    """Mask R-CNN's settings, the paper's modules, and the published program's weights.

    The weights of intersection, complement and refined masks are 1.
    """

    rois_per_image: int = Field(
        256, ge=1, description="number of RoIs per image that the heads learn from"
    )
    mask_weight: float = Field(0.75, ge=0, description="weight of the loss of the coarse masks")
    modules: Literal["base", "intersection", "drm", "crm", "mrp"] = Field(
        "crm",
        description=(
            "parts of the model; each value adds one to those before it. base: only Mask R-CNN; "
            "intersection: a head for the part of a cell that other cells cover; drm: a head for "
            "the rest of the cell; crm: refined masks, which become the output; mrp: a second "
            "search for objects inside cells"
        ),
    )
    consistency: Literal["published", "soft", "none"] = Field(
        "published",
        description=(
            "loss that compares the refined mask of a cell with its two parts put together, for "
            "crm and mrp. published: share of the pixels where the thresholded masks differ, which "
            "has no gradient and trains nothing; soft: cross entropy of the probabilities, which "
            "trains; none: no such loss"
        ),
    )
    consistency_weight: float = Field(0.00125, ge=0, description="weight of the consistency loss")


def build(settings: DoNetSettings, task: Task) -> Detector:
    """Build the detector that ``modules`` names.

    Raises:
        ValueError: the task declares no category whose objects overlap, or MRP is used and there is
            no other category.
    """
    from gains.detection.mask_head import MaskBranch
    from gains.detection.two_stage import TwoStageDetector
    from gains.methods.donet.model import DoNetBranch
    from gains.methods.donet.mrp import MaskGuidedDetector

    if settings.modules == "base":
        return TwoStageDetector(settings, task, MaskBranch(settings, task.num_classes))
    if settings.modules == "mrp":
        return MaskGuidedDetector(settings, task)
    return TwoStageDetector(settings, task, DoNetBranch(settings, task))


def _configuration(settings: DoNetSettings) -> str:
    """Return the modules as the paper's Tables 3 and 4 name them; without any it is Mask R-CNN."""
    if settings.modules == "base":
        return "Mask R-CNN"
    if settings.modules in ("intersection", "drm"):
        return {"intersection": "DoNet Hi+Ho", "drm": "DoNet DRM"}[settings.modules]
    crm = "FU" if settings.consistency == "none" else "CRM"
    mrp = "+MRP" if settings.modules == "mrp" else ""
    soft = " with soft consistency" if settings.consistency == "soft" else ""
    return f"DoNet DRM+{crm}{mrp}{soft}"


METHODS.register(
    Method(
        name="donet",
        title="DoNet",
        citation=(
            "Jiang, Zhang, Zhou, Wang, Chen: DoNet: Deep De-overlapping Network for Cytology "
            "Instance Segmentation. CVPR 2023"
        ),
        settings=DoNetSettings,
        build=build,
        variants={
            "base": {"modules": "base", "mask_weight": 1.0},
            "intersection": {"modules": "intersection"},
            "drm": {"modules": "drm"},
            "no-consistency": {"consistency": "none"},
            # a pixel that differs adds 100 to the published term, and about 1 to this one
            "soft-consistency": {"consistency": "soft", "consistency_weight": 0.125},
            "mrp": {"modules": "mrp"},
            "published-threshold": {"score_threshold": 0.9},
            "mrp-published-threshold": {"modules": "mrp", "score_threshold": 0.9},
        },
        needs_cell=True,
        configuration=_configuration,
    )
)
