"""Names of files from elsewhere: those that stay in their folder, and those that collide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from gains.support.names import is_junk, normal

ARCHIVE_SUFFIXES = (".zip", ".tar.gz", ".tgz")
LONGEST = 200
"""Limit of a name in bytes; 255 are possible, of which names of partial downloads need some."""
PARTIAL = ".part"
"""Ending of a partial download, which lies beside its file."""


def archive_folder(name: str) -> str | None:
    """Return the folder that an archive is unpacked into, or None if the file is not an archive."""
    for suffix in ARCHIVE_SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


def name_problem(name: str) -> str | None:
    """Return why a name of a file or folder, without its path, is refused; None if it is not."""
    if name in ("", ".", ".."):
        return "has an empty part, or leaves the folder of the data set"
    if "/" in name or "\\" in name or ":" in name:
        return "leaves the folder of the data set on some systems (a slash, backslash or drive)"
    if re.search(r"[\x00-\x1f\x7f]", name):
        return "has a control character"
    if len(name.encode(errors="surrogatepass")) > LONGEST:
        return f"has a part of more than {LONGEST} bytes"
    return None


def path_problem(path: str) -> str | None:
    """Return why a path below the folder of a data set is refused; None if it is not.

    The names of receipts, locks, partial downloads and temporary files are refused too.

    Args:
        path: parts with ``/`` between them; a path that ends in ``/`` is a folder.
    """
    if normal(path) != path:
        return "has characters in a decomposed Unicode form; write it in the form NFC"
    for part in path.removesuffix("/").split("/"):
        problem = name_problem(part)
        if problem:
            return problem
        if part.startswith("~") or is_junk(PurePosixPath(part)):
            return "is hidden or temporary, so it would not be found again; choose another name"
        if part.casefold().endswith(PARTIAL):
            return f"ends like a partial download ({PARTIAL}); choose another name"
    return None


def folded(path: str) -> PurePosixPath:
    """Return a path as a disk sees it that knows neither case nor forms of Unicode."""
    return PurePosixPath(normal(path.casefold()))


def collision(places: Iterable[tuple[str, str]]) -> str | None:
    """Return a sentence about two paths of which one is the other, or lies below it.

    Args:
        places: paths, each with what it is, e.g. the file that it comes from.
    """
    taken: dict[PurePosixPath, str] = {}
    for path, what in places:
        place = folded(path)
        if place in taken:
            return f"{what} and {taken[place]} have one place, {path}"
        taken[place] = what
    for place, what in taken.items():
        for parent in place.parents:
            if parent in taken:
                return f"{what} lies in the place of {taken[parent]}"
    return None
