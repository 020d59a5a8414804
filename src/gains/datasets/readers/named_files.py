"""Published files whose names say what they are."""

from __future__ import annotations

import re
from pathlib import Path

from gains.datasets.readers.raw_files import some_files


def named_files(
    root: str | Path, pattern: re.Pattern[str], example: str, *globs: str
) -> dict[tuple[str, ...], Path]:
    """Return the files below ``root`` by the groups of their names, sorted by those.

    Args:
        root: searched with all its folders.
        pattern: of the whole file name; its groups are the key.
        example: a good name, for messages.
        globs: which files to look at, as in :func:`gains.datasets.readers.raw_files.some_files`.

    Raises:
        FileNotFoundError: no such folder, or no such file in it.
        ValueError: a name that does not fit, or two files of one key.
    """
    found: dict[tuple[str, ...], Path] = {}
    for path in some_files(root, *globs):
        match = pattern.fullmatch(path.name)
        if match is None:
            raise ValueError(
                f"{path}: unexpected file name; expected names like {example}. Take the file away, "
                "or fetch the data set again"
            )
        key = match.groups()
        if key in found:
            raise ValueError(f"{path} and {found[key]} are both {' '.join(key)}; leave one of them")
        found[key] = path
    return dict(sorted(found.items()))
