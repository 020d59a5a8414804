"""Folders that are created complete or not at all, and the checksums of their files."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gains.config.base import Settings
from gains.support.claims import TEMPORARY
from gains.support.file_errors import full_disk_named
from gains.support.files import sha256
from gains.support.names import is_junk


class Content(Settings):
    """Size and checksum of a file or of a folder.

    Attributes:
        bytes: size of the file, or total size of the folder.
        sha256: checksum of the file, or of the sorted list of the folder's files.
    """

    bytes: Annotated[int, Field(ge=0, strict=True)]
    sha256: str


def content_of(path: Path) -> Content:
    """Return size and checksum of a file."""
    return Content(bytes=path.stat().st_size, sha256=sha256(path))


def files_below(folder: Path) -> list[str]:
    """Return the relative paths of all files, sorted, without junk."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not is_junk(path))


def contents_of(folder: Path, paths: Iterable[str] | None = None) -> dict[str, Content]:
    """Return size and checksum of files in a folder, by relative path; by default of all files."""
    listed = files_below(folder) if paths is None else sorted(paths)
    return {path: content_of(folder / path) for path in listed}


def listing(contents: dict[str, Content]) -> Content:
    """Return the total size of a folder and the checksum of its sorted (path, checksum) lines."""
    lines = "".join(f"{path}\0{contents[path].sha256}\n" for path in sorted(contents))
    total = sum(content.bytes for content in contents.values())
    return Content(bytes=total, sha256=hashlib.sha256(lines.encode()).hexdigest())


def size_problems(folder: Path, sizes: dict[str, int], besides: Collection[str] = ()) -> list[str]:
    """Return a sentence for each file of a folder that is missing, extra or of another size.

    Args:
        folder: the folder; its files are not read.
        sizes: expected sizes by relative path.
        besides: relative paths that may also be there.
    """
    problems = []
    for path, size in sizes.items():
        file = folder / path
        if not file.is_file():
            problems.append(f"{path} is missing")
        elif file.stat().st_size != size:
            problems.append(f"{path} has {file.stat().st_size} bytes, expected {size}")
    extra = set(files_below(folder)) - sizes.keys() - set(besides)
    return problems + [f"{path} is extra" for path in sorted(extra)]


def require_space(folder: Path, size: int, what: str) -> None:
    """Check that ``size`` bytes fit on the disk of ``folder``.

    Raises:
        OSError: they do not fit.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(
            errno.ENOSPC,
            f"{what} needs {size} bytes, but only {free} are free; make room and run it again",
            str(folder),
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to ``target`` only if the block succeeds.

    Raises:
        FileExistsError: ``target`` exists already.
        OSError: the disk is full; nothing is left behind.
    """
    if target.exists():
        raise FileExistsError(f"{target}: exists already; remove it first")
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=TEMPORARY))
    try:
        with full_disk_named(target):
            yield temporary
            temporary.chmod(0o755)
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
