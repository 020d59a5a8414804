"""Initial weights of a new model. Only the training imports this module, and not the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch

from gains.methods.base import WithBackbone
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detector, Task
from gains.models.pretrained import load_pretrained
from gains.models.start import Start


def load_weights(model: Detector, settings: RunSettings) -> None:
    """Give a new model its initial weights: of ``start_from``, or as its method's record says.

    Raises:
        FileNotFoundError: the weights are missing.
        ValueError: the weights do not fit the model, or their file is not the expected one.
    """
    load = settings.record.load_weights
    if settings.recipe.start_from is not None:
        start = Start.read(Path(settings.recipe.start_from))
        start.check_backbone(settings.model.model_dump(mode="json"))
        start.check(model, _alike(model, settings, start.num_classes))
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


def _alike(model: Detector, settings: RunSettings, num_classes: int | None) -> Detector:
    """Return a model of the same settings for another number of categories."""
    if num_classes is None:
        return model
    cell = None if settings.cell_category is None else 0
    with torch.random.fork_rng(devices=[]):
        return settings.record.build(
            settings.model, Task(num_classes, settings.max_detections, cell)
        )
