"""A memory of the SHA-256 of files, so that an unchanged file is read only once."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from gains.support.files import read_json, sha256, write_json

logger = logging.getLogger(__name__)

MEMORY = Path(".snakemake/provenance/hashes.json")


class HashMemory:
    """The SHA-256 of files, known by path, dates of content and state (ns), size and inode.

    Args:
        path: JSON file that keeps the memory between calls.
        settled: age in s from which a file is remembered. A younger file could change again
            without another date, on a file system with coarse dates.
    """

    def __init__(self, path: Path = MEMORY, settled: float = 0.0) -> None:
        self._path, self._settled = path, settled
        self._kept = read_memory(path)
        self._new: dict[str, list[Any]] = {}

    def sha256(self, file: str | Path) -> str:
        """Return the SHA-256 of an existing file, which is read only if it has changed."""
        state = Path(file).stat()
        stamp = [state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino]
        entry = self._new.get(str(file)) or self._kept.get(str(file))
        if not isinstance(entry, list) or entry[:-1] != stamp:
            entry = [*stamp, sha256(file)]
            if time.time() - state.st_ctime >= self._settled:
                self._new[str(file)] = entry
        return str(entry[-1])

    def save(self) -> None:
        """Write what is new, beside what another process or part has written meanwhile."""
        if self._new:
            write_json(self._path, read_memory(self._path) | self._new, indent=None)


def read_memory(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file of this room; a missing or damaged one holds nothing."""
    try:
        content = read_json(path)
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        logger.warning("%s: is damaged; the files are hashed again", path)
        return {}
    return content
