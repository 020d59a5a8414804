"""A stand-in for the validation of a training: given values, without any prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gains.config.prediction import ValidationSettings
from gains.models.contract import Detector
from helpers.recorder import Recorder


class Given:
    """A validation of a :class:`Recorder` at a constant rate, whose values are given.

    Args:
        values: the value after each iteration.
        rate: learning rate of the training.
    """

    how = ValidationSettings(metric="mAP", score_threshold=0.05)
    images = 3

    def __init__(self, values: Sequence[float], rate: float) -> None:
        self.values, self.rate = values, rate
        self.calls: list[int] = []

    def __call__(self, model: Detector) -> float:
        assert isinstance(model, Recorder)
        assert not model.training
        self.calls.append(iterations_of(model, self.rate))
        return self.values[self.calls[-1] - 1]


def iterations_of(model: Recorder, rate: float, state: dict[str, Any] | None = None) -> int:
    """Return after how many iterations a recorder has these weights; each adds 4 x rate."""
    head = (state or model.state_dict())["head.weight"].item()
    return round((model.first[1] - head) / (4 * rate))
