"""Initial weights of a new model. Only the training imports this module, and not the prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from gains.methods.base import WithBackbone
from gains.methods.run_settings import RunSettings, build_method
from gains.models.contract import Detector
from gains.models.pretrained import load_pretrained
from gains.models.start import Start


def load_weights(model: Detector, settings: RunSettings, categories: Sequence[int]) -> None:
    """Give a new model its initial weights: of ``start_from``, or as its method's record says.

    Args:
        model: the new model.
        settings: settings of the run.
        categories: category ids of the data set, ascending.

    Raises:
        FileNotFoundError: the weights are missing.
        ValueError: the weights do not fit the model, or their file is not the expected one.
    """
    load = settings.record.load_weights
    if settings.recipe.start_from is not None:
        start = Start.read(Path(settings.recipe.start_from))
        start.check_backbone(settings.model.model_dump(mode="json"))
        with torch.random.fork_rng(devices=[]):
            larger = build_method(settings, [*categories, max(categories) + 1])
        start.check(model, larger)
        start.load_into(model)
    elif load is not None:
        load(model, settings.model)
    else:
        backbone = cast(WithBackbone, settings.model).backbone
        load_pretrained(model, backbone.weights, backbone.name)


def start_record(
    model: Detector, settings: RunSettings, categories: Mapping[int, str]
) -> dict[str, object]:
    """Return what ``run.json`` says about ``start_from``; empty without it.

    Args:
        model: the model that is trained.
        settings: settings of the run.
        categories: category names of the data set by id.
    """
    if settings.recipe.start_from is None:
        return {}
    start = Start.read(Path(settings.recipe.start_from))
    return {"start_from": start.record(model, categories)}
