"""The random transforms of training samples; ``gains.training.transforms`` applies them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gains.config.base import Settings
from gains.support.registry import nearest


def _in_order(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError(f"the smaller value of a range comes first, found {list(limits)}")
    return limits


Angle = Annotated[float, Field(ge=-360, le=360)]
Zoom = Annotated[float, Field(ge=0.1, le=10)]
Share = Annotated[float, Field(gt=0, le=1)]
Exponent = Annotated[float, Field(ge=0.1, le=10)]
Length = Annotated[float, Field(ge=4, le=2000)]
Factor = Annotated[float, Field(ge=0, le=10)]
ORDER = AfterValidator(_in_order)


class TransformSettings(Settings):
    """What all transforms have in common."""

    name: str = Field(description="selects the transform")
    p: float = Field(0.5, ge=0, le=1, description="probability that a sample is transformed")

    @property
    def words(self) -> str:
        """The transform with its settings, e.g. ``rotation (p 0.5, degrees -180 to 180)``."""
        keys = {key: value for key, value in self.model_dump().items() if key != "name"}
        inside = (
            key if value is True else f"{key} {text_of(value)}" for key, value in keys.items()
        )
        return f"{self.name} ({', '.join(inside)})"


def text_of(value: float | str | tuple[float, float]) -> str:
    """Return a number, a word, or the two ends of a range, in words."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return " to ".join(f"{end:g}" for end in value)
    return f"{value:g}"


class MovingSettings(TransformSettings):
    """What the transforms have in common to whose images pixels from outside may come."""

    fill: Literal["border", "black"] = Field(
        "border",
        exclude_if=lambda fill: fill == "border",
        description="what comes from outside the image: the median colour of its border, or black",
    )


class RotationSettings(MovingSettings):
    """Rotation about the centre of the image, whose size stays."""

    name: Literal["rotation"] = Field("rotation", description="selects the transform")
    degrees: Annotated[tuple[Angle, Angle], ORDER] = Field(
        (-180.0, 180.0), description="range of the angle, counter-clockwise, from -360 to 360"
    )
    whole: bool = Field(
        False,
        exclude_if=lambda whole: not whole,
        description="whether the angle is a whole number of degrees, with both ends of the range",
    )

    @model_validator(mode="after")
    def _whole_angles_exist(self) -> RotationSettings:
        if self.whole and math.ceil(self.degrees[0]) > math.floor(self.degrees[1]):
            raise ValueError(
                f"no whole number of degrees lies in the range {list(self.degrees)}; widen "
                "degrees, or leave whole out"
            )
        return self


class ScaleSettings(MovingSettings):
    """Enlargement or reduction about the centre of the image, whose size stays."""

    name: Literal["scale"] = Field("scale", description="selects the transform")
    zoom: Annotated[tuple[Zoom, Zoom], ORDER] = Field(
        (0.8, 1.25), description="range of the factor of all lengths, from 0.1 to 10"
    )


class ElasticSettings(MovingSettings):
    """Elastic deformation: each pixel moves by a smooth random field of displacements."""

    name: Literal["elastic"] = Field("elastic", description="selects the transform")
    alpha: float = Field(
        200.0,
        gt=0,
        le=100_000,
        description="strength, as in torchvision; the displacement along each axis has a standard "
        "deviation of about 0.08 alpha / sigma px",
    )
    sigma: float = Field(
        10.0,
        ge=1,
        le=200,
        description="smoothness: standard deviation in px of the filter that smooths the field",
    )


class FlowSettings(MovingSettings):
    """Elastic deformation by a smooth random flow whose fineness is drawn for each sample.

    The defaults are those of the program of "Instance Segmentation of Dense and Overlapping Objects
    via Layering"; the paper gives no numbers.
    """

    name: Literal["flow"] = Field("flow", description="selects the transform")
    p: float = Field(0.8, ge=0, le=1, description="probability that a sample is transformed")
    scale: Annotated[tuple[Length, Length], ORDER] = Field(
        (16.0, 256.0),
        description="range of the scale in px, from 4 to 2000: at such a distance two "
        "displacements hardly depend on each other; at most the short side of the image",
    )
    strength: float = Field(
        0.25,
        gt=0,
        le=1,
        description="mean length of the displacements, as a share of the drawn scale",
    )


class CropSettings(TransformSettings):
    """A random part of the image; the sample becomes smaller."""

    name: Literal["crop"] = Field("crop", description="selects the transform")
    share: Annotated[tuple[Share, Share], ORDER] = Field(
        (0.5, 1.0),
        description="range of the part's share of each side, above 0 and up to 1; height and "
        "width are drawn separately, and are at least 32 px",
    )


class GammaSettings(TransformSettings):
    """Gamma correction: each value, as a share of white, is raised to a power."""

    name: Literal["gamma"] = Field("gamma", description="selects the transform")
    gamma: Annotated[tuple[Exponent, Exponent], ORDER] = Field(
        (0.7, 1.4),
        description="range of the exponent, from 0.1 to 10; above 1 the image becomes darker",
    )
    inverted: float = Field(
        0.0,
        ge=0,
        le=1,
        exclude_if=lambda inverted: not inverted,
        description="probability that 1 divided by the drawn exponent is the exponent",
    )
    white: Literal["255", "brightest"] = Field(
        "255",
        exclude_if=lambda white: white == "255",
        description="value that stays: 255; or 1 more than the brightest value of the image, and "
        "results are then cut off to whole numbers",
    )


class BrightnessSettings(TransformSettings):
    """Multiplication of all values by a factor."""

    name: Literal["brightness"] = Field("brightness", description="selects the transform")
    factor: Annotated[tuple[Factor, Factor], ORDER] = Field(
        (0.8, 1.2), description="range of the factor, from 0 (black) to 10"
    )


class ContrastSettings(TransformSettings):
    """Multiplication of the differences from the image's mean grey value by a factor."""

    name: Literal["contrast"] = Field("contrast", description="selects the transform")
    factor: Annotated[tuple[Factor, Factor], ORDER] = Field(
        (0.8, 1.2), description="range of the factor, from 0 (uniform) to 10"
    )


AnyTransform = Union[  # noqa: UP007 - get_args needs the members
    RotationSettings,
    ScaleSettings,
    ElasticSettings,
    FlowSettings,
    CropSettings,
    GammaSettings,
    BrightnessSettings,
    ContrastSettings,
]
TRANSFORMS: dict[str, type[TransformSettings]] = {
    kind.model_fields["name"].default: kind for kind in get_args(AnyTransform)
}
"""The settings of each transform, by its name."""


def _named(content: Any) -> Any:
    """Refuse a block without a known name; pydantic's message would not give the nearest one."""
    if isinstance(content, TransformSettings):
        return content
    if not isinstance(content, dict) or "name" not in content:
        raise ValueError(
            f"expected a mapping with the name of a transform under 'name', found "
            f"{str(content)[:80]}; known: {', '.join(TRANSFORMS)}"
        )
    name = content["name"]
    if name not in list(TRANSFORMS):
        raise ValueError(
            f"unknown transform {name!r}; {nearest(str(name), list(TRANSFORMS))}"
            f"known: {', '.join(TRANSFORMS)}"
        )
    return content


Augmentation = Annotated[
    Annotated[AnyTransform, Field(discriminator="name")], BeforeValidator(_named)
]
