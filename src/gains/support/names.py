"""Names of files: their spelling, those that do not count, and what is recorded of them."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePath

JUNK = ("__macosx", "thumbs.db", "desktop.ini")


def normal(name: str) -> str:
    """Return a name in Unicode normal form C, in which an accented letter is one character.

    macOS and some archivers write two characters, a letter and its accent, which look the same.
    """
    return unicodedata.normalize("NFC", name)


def slashed(name: str) -> str:
    """Return a path that may be written as on Windows, with slashes between its parts."""
    return name.replace("\\", "/")


def is_junk(path: PurePath) -> bool:
    """Return whether a relative path is hidden, or was left by an archiver or a file manager."""
    return any(part.startswith(".") or part.lower() in JUNK for part in path.parts)


def portable(path: str | Path) -> str:
    """Return a path below the working folder relative to it, and of any other path the name.

    What is written of a path then does not depend on the machine.
    """
    relative = PurePath(os.path.relpath(path))
    return relative.name if relative.parts[:1] == ("..",) else relative.as_posix()
