"""The content of JSON files whose format is still to be recognised."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from gains.support.files import read_json, require_file


def json_in(path: Path) -> Any:
    """Return the content of a JSON file; the last one is remembered, because several formats ask.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not JSON.
    """
    state = require_file(path).stat()
    return _content(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _content(path: Path, _date: int, _size: int) -> Any:
    return read_json(path)


def keys_of(content: Any) -> str:
    """Return what JSON holds at its top, for messages."""
    if isinstance(content, dict):
        return f"a record with the keys {', '.join(map(str, list(content)[:6])) or 'none'}"
    return f"a list of {len(content)}" if isinstance(content, list) else f"{content!r:.40}"
