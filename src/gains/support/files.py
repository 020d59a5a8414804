"""Reading and writing of files, which are written completely or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gains.support.claims import TEMPORARY, SupersededError, temporary_suffix, workplace
from gains.support.file_errors import full_disk_named, unwritable, why_not_parsed, worded

logger = logging.getLogger(__name__)


def check_output(path: str | Path) -> None:
    """Check that a file can be written, before its content is computed.

    Raises:
        ValueError: the path is a folder, a pipe, a socket or a device, or its folder cannot be
            created or written to.
    """
    path = Path(path)
    try:
        kind = _kind(path)
        if kind in (None, stat.S_IFREG):
            path.parent.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise unwritable(error, path) from error
    if kind == stat.S_IFDIR:
        raise ValueError(f"{path}: is a folder; name a file to write")
    if kind not in (None, stat.S_IFREG):
        # the file is renamed to its place, which would remove the device for every program
        raise ValueError(f"{path}: is a pipe, socket or device; name a file to write")


def _kind(path: Path) -> int | None:
    """Return the kind of a file, as ``stat.S_IFMT`` does, or None if there is no such file."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path that replaces ``path`` only if the block succeeds.

    The suffixes are kept, because several libraries choose the format by them.

    Raises:
        ValueError: ``path`` is a folder, or its folder cannot be written to.
        SupersededError: a call that started later writes the same output.
        OSError: the disk is full; ``path`` is then unchanged.
    """
    path = Path(path)
    check_output(path)
    with workplace(path) as folder:
        handle, name = tempfile.mkstemp(
            dir=folder, prefix=TEMPORARY, suffix=temporary_suffix(path.name)
        )
        os.close(handle)
        temporary = Path(name)
        try:
            with full_disk_named(path):
                yield temporary
                temporary.chmod(0o644)
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
                temporary.replace(path)
        except FileNotFoundError as error:
            if temporary.exists():
                raise
            raise SupersededError(path) from error
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def written_last(path: str | Path, data: bytes) -> Iterator[None]:
    """Write a file whose companions the block writes; it never stands beside those of another call.

    The errors are those of :func:`atomic_path`; a full disk is noticed before anything is replaced.

    Args:
        path: the file that other steps read first.
        data: its content.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
        withdraw(path)
        yield


def withdraw(path: str | Path) -> None:
    """Remove an output before the files that belong to it are replaced; it may be missing.

    Raises:
        SupersededError: a call that started later writes the same output.
    """
    path = Path(path)
    if path.is_file():
        with workplace(path) as folder:
            path.replace(folder / f"{TEMPORARY}{os.urandom(4).hex()}").unlink()


def require_suffix(path: str | Path, *suffixes: str) -> Path:
    """Return ``path`` if its name ends in one of the suffixes.

    Raises:
        ValueError: the name has another ending.
    """
    path = Path(path)
    if path.suffix not in suffixes:
        raise ValueError(f"{path}: expected a name ending in {' or '.join(suffixes)}")
    return path


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` atomically as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, content: Any, indent: int | None = 1) -> None:
    """Write JSON atomically, compressed for ``.gz``; equal content gives equal bytes."""
    data = json_bytes(path, content, indent)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def json_bytes(path: str | Path, content: Any, indent: int | None = 1) -> bytes:
    """Return what :func:`write_json` writes into a file of that name."""
    text = json.dumps(content, indent=indent, sort_keys=True, allow_nan=False) + "\n"
    data = text.encode()
    return gzip.compress(data, compresslevel=6, mtime=0) if Path(path).suffix == ".gz" else data


def require_file(path: str | Path, missing: str = "no such file") -> Path:
    """Return ``path`` if it is a file.

    Args:
        path: the path, which may be a link to a file.
        missing: what an error says about a file that does not exist.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the path is a folder, a pipe, a socket or a device, or leads nowhere.
    """
    path = Path(path)
    try:
        kind = _kind(path)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: holds a zero byte; leave it out") from error
    except OSError as error:
        text = worded(error, path)
        raise ValueError(text) from error
    if kind is None:
        raise FileNotFoundError(f"{path}: {missing}")
    if kind == stat.S_IFDIR:
        raise ValueError(f"{path}: is a folder, expected a file")
    if kind != stat.S_IFREG:
        raise ValueError(
            f"{path}: is a pipe, socket or device, expected a file; copy its content to a file"
        )
    return path


def read_json(path: str | Path) -> Any:
    """Read JSON, plain or gzip; the content decides which of the two it is, not the name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the path is a folder, or the file is not complete JSON, is nested too deeply, or
            has a key twice in one object.
    """
    data = require_file(path).read_bytes()
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return json.loads(data, object_pairs_hook=_with_unique_keys)
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise ValueError(
            f"{path}: expected complete JSON (plain or gzip), but reading failed: "
            f"{why_not_parsed(error)}; make the file again"
        ) from error


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object")
    return content


def parse_object(text: str, where: str) -> dict[str, Any]:
    """Parse a JSON object, such as the value of a command-line option.

    Args:
        text: the JSON.
        where: name of the source in an error, e.g. ``--settings``.

    Raises:
        ValueError: the text is not JSON, or the JSON is not an object.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{where}: expected a JSON object, found {text[:80]!r}, which is not JSON: "
            f"{why_not_parsed(error)}"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{where}: expected a JSON object, found {text[:80]!r}")
    return content


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; errors as in :func:`require_file`."""
    with require_file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settings_hash(settings: Any) -> str:
    """Return a 16-digit hash of JSON-like settings, independent of key order."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
