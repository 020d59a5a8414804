"""What a prediction file says of the program that made it, if that is another one."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, cast

from gains.prediction.sidecar import sidecar_path
from gains.support.files import read_json

KEY = "external"
"""Key of the record in the list of predicted images, and in score files."""


class Origin(TypedDict):
    """A record of predictions that another program made.

    Attributes:
        format: name of the format that they were read from.
        scored: whether each detection has a score of its own.
        absent: classes of the data set of which the files hold no detection.
    """

    format: str
    scored: bool
    absent: list[str]


def origin_of(predictions: str | Path) -> Origin | None:
    """Return the record of predictions that another program made, or None for those of a model.

    Args:
        predictions: a prediction file.
    """
    path = sidecar_path(predictions)
    return origin_in(read_json(path).get("info")) if path.is_file() else None


def origin_in(content: object) -> Origin | None:
    """Return the record in a score file, or in ``info`` of a list of predicted images."""
    origin = content.get(KEY) if isinstance(content, dict) else None
    return cast(Origin, origin) if isinstance(origin, dict) else None
