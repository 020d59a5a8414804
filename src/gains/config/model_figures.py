"""The kinds of figures of a study that show what a trained model computes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from gains.config.base import check_names
from gains.config.figure_kinds import Cell, FigureSettings

if TYPE_CHECKING:
    from gains.config.study import StudySettings


class TrainedModelSettings(FigureSettings):
    """The trained model of which a figure shows what it computes."""

    METHOD: ClassVar[str]

    dataset: str = Field(description="data set of the study")
    variant: str = Field(
        "default",
        description="variant of the method; a table of the study must have it on that data set",
    )

    def shown(self, _study: StudySettings) -> tuple[str, ...]:
        """Return the data set."""
        return (self.dataset,)

    def cells(self, _study: StudySettings) -> list[Cell]:
        """Return the cell of the model."""
        return [(self.dataset, self.METHOD, self.variant)]

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse an unknown data set, and a variant that no table trains on it."""
        check_names(f"{name}.dataset", (self.dataset,), list(study.datasets))
        known = [
            row.variant
            for table in study.tables.values()
            if self.dataset in (table.datasets or study.datasets)
            for row in table.rows
            if row.method == self.METHOD and row.has(self.dataset)
        ]
        if self.variant not in known:
            variants = ", ".join(sorted(set(known))) or "none"
            raise ValueError(
                f"{name}: no table has a row {self.METHOD}/{self.variant} on {self.dataset!r}, so "
                f"no such model is trained; add a row, or set `variant`. Trained there: {variants}"
            )

    @abstractmethod
    def check_model(self, name: str, model: Mapping[str, Any]) -> None:
        """Refuse a model that lacks what the figure shows.

        Args:
            name: name of the figure, for messages.
            model: the settings of the model that :meth:`cells` names.

        Raises:
            ValueError: it lacks that.
        """


class ModelSettings(TrainedModelSettings):
    """The trained DoNet and the test image of which a figure shows what the model computes."""

    METHOD: ClassVar[str] = "donet"
    MODULES: ClassVar[tuple[str, ...]] = ("crm", "mrp")
    """Values of the method's setting ``modules`` with which a model has what the figure shows."""

    variant: str = Field(
        "mrp", description="variant of `donet`; a table of the study must have it on that data set"
    )
    image: str | None = Field(
        None,
        description="file name of a test image of the first fold; default: the first with objects "
        "of the target category that overlap",
    )

    def check_model(self, name: str, model: Mapping[str, Any]) -> None:
        """Refuse a DoNet without the modules."""
        if model["modules"] not in self.MODULES:
            raise ValueError(
                f"{name}.variant: {self.METHOD}/{self.variant} has `modules: {model['modules']}`, "
                f"but the figure expects {' or '.join(self.MODULES)}; name another variant"
            )


class AttentionSettings(ModelSettings):
    """The trained DoNet with a second search, and the test image, of which a figure shows both."""

    MODULES: ClassVar[tuple[str, ...]] = ("mrp",)


class LayeredModelSettings(TrainedModelSettings):
    """The trained model of layering of which a figure shows layers."""

    METHOD: ClassVar[str] = "layering"

    variant: str = Field(
        "default",
        description="variant of `layering`; a table of the study must have it on that data set",
    )

    def check_model(self, name: str, model: Mapping[str, Any]) -> None:
        """Accept every model, because each one of layering has layers."""


class AllLayersSettings(LayeredModelSettings):
    """The trained model of layering, and the test image of which a figure shows every layer."""

    image: str | None = Field(
        None,
        description="file name of a test image of the first fold; default: the first with objects "
        "of the target category that overlap, or else touch",
    )


class OneLayerSettings(LayeredModelSettings):
    """The trained model of layering, and the test images of which a figure shows one layer."""

    layer: int | None = Field(
        None,
        ge=1,
        description="number of the layer, counted from 1; default: the one with most objects in "
        "these images",
    )
    number: int = Field(
        4, ge=1, le=8, description="number of test images: the first ones of the first fold"
    )
    images: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        max_length=8,
        description="file names of test images of the first fold, to be shown instead",
    )

    def check_model(self, name: str, model: Mapping[str, Any]) -> None:
        """Refuse a number that no layer has."""
        if self.layer is not None and self.layer > model["layers"]:
            raise ValueError(
                f"{name}.layer: there is no layer {self.layer}; {self.METHOD}/{self.variant} has "
                f"the layers 1 to {model['layers']}"
            )
