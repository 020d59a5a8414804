"""Unpacking of archives from untrusted sources."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from gains.fetch.folders import Content, require_space, whole_folder
from gains.fetch.names import archive_folder
from gains.support.names import is_junk

MOST_ENTRIES = 500_000
MOST_BYTES = 64 * 10**9
CHUNK = 1 << 20
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # zipfile raises this for an unknown compression
)


@dataclass(frozen=True)
class ArchiveLimits:
    """Limits of an archive's content.

    Attributes:
        entries: number of files and folders.
        bytes: total size of the unpacked files; the largest archive of PanNuke takes about 13 GB.
    """

    entries: int = MOST_ENTRIES
    bytes: int = MOST_BYTES


LIMITS = ArchiveLimits()


@dataclass(frozen=True)
class _Member:
    """A file in an archive: its path below the destination folder, and the way to read it."""

    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, folder: Path, limits: ArchiveLimits = LIMITS) -> dict[str, Content]:
    """Unpack an archive into a folder that appears complete or not at all.

    If the archive holds a single top folder with the name of ``folder``, its files go directly into
    ``folder``. Hidden files, and files that archivers add, are skipped. All entries are checked
    before anything is written.

    Args:
        archive: zip, or tar with gzip.
        folder: folder to create; it must not exist.
        limits: limits of the content.

    Returns:
        The files by relative path.

    Raises:
        FileExistsError: ``folder`` exists.
        OSError: the disk is full or too small.
        ValueError: the archive is incomplete, hostile, too large, or holds no files.
    """
    with _members(archive, folder.name, limits) as members:
        require_space(folder.parent, sum(m.size for m in members), f"what {archive} holds")
        with whole_folder(folder) as temporary:
            return {
                str(member.path): _write(member, temporary, archive)
                for member in sorted(members, key=lambda member: member.path)
            }


def contents_in(archive: Path, folder: Path, limits: ArchiveLimits = LIMITS) -> dict[str, Content]:
    """Return size and checksum of the files that :func:`unpack` would write, by relative path.

    Raises:
        ValueError: as :func:`unpack`.
    """
    with _members(archive, folder.name, limits) as members:
        return {str(member.path): _poured(member, None, archive) for member in members}


def check_archive(archive: Path, name: str, limits: ArchiveLimits = LIMITS) -> None:
    """Check that a file is an archive with allowed entries, without reading their content.

    Args:
        archive: the file, which may have any name.
        name: its final name, whose suffix tells the kind of archive.
        limits: limits of the content.

    Raises:
        ValueError: as :func:`unpack`.
    """
    with _members(archive, archive_folder(name) or "", limits, name):
        pass


def _write(member: _Member, folder: Path, archive: Path) -> Content:
    target = folder / member.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        return _poured(member, file, archive)


def _poured(member: _Member, file: BinaryIO | None, archive: Path) -> Content:
    """Copy one file of the archive, or only read it, up to the size that the archive states."""
    digest, size = hashlib.sha256(), 0
    source = member.open()
    if source is None:
        raise ValueError(f"{archive}: {member.path} cannot be read; fetch the archive again")
    with source:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > member.size:
                break
            if file is not None:
                file.write(chunk)
            digest.update(chunk)
    if size != member.size:
        raise ValueError(
            f"{archive}: {member.path} should have {member.size} bytes, but has "
            f"{'more' if size > member.size else size}; the archive is damaged or hostile"
        )
    return Content(bytes=size, sha256=digest.hexdigest())


@contextmanager
def _members(
    archive: Path, stem: str, limits: ArchiveLimits, name: str | None = None
) -> Iterator[list[_Member]]:
    """Open an archive, check it and yield its files."""
    try:
        if (name or archive.name).lower().endswith(".zip"):
            with zipfile.ZipFile(archive) as file:
                yield _checked(archive, _zip_entries(archive, file), stem, limits)
        else:
            with tarfile.open(archive, "r:gz") as tar:
                yield _checked(archive, _tar_entries(archive, tar), stem, limits)
    except BROKEN as error:
        raise ValueError(
            f"{archive}: expected a complete archive ({error}); remove it and fetch it again"
        ) from error


def _zip_entries(archive: Path, file: zipfile.ZipFile) -> Iterator[tuple[str, _Member | None]]:
    for info in file.infolist():
        # orig_filename is used, because zipfile cuts names at a zero byte and changes separators on
        # Windows.
        name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
        if info.flag_bits & 1:
            raise ValueError(f"{archive}: {name!r} is encrypted; unpack it by hand")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{archive}: {name!r} is a link or device; refused")
        path = _safe(archive, name)
        opened = (lambda info=info: file.open(info)) if not info.is_dir() else None
        yield name, _Member(path, info.file_size, opened) if opened else None


def _tar_entries(archive: Path, file: tarfile.TarFile) -> Iterator[tuple[str, _Member | None]]:
    for info in file:
        if not (info.isreg() or info.isdir()):
            raise ValueError(f"{archive}: {info.name!r} is a link or device; refused")
        path = _safe(archive, info.name)
        opened = (lambda info=info: file.extractfile(info)) if info.isreg() else None
        yield info.name, _Member(path, info.size, opened) if opened else None


def _safe(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    drive = path.parts and path.parts[0][1:2] == ":"
    if path.is_absolute() or ".." in path.parts or drive or "\\" in name or "\0" in name:
        raise ValueError(f"{archive}: entry {name!r} leaves its folder; refused as hostile")
    return path


def _checked(
    archive: Path, entries: Iterator[tuple[str, _Member | None]], stem: str, limits: ArchiveLimits
) -> list[_Member]:
    """Return the files after a check of their number, total size and names."""
    found: dict[PurePosixPath, _Member] = {}
    number = total = 0
    for name, member in entries:
        number += 1
        total += member.size if member else 0
        if number > limits.entries or total > limits.bytes:
            raise ValueError(
                f"{archive}: holds more than {limits.entries} entries or {limits.bytes} bytes; "
                "refused. If you trust it, unpack it by hand"
            )
        if member is None or is_junk(member.path):
            continue
        if member.path in found:
            raise ValueError(f"{archive}: holds {name!r} twice; refused as hostile")
        found[member.path] = member
    for path in found:
        if any(parent in found for parent in path.parents):
            raise ValueError(f"{archive}: a parent of {str(path)!r} is a file; refused as hostile")
    if not found:
        raise ValueError(f"{archive}: holds no file; fetch another version of it")
    if {path.parts[0] for path in found} == {stem} and min(len(p.parts) for p in found) > 1:
        return [
            _Member(member.path.relative_to(stem), member.size, member.open)
            for member in found.values()
        ]
    return list(found.values())
