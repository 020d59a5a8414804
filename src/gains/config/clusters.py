"""The synthetic clusters that extend the training images; ``gains.clusters`` makes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gains.config.augmentation import ORDER, text_of
from gains.config.base import Settings

Count = Annotated[int, Field(ge=1, le=100)]
Part = Annotated[float, Field(ge=0, le=1)]


class ClusterSettings(Settings):
    """Scenes of overlapping cells, put together from the annotated cells of training images."""

    scenes: int = Field(
        ge=1, le=100_000, description="number of scenes that are added to the training images"
    )
    objects: Annotated[tuple[Count, Count], ORDER] = Field(
        (2, 4), description="range of the number of cells that are placed in a scene, from 1 to 100"
    )
    overlap: Annotated[tuple[Part, Part], ORDER] = Field(
        (0.1, 0.4),
        description="range of the share of a placed cell's area that lies on the cells that are "
        "in the scene before it, from 0 to 1",
    )
    opacity: Annotated[tuple[Part, Part], ORDER] = Field(
        (0.2, 0.8),
        description="range of the opacity of a placed cell, from 0 (what lies below shows through "
        "it) to 1 (it hides what lies below)",
    )

    @property
    def words(self) -> str:
        """The block in words, e.g. ``clusters (scenes 60, objects 2 to 4, ...)``."""
        inside = ", ".join(f"{key} {text_of(value)}" for key, value in self)
        return f"clusters ({inside})"
