"""What is asked of a measuring process."""

from __future__ import annotations

from pydantic import Field

from gains.config.base import Changes, Settings


class Request(Settings):
    """What a measuring process trains and predicts, and for how long."""

    settings: Changes = Field(description="settings of the run")
    coco: str = Field(description="COCO JSON file, with the images beside it")
    split: str = Field(description="split file with a few images in train and test")
    maps: str | None = Field(description="anomaly maps of the images in train")
    model: str | None = Field(description="trained model; none: train first")
    images: int = Field(ge=1, description="number of training images of the whole run")
    iterations: int = Field(ge=1, description="number of timed iterations")
    seconds: float = Field(gt=0, description="time after which no further iteration is timed, in s")
    began: float = Field(description="time at which the process was started, in s since 1970")
