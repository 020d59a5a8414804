"""A memory of the SHA-256 of files, so that an unchanged file is read only once."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from gains.support.files import sha256, write_json

logger = logging.getLogger(__name__)

MEMORY = Path(".snakemake/provenance/hashes.json")


class HashMemory:
    """The SHA-256 of files, known by path, date (ns), size and inode.

    Args:
        path: JSON file that keeps the memory between calls.
    """

    def __init__(self, path: Path = MEMORY) -> None:
        self._path = path
        self._kept = _read(path)
        self._new: dict[str, list[Any]] = {}

    def sha256(self, file: str | Path) -> str:
        """Return the SHA-256 of an existing file, which is read only if it has changed."""
        state = Path(file).stat()
        stamp = [state.st_mtime_ns, state.st_size, state.st_ino]
        entry = self._new.get(str(file)) or self._kept.get(str(file))
        if not isinstance(entry, list) or entry[:-1] != stamp:
            entry = self._new[str(file)] = [*stamp, sha256(file)]
        return str(entry[-1])

    def save(self) -> None:
        """Write what is new, beside what another process or part has written meanwhile."""
        if self._new:
            write_json(self._path, _read(self._path) | self._new, indent=None)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        logger.warning("%s: is damaged; the files are hashed again", path)
        return {}
    return content
