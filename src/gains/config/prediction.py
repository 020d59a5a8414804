"""The settings of prediction, in a test and in the validation during a training."""

from __future__ import annotations

from pydantic import Field

from gains.config.base import Settings


class PredictionSettings(Settings):
    """Which of a model's detections are kept. These settings change no weight of the model."""

    score_threshold: float | None = Field(
        None, ge=0, lt=1, description="score above which a detection is kept"
    )
    nms: float | None = Field(
        None,
        gt=0,
        le=1,
        description="overlap above which the less sure of two detections is left out "
        "(non-maximum suppression); none for a method without suppression",
    )
    max_detections: int = Field(100, ge=1, description="maximum number of detections per image")


class ValidationSettings(PredictionSettings):
    """How a training predicts and scores the validation part.

    A study resolves these settings for every run that validates; a recipe holds what is chosen.
    """

    metric: str = Field(description="name of the metric")
    clean_score_threshold: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="lowest score of the detections that count in the metric; none for an AP",
    )


SHOWN_SCORE = 0.5
"""Lowest score of an object that is exported or drawn, unless a command or a study says another."""

THRESHOLDS = ("score_threshold", "nms")
"""The settings of prediction that stand among a method's own settings."""
