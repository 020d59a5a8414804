"""Model files and running checkpoints: atomic, checked on reading."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, cast

import torch

from gains.files import atomic_path

MODEL_FORMAT = 1


def save(path: str | Path, content: dict[str, Any]) -> None:
    """Save tensors and plain values atomically; equal content gives equal bytes."""
    buffer = io.BytesIO()  # a file's name would become part of the archive
    torch.save(content, buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


def load(path: str | Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Load what :func:`save` wrote; nothing but tensors and plain values is accepted.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is truncated or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{path}: not a complete checkpoint ({first_line}); delete it and make it again"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a checkpoint, found a {type(content).__name__}")
    return cast(dict[str, Any], content)


def load_model(path: str | Path) -> dict[str, Any]:
    """Load a trained model's file, see :func:`gains.training.train.train`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or not a model of this package.
    """
    content = load(path)
    if content.get("format") != MODEL_FORMAT or "state" not in content:
        raise ValueError(
            f"{path}: expected a model of format {MODEL_FORMAT} written by `gains train`, found "
            f"keys {sorted(map(str, content))[:8]}"
        )
    return content
