"""Names of files, which operating systems and annotation programs write in different ways."""

from __future__ import annotations

import unicodedata


def normal(name: str) -> str:
    """Return a name in Unicode normal form C, in which an accented letter is one character.

    macOS and some archivers write two characters, a letter and its accent, which look the same.
    """
    return unicodedata.normalize("NFC", name)
