"""The changes that a study makes to methods, and the variants that it adds."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gains.config.base import Changes, Settings


class VariantSettings(Settings):
    """Changes that a variant makes to the method's own settings, the recipe and the maps."""

    method: Changes = Field(
        default_factory=dict, description="changes of the method's own settings"
    )
    recipe: Changes = Field(default_factory=dict, description="changes of the recipe")
    maps: Changes = Field(
        default_factory=dict, description="changes of the settings of the anomaly maps"
    )
    images_factor: float = Field(
        1.0,
        gt=0,
        description="number of images seen in training, as a multiple of that of the method; the "
        "schedule is scaled as by images_factor of the method",
    )


class MethodSettings(Settings):
    """Changes that a study makes to one method, for all its variants."""

    RENAMED: ClassVar[dict[str, str]] = {
        "images": "images_factor",
        "images_on": "images_factor_on",
    }

    method: Changes = Field(
        default_factory=dict, description="changes of the method's own settings"
    )
    recipe: Changes = Field(default_factory=dict, description="changes of the recipe")
    images_factor: float = Field(
        1.0,
        gt=0,
        description="number of images seen in training, as a multiple of that of the common "
        "recipe; iterations, milestones, decay_every and warm-up are scaled to it, also for "
        "another batch_size",
    )
    images_factor_on: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="values of images_factor for single data sets, by name"
    )
