"""Claims on outputs: of two calls that write the same file, only the later one may do so.

A killed run may leave a process behind that goes on working and writes its file at last, over newer
data of another call. So a call claims its output when it starts: it makes a hidden folder beside
it, removes the folders and files of earlier calls, and writes its own files inside. A file can be
renamed out of that folder only while the folder is there. This needs no lock and no number of a
process, so it also holds between machines that share a disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gains.support.file_errors import unwritable

TEMPORARY = ".tmp-"
"""Start of the name of every temporary file or folder."""
RANDOM = 8
"""Number of random characters that follow it; then comes the suffix of :func:`temporary_suffix`."""
GONE = "-"
"""First of these characters in the name of a folder that is being removed; no claim has it."""
LONGEST = 200
"""Largest number of bytes in the name of an output that stands whole in temporary names."""

_CLAIMS: dict[Path, Path] = {}
"""The folder of each claim of this process, by the path of the output."""


class SupersededError(OSError):
    """A later call writes the same output."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: another call that writes this file started later, so this one ends here and "
            "leaves the file to it"
        )


def temporary_suffix(name: str) -> str:
    """Return the end of the temporary names of an output: its name, or a hash and its last part."""
    whole = os.fsencode(name)
    if len(whole) <= LONGEST:
        return name
    return hashlib.sha256(whole).hexdigest()[:16] + name[-40:]


@contextlib.contextmanager
def claimed(path: str | Path) -> Iterator[None]:
    """Claim an output while the block runs, for this process and those that it forks.

    The claim covers the files beside the output and, if the output is a folder, those below it. A
    claim inside another one on the same output changes nothing.

    Args:
        path: the file or folder to write; its folder is created.

    Raises:
        ValueError: its folder cannot be written to.
    """
    path = _real(Path(path))
    if path in _CLAIMS:
        yield
        return
    missing = [parent for parent in path.parents if not parent.exists()]
    for folder in (path.parent, path):
        remove_temporaries(folder, path.name)
    _CLAIMS[path] = _new_claim(path)
    try:
        yield
    finally:
        shutil.rmtree(_CLAIMS.pop(path), ignore_errors=True)
        with contextlib.suppress(OSError):  # a folder that holds something stays
            for parent in missing:
                parent.rmdir()


def _new_claim(path: Path) -> Path:
    # a folder may be another disk than the one that holds it, for example in a container
    place = path if path.is_dir() else path.parent
    try:
        try:
            own = _new_folder(place, path.name)
        except FileNotFoundError:  # a call that ended removed the place while it was empty
            own = _new_folder(place, path.name)
    except OSError as error:
        raise unwritable(error, path) from error
    # Another claim is there only if two calls started at the same time. The greater name wins, so
    # that exactly one of them goes on.
    rivals = [other for other in _temporaries(place, path.name) if other != own]
    for other in rivals:
        if own.is_dir():  # a call that removed this claim before it made its own came later
            _discard(min(own, other))
    return own


def _new_folder(place: Path, name: str) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=place, prefix=TEMPORARY, suffix=temporary_suffix(name)))


def require_claim(path: str | Path) -> None:
    """Return if no later call has claimed the output, or if this process did not claim it.

    Raises:
        SupersededError: a later call has.
    """
    claim = _CLAIMS.get(_real(Path(path)))
    if claim is not None and not claim.is_dir():
        raise SupersededError(Path(path))


@contextlib.contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """Yield the folder for the temporary files of an output, on the same disk.

    Raises:
        SupersededError: the block failed because a later call has claimed the output.
    """
    claim = _covering(_real(path))
    try:
        yield claim or path.parent
    except Exception as error:
        if claim and not claim.is_dir():
            raise SupersededError(path) from error
        raise


def remove_temporaries(folder: Path, name: str | None = None) -> None:
    """Remove the temporary files and folders of other processes, which can then not finish.

    Args:
        folder: the folder that holds them; it may be missing.
        name: the output that they belong to; by default any.
    """
    for path in _temporaries(folder, name):
        _discard(path)


def _temporaries(folder: Path, name: str | None) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.startswith(TEMPORARY)]
    wanted = None if name is None else temporary_suffix(name)
    return [path for path in found if wanted in (None, path.name[_START:])]


def _discard(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir():
            # After this one step the other process finds none of its files, also not those that
            # it makes while they are being removed. The new name is less than that of any claim,
            # because the folder stays for a while, or for ever: a network disk keeps a file that is
            # open, and another person's folder cannot be emptied.
            name = f"{TEMPORARY}{GONE}{os.urandom(RANDOM // 2).hex()[1:]}{path.name[_START:]}"
            shutil.rmtree(path.rename(path.with_name(name)), ignore_errors=True)
        else:
            path.unlink()


def _covering(path: Path) -> Path | None:
    if path in _CLAIMS:
        return _CLAIMS[path]
    for output, claim in _CLAIMS.items():
        if output.parent == path.parent or output in path.parents:
            return claim
    return None


def _real(path: Path) -> Path:
    if path.is_dir():
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent)) / path.name


_START = len(TEMPORARY) + RANDOM
