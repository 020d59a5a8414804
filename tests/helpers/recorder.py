"""A method of two weights that records what training and prediction give it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gains.config.base import Settings
from gains.config.recipe import RecipeSettings
from gains.methods import METHODS
from gains.methods.base import Method
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detections, Detector, Target, Task


class RecorderSettings(Settings):
    """No settings."""


class Recorder(Detector):
    """A model whose losses depend on nothing but its two weights, ``body`` and ``head``."""

    encoder = "body."

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(1, 1, bias=False)
        self.head = nn.Linear(1, 1, bias=False)
        self.first = (self.body.weight.item(), self.head.weight.item())
        self.images: list[list[Tensor]] = []
        self.targets: list[list[Target]] = []
        self.modes: list[bool] = []
        self.draws: list[float] = []
        self.found = Detections(
            torch.zeros(0, 4), torch.zeros(0), torch.zeros(0).long(), torch.zeros(0, 28, 28)
        )

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return losses whose gradients are 3 and 4."""
        self.images.append(images)
        self.targets.append(targets)
        self.modes.append(self.training)
        self.draws.append(torch.rand((), generator=generator).item())
        return {"a": 3 * self.body.weight.sum(), "b": 4 * self.head.weight.sum()}

    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return ``found`` for every image."""
        self.images.append(images)
        self.modes.append(self.training)
        return [self.found] * len(images)


@contextlib.contextmanager
def recorders() -> Iterator[list[Recorder]]:
    """Register the method ``recorder``; yield the list of the models that it builds."""
    built: list[Recorder] = []

    def build(_settings: Any, _task: Task) -> Detector:
        built.append(Recorder())
        return built[-1]

    record = Method(
        name="recorder",
        title="Recorder",
        citation="Nobody 2026",
        settings=RecorderSettings,
        build=build,
        label=lambda _: "",
        weights=lambda _: None,
        load_weights=lambda _model, _settings: None,
    )
    with METHODS.with_record(record):
        yield built


def recorder_settings(**recipe: Any) -> RunSettings:
    """Return the settings of a run of ``recorder``."""
    return RunSettings(
        "recorder",
        RecorderSettings(),
        RecipeSettings.model_validate({"device": "cpu", **recipe}),
        None,
        max_detections=10,
    )
