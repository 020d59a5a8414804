"""Files of trained models and running checkpoints: written atomically, checked on reading."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import torch
from pydantic import ConfigDict, Field
from torch import Tensor

from gains.config.base import Settings, validated
from gains.models.scale import TrainingScale
from gains.support.archives import check_zip
from gains.support.file_errors import full_disk_named
from gains.support.files import atomic_path, require_file

MODEL_FORMAT = 1
BROKEN = (
    *(RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, TypeError),
    *(LookupError, AttributeError, struct.error),
)
"""The errors that torch raises on a file that is not a complete checkpoint."""
ZIP = b"PK\x03\x04"
"""The first bytes of every file that :func:`save` wrote; torch also reads an older format."""


def save(path: str | Path, content: dict[str, Any]) -> None:
    """Save tensors and plain values atomically; equal content gives equal bytes.

    Raises:
        OSError: the disk is full.
    """
    with full_disk_named(path):
        try:
            # torch writes the name of the file into the archive, so pass an open file instead
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                torch.save(content, file)
        except RuntimeError as error:
            # torch's own message names a position in the file, but not that the disk is full
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load(path: str | Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Load a file that :func:`save` wrote; only tensors and plain values are accepted.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the path is a folder, or the file is truncated, damaged or of another kind.
    """
    path = require_file(path)
    try:
        with path.open("rb") as file:
            # torch writes checksums into the file, but does not compare them when it loads the file
            if file.read(len(ZIP)) == ZIP:
                check_zip(file)
            file.seek(0)
            content = torch.load(file, map_location=device, weights_only=True)
    except BROKEN as error:
        # torch's own message advises the user to load the file unsafely
        raise ValueError(
            f"{path}: not a complete checkpoint: it is cut off, damaged, or holds more than "
            "tensors and plain values; name a file that `gains train` wrote, or train again"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a checkpoint, found a {type(content).__name__}")
    return cast(dict[str, Any], content)


def load_model(path: str | Path) -> dict[str, Any]:
    """Load the file of a trained model; see :func:`gains.training.train.train`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is not a model of this package.
    """
    content = load(path)
    if content.get("format") != MODEL_FORMAT or "state" not in content:
        raise ValueError(
            f"{path}: expected a model of format {MODEL_FORMAT} written by `gains train`, found "
            f"keys {sorted(map(str, content))[:8]}"
        )
    try:
        validated(_Model, content, str(path))
    except ValueError as error:
        raise ValueError(
            f"{error}; the file is damaged or was changed: train the model again"
        ) from error
    return content


class _Model(Settings):
    """The parts of a model file; :mod:`gains.prediction.model_file` checks what is in them.

    Attributes:
        format: version of the layout.
        gains: version of the package that wrote the file.
        settings: settings of the training.
        categories: category names by id.
        seed: seed of the training.
        scale: scale of the training; files of earlier versions lack it.
        state: weights and buffers by name.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    format: int
    gains: str | None = None
    settings: dict[str, Any]
    categories: dict[Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,17})$")], str] = Field(
        min_length=1
    )
    seed: Annotated[int, Field(ge=0, strict=True)] | None = None
    scale: TrainingScale | None = None
    state: dict[str, Tensor]


def check_finite(state: Mapping[str, Tensor], where: str, advice: str) -> None:
    """Check that weights are finite numbers.

    Args:
        state: the weights by name.
        where: what they are, e.g. the file.
        advice: what to do if they are not finite.

    Raises:
        ValueError: a weight is infinite or not a number; the message names the first such tensor.
    """
    broken = [name for name, value in state.items() if not _is_finite(value)]
    if broken:
        raise ValueError(
            f"{where}: {len(broken)} of {len(state)} are not finite, first {broken[0]!r}; {advice}"
        )


def _is_finite(value: Tensor) -> bool:
    if not value.is_floating_point() or not value.numel():
        return True
    # both are NaN if one value is; unlike isfinite, this needs no memory for each value
    return all(bool(end.isfinite()) for end in value.detach().aminmax())
