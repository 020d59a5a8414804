"""The figures of a study.

A figure is a field of :class:`FigureBlocks`, and a module of its name in :mod:`gains.figures`.
"""

from __future__ import annotations

from pydantic import Field

from gains.config.base import Settings
from gains.config.figure_kinds import (
    ComparisonSettings,
    DifferencesSettings,
    FigureSettings,
    LayersSettings,
    PredictionsSettings,
    RegionsSettings,
    StepsSettings,
)
from gains.config.model_figures import (
    AllLayersSettings,
    AttentionSettings,
    ModelSettings,
    OneLayerSettings,
)


class FigureBlocks(Settings):
    """The figures that a study can make; a block of its name in the study asks for a figure."""

    figure1: RegionsSettings | None = Field(
        None,
        description="settings of figure 1 of GAInS, `{}` for the defaults: image, region, ground "
        "truth, gradient field and anomaly maps; default: no such figure",
    )
    figure3: StepsSettings | None = Field(
        None, description="settings of figure 3; default: no such figure"
    )
    figure4: ComparisonSettings | None = Field(
        None,
        description="settings of figure 4 of GAInS, `{}` for the defaults: methods side by side, "
        "with boxes where objects meet; default: no such figure",
    )
    donet_figure1: LayersSettings | None = Field(
        None,
        description="settings of figure 1 of DoNet: the intersection, complement and instance "
        "layers of an image; default: no such figure",
    )
    donet_figure3: AttentionSettings | None = Field(
        None,
        description="settings of figure 3 of DoNet: the attention of its second search; default: "
        "no such figure",
    )
    donet_figure4: ComparisonSettings | None = Field(
        None,
        description="settings of figure 4 of DoNet, as those of `figure4`; default: no such figure",
    )
    donet_figure5: ComparisonSettings | None = Field(
        None,
        description="settings of figure 5 of DoNet, as those of `figure4`; default: no such figure",
    )
    donet_figure6: ModelSettings | None = Field(
        None,
        description="settings of figure 6 of DoNet: heat maps of intersection, complement and "
        "instance; default: no such figure",
    )
    layering_figure3: AllLayersSettings | None = Field(
        None,
        description="settings of figure 3 of layering: the activation of every layer on an image; "
        "default: no such figure",
    )
    layering_figure4: ComparisonSettings | None = Field(
        None,
        description="settings of figure 4 of layering, `{}` for the defaults: methods side by "
        "side, with a sign for each error; default: no such figure",
    )
    layering_figure5: OneLayerSettings | None = Field(
        None,
        description="settings of figure 5 of layering: one layer on several images; default: no "
        "such figure",
    )
    predictions: PredictionsSettings | None = Field(
        None,
        description="settings of the figure of test images with predictions, `{}` for the "
        "defaults; default: no such figure",
    )
    differences: DifferencesSettings | None = Field(
        None,
        description="settings of the figure of the test images on which two rows of a table differ "
        "most; default: no such figure",
    )

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that the study makes."""
        return tuple(name for name in FIGURES if getattr(self, name) is not None)

    def figure(self, name: str) -> FigureSettings:
        """Return the block of a figure that the study makes."""
        block: FigureSettings = getattr(self, name)
        return block


FIGURES = tuple(FigureBlocks.model_fields)
"""Figures that a study can make."""
