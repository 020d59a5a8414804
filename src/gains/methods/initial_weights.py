"""Initial weights of a new model. Only the training imports this module, and not the prediction."""

from __future__ import annotations

from typing import cast

from gains.methods.base import WithBackbone
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detector
from gains.models.pretrained import load_pretrained


def load_weights(model: Detector, settings: RunSettings) -> None:
    """Give a new model its initial weights, as the record of its method says.

    Raises:
        FileNotFoundError: the weights are missing.
        ValueError: the weights do not fit the model, or their file is not the expected one.
    """
    load = settings.record.load_weights
    if load is not None:
        load(model, settings.model)
    else:
        backbone = cast(WithBackbone, settings.model).backbone
        load_pretrained(model, backbone.weights, backbone.name)
