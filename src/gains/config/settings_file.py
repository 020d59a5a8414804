"""Settings as files, for steps whose settings are too long for a command line.

Linux limits one argument of a command to 128 KiB, and Snakemake runs a rule's whole command as
one argument of ``bash -c``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gains.config.base import Settings, validated
from gains.support.files import read_json, write_text

S = TypeVar("S", bound=Settings)


def write_settings(folder: str | Path, name: str, settings: Settings | Mapping[str, Any]) -> Path:
    """Write settings to ``<folder>/<name>.<hash of the content>.json`` and return that path.

    Changed content is written to another file. A rule that reads the file then has another input,
    and a running job keeps its file. If the file exists already, it is not written again.
    """
    if isinstance(settings, Settings):
        text = settings.model_dump_json(indent=1) + "\n"
    else:
        text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = Path(folder) / f"{name}.{digest}.json"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return path


def sweep_settings(folder: str | Path, kept: Iterable[str | Path]) -> None:
    """Remove the files of settings in a folder and its subfolders that are not to be kept."""
    names = {Path(path) for path in kept}
    for path in Path(folder).rglob("*.json"):
        if path not in names:
            path.unlink(missing_ok=True)


def read_settings(model: type[S], path: str | Path) -> S:
    """Read settings from a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not JSON, a key is unknown, or a value is out of range; the message
            names the file and each key.
    """
    return validated(model, read_json(path), str(path))
