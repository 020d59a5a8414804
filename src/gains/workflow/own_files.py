"""The content of a person's own files, which decides what runs again.

Snakemake compares dates and paths of inputs. But a restored file may be older than what was made
from the file that it replaces, and equal files may lie elsewhere on another machine. So own files
are no inputs of a rule; a digest of their content is one of its parameters.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gains.support.files import write_json
from gains.workflow.hash_memory import MEMORY, HashMemory, read_memory
from gains.workflow.metadata import recorded_params

logger = logging.getLogger(__name__)

LISTS = MEMORY.with_name("image-names.json")
MISSING = "missing"
SETTLED = 2.0
"""Seconds after which a further change of a file has another date on every file system."""
NOTICE = 1.0
"""Seconds of reading after which a line says what is being done."""

Files = Callable[[], Mapping[str, Path]]
"""Function that returns files by names that do not depend on where they lie.

It raises FileNotFoundError if they are not on this machine.
"""


class OwnFiles:
    """Digests of files, and the names that JSON files list; both are remembered.

    Args:
        hashes: file that remembers the digests.
        lists: file that remembers the names by the digest of the JSON file.
    """

    def __init__(self, hashes: Path = MEMORY, lists: Path = LISTS) -> None:
        self._hashes, self._path = HashMemory(hashes, SETTLED), lists

    def digest(self, files: Files, output: str) -> str:
        """Return one digest of the names and the content of files.

        If the files are not on this machine, what was made from them elsewhere is used as it is:
        the digest is then that in Snakemake's record of ``output``.

        Args:
            files: the files.
            output: a file that is made from them.
        """
        try:
            found = files()
        except FileNotFoundError as error:
            recorded = re.findall("files:[0-9a-f]{64}", " ".join(recorded_params(output)))
            if not recorded or not Path(output).exists():
                return MISSING
            logger.warning("%s. %s was made from it before and is used as it is", error, output)
            return str(recorded[0])
        began, told = time.monotonic(), False
        total = hashlib.sha256()
        for name, path in sorted(found.items()):
            if not told and time.monotonic() - began > NOTICE:
                logger.warning(
                    "reading %d files to see whether they changed, first %s; the next call "
                    "remembers them",
                    len(found),
                    next(iter(found.values())),
                )
                told = True
            total.update(f"{name}\0{self.sha256(path)}\n".encode(errors="surrogateescape"))
        self.save()
        return f"files:{total.hexdigest()}"

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file, or :data:`MISSING` if it cannot be read."""
        try:
            return self._hashes.sha256(path)
        except (OSError, ValueError):  # the step that reads the file reports this
            return MISSING

    def names(self, listing: Path, read: Callable[[Path], list[str]]) -> list[str]:
        """Return what ``read`` finds in a file, which is remembered by the file's content."""
        digest, known = self.sha256(listing), read_memory(self._path)
        if digest == MISSING:
            return []
        names = known.get(digest)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            names = read(listing)
            write_json(self._path, {**known, digest: names}, indent=None)
        return names

    def save(self) -> None:
        """Write what is new to the memory of digests."""
        self._hashes.save()


def first_missing(files: Files) -> str | None:
    """Return a sentence on the first file that is missing, or None."""
    try:
        absent = [path for path in files().values() if not path.is_file()]
    except FileNotFoundError as error:
        return str(error)
    return f"{absent[0]}: no such file" if absent else None
