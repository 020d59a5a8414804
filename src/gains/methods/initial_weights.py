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


def load_weights(
    model: Detector, settings: RunSettings, categories: Sequence[int], first: Path | None = None
) -> None:
    """Give a new model its initial weights: of ``start_from``, or as its method's record says.

    Args:
        model: the new model.
        settings: settings of the run.
        categories: category ids of the data set, ascending.
        first: model file of the run from which the training starts, if it starts from a run.

    Raises:
        FileNotFoundError: the weights are missing.
        ValueError: the weights do not fit the model, their file is not the expected one, or
            ``first`` was trained with other settings than those of its run.
    """
    load = settings.record.load_weights
    if file := _start_file(settings, first):
        start = Start.read(file)
        _require_trained_as(start, settings)
        start.check_backbone(settings.model.model_dump(mode="json"))
        larger = _larger(settings, categories)
        start.check(model, larger, len(categories))
        start.load_into(model, larger, len(categories))
    elif load is not None:
        load(model, settings.model)
    else:
        backbone = cast(WithBackbone, settings.model).backbone
        load_pretrained(model, backbone.weights, backbone.name)


def start_record(
    model: Detector,
    settings: RunSettings,
    categories: Mapping[int, str],
    first: Path | None = None,
) -> dict[str, object]:
    """Return what ``run.json`` says about ``start_from``; empty without it.

    Args:
        model: the model that is trained.
        settings: settings of the run.
        categories: category names of the data set by id.
        first: model file of the run from which the training starts, if it starts from a run.
    """
    file = _start_file(settings, first)
    if file is None:
        return {}
    larger = _larger(settings, sorted(categories))
    return {"start_from": Start.read(file).record(model, larger, categories)}


def _larger(settings: RunSettings, categories: Sequence[int]) -> Detector:
    """Return the model for one more category, without a change of the random numbers to come."""
    with torch.random.fork_rng(devices=[]):
        return build_method(settings, [*categories, max(categories) + 1])


def _start_file(settings: RunSettings, first: Path | None) -> Path | None:
    """Return the file of the whole model from which a training starts, or None.

    Raises:
        ValueError: the settings name a run and no model is given, or the other way round.
    """
    if settings.start is None and first is None:
        return settings.start_file
    if settings.start is None:
        raise ValueError(
            f"{first}: the settings name no run from whose model the training starts; leave the "
            "model out, or name its run as start_from in the recipe of a study"
        )
    if first is None:
        raise ValueError(
            f"the training starts from the model of a run of {settings.start.method}, which is not "
            "given; give its file with --start"
        )
    return first


def _require_trained_as(start: Start, settings: RunSettings) -> None:
    """Refuse the model of a run that was trained with other settings than the study states."""
    if settings.start is None:
        return
    own = settings.start.recorded_json()
    if start.settings is None:
        raise ValueError(f"{start.path}: is not the model file of a training; give one")
    was = RunSettings.from_json(start.settings, f"{start.path}: settings").recorded_json()
    if start.model is not None and start.model["name"] != settings.start.method:
        raise ValueError(
            f"{start.path}: this is a model of {start.model['name']}, but the training starts from "
            f"a run of {settings.start.method}; give the model of that run"
        )
    other = [key for key in own | was if own.get(key) != was.get(key)]
    if other:
        raise ValueError(
            f"{start.path}: this model was trained with other settings ({', '.join(other)}) than "
            "those of the run from which the training starts; train that run again"
        )
