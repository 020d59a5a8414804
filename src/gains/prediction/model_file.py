"""A model from the file of a training, whose content is checked before any of it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import register_module_parameter_registration_hook

from gains.methods.run_settings import RunSettings, build_method
from gains.models.checkpoint import check_finite
from gains.models.contract import Detector

SPARE = 2**24
"""Number of values that a model may hold beyond its file while it is built, for example those of
the classifier of a ResNet, which is removed again."""


def settings_in(content: Mapping[str, Any], path: str | Path) -> RunSettings:
    """Return the settings of a model file.

    Args:
        content: content of the file, as ``checkpoint.load_model`` returns it.
        path: the file, for error messages.

    Raises:
        ValueError: a key is unknown or missing, or a value is out of range.
    """
    try:
        return RunSettings.from_json(content["settings"], f"{path}: settings", strict=True)
    except ValueError as error:
        raise ValueError(
            f"{path}: the settings do not fit the present version ({error}); train the model again"
        ) from error


def model_in(
    content: Mapping[str, Any], settings: RunSettings, categories: list[int], path: str | Path
) -> Detector:
    """Return the model of a model file, with its weights, on the CPU.

    Args:
        content: content of the file, as ``checkpoint.load_model`` returns it.
        settings: its settings.
        categories: its categories, ascending.
        path: the file, for error messages.

    Raises:
        ValueError: the weights do not fit the settings, or are not finite; the message names the
            first of them.
    """
    state: dict[str, Tensor] = content["state"]
    with _no_larger_than(state, path):
        model = build_method(settings, categories)
    problem = _difference(model.state_dict(), state)
    if problem:
        raise ValueError(
            f"{path}: the weights do not fit the present version of the method ({problem}); train "
            "the model again"
        )
    check_finite(state, f"{path}: weights", "train the model again")
    model.load_state_dict(state)
    return model


@contextmanager
def _no_larger_than(state: Mapping[str, Tensor], path: str | Path) -> Iterator[None]:
    """Stop the construction of a model that holds far more values than its file.

    torch allocates memory for a parameter, and calls the hook before it writes to that memory.
    """
    left = 2 * sum(value.numel() for value in state.values()) + SPARE

    def count(_module: Any, _name: str, parameter: Tensor | None) -> None:
        nonlocal left
        left -= 0 if parameter is None else parameter.numel()
        if left < 0:
            raise MemoryError("more values than the file has")

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    except (MemoryError, RuntimeError, OverflowError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: its settings describe a model that is larger than the weights in it, or that "
            f"cannot be built ({reason}); the file is damaged: train the model again"
        ) from error
    finally:
        hook.remove()


def _difference(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """Return how weights differ from those of the model in names, kinds and shapes, or ''."""
    both = [name for name in own if name in state]
    found = {
        "missing": [name for name in own if name not in state],
        "unknown": [name for name in state if name not in own],
        "of another shape": [
            f"{name} {list(state[name].shape)} instead of {list(own[name].shape)}"
            for name in both
            if state[name].shape != own[name].shape
        ],
        "of another kind": [
            f"{name} {state[name].dtype}"
            for name in both
            if state[name].is_floating_point() != own[name].is_floating_point()
            or state[name].layout != torch.strided
            or state[name].is_meta
        ],
    }
    return "; ".join(
        f"{len(names)} {kind}, first {', '.join(names[:3])}"
        for kind, names in found.items()
        if names
    )
