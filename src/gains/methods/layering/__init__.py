"""The record of layering: neighbouring objects are sorted into different layers of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gains.methods.base import METHODS, Method
from gains.pixelwise.settings import PixelwiseSettings, unet_label

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class LayeringSettings(PixelwiseSettings):
    """The settings of a per-pixel model, of the layers and of their losses."""

    layers: int = Field(8, ge=2, le=256, description="number of layers of each class")
    layer_threshold: float = Field(
        0.5, gt=0, lt=1, description="activation of a layer above which a pixel belongs to it"
    )
    adjacency_distance: int = Field(
        15,
        ge=0,
        description="objects are adjacent, and repel each other, if disks of half this radius "
        "(rounded down) around their pixels meet, px at the size of the model's input; 15 belongs "
        "to images of 320 to 448 px",
    )
    repelling_weight: float = Field(
        1.0,
        ge=0,
        description="weight of the loss that gives adjacent objects different layers; 1 in paper "
        "and program. A narrow U-Net may put all objects into one layer in its first steps and "
        "stays there, since the loss has no gradient where objects agree; a weight of 4 prevents "
        "this",
    )
    sparse_weight: float = Field(
        0.1, ge=0, description="weight of the loss that wants each pixel in a single layer"
    )
    completion: bool = Field(
        True,
        description="whether the layers also learn the overlaps of the objects (overlap "
        "completion, the second phase of the training); without it objects lack them",
    )
    overlap_weight: float = Field(1.0, ge=0, description="weight of the loss of overlap completion")
    formulas: Literal["program", "paper"] = Field(
        "program",
        description="source of the losses where the two differ. program: means of normalised "
        "activations, all adjacent pairs alike, squared sparsity over all pixels; paper: means of "
        "activations, pairs averaged per object first, sparsity over the pixels of objects",
    )


def build(settings: LayeringSettings, task: Task) -> Detector:
    """Build the detector; see :class:`gains.methods.layering.model.Layering`."""
    from gains.methods.layering.model import Layering

    return Layering(settings, task)


METHODS.register(
    Method(
        name="layering",
        title="Layering",
        citation=(
            "Chen, Wu, Merhof: Instance Segmentation of Dense and Overlapping Objects via "
            "Layering. BMVC 2022"
        ),
        settings=LayeringSettings,
        build=build,
        variants={
            "no-completion": {"completion": False},
            "paper-formulas": {"formulas": "paper"},
        },
        configuration=lambda settings: (
            "Layering" if settings.completion else "Layering without overlap completion"
        ),
        label=unet_label,
        weights=lambda _: None,
        load_weights=lambda _, __: None,
    )
)
