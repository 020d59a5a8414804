"""The errors of the operating system in words: which file, what is wrong, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADVICE = {
    errno.ENOSPC: "the disk is full; make room and run it again",
    errno.EDQUOT: "your quota of this disk is used up; make room and run it again",
    errno.EFBIG: "the file is larger than this system allows (`ulimit -f`); raise the limit, or "
    "choose another disk",
    errno.EACCES: "permission denied; change the permissions of the file or of its folder, or name "
    "another place",
    errno.EPERM: "operation not permitted; change the permissions of the file or of its folder, or "
    "name another place",
    errno.EROFS: "the disk can only be read; name a place on another disk",
    errno.ENAMETOOLONG: "the name is too long for this system; choose a shorter one",
    errno.ELOOP: "the path is a link that leads back to itself; replace the link",
    errno.ENOTDIR: "a part of the path is a file, where a folder was expected; correct the path, "
    "or move that file away",
    errno.EISDIR: "is a folder, expected a file",
    errno.EEXIST: "there is another file of this name; move it away, or name another place",
    errno.ENOENT: "no such file or folder; check the path",
    errno.ENXIO: "is a pipe, socket or device, expected a file",
    errno.EMFILE: "too many files are open; raise the limit with `ulimit -n`",
    errno.ENOMEM: "there is not enough memory; close other programs, or use a larger machine",
    errno.EIO: "the disk failed to read or write; check the disk, and run it again",
}
"""What is wrong and what to do, by the number of the error."""
WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of errors that only writing raises; Python then often names no file."""


def worded(error: OSError, path: str | Path | None = None) -> str:
    """Return the message of an error of the operating system.

    Args:
        error: the error; one that this package has worded itself keeps its words.
        path: the file, if the error names none or another one.
    """
    if error.errno is None:
        return str(error)
    name = error.filename if path is None else path
    return _reason(error) if name is None else f"{os.fsdecode(name)}: {_reason(error)}"


def unwritable(error: OSError, path: Path) -> ValueError:
    """Return the error of an output that cannot be written, in place of one on a part of its path.

    Args:
        error: the error, which may name a folder or a temporary file.
        path: the output.
    """
    return ValueError(f"{path}: cannot be written: {_reason(error)}")


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    if error.errno is not None and text == os.strerror(error.errno):
        return ADVICE.get(error.errno, text)
    return text


def why_not_parsed(error: Exception) -> str:
    """Return, in one line, why a parser of JSON or YAML refused its text."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    text = " ".join(str(error).split())
    # Python's message goes on with advice for programmers
    return text.split(" for integer string conversion")[0].replace(
        "Exceeds the limit (4300 digits)", "a number has more than 4300 digits"
    )


@contextmanager
def full_disk_named(target: str | Path) -> Iterator[None]:
    """Add to the error of a full disk which file was being written, and what to do.

    Raises:
        OSError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        # an error in other words was raised, and worded, by this package
        if error.errno not in WRITING or error.strerror != os.strerror(error.errno):
            raise
        text = f"{error.strerror}: {ADVICE[error.errno]}"
        raise OSError(error.errno, text, str(target)) from error
