"""Download of one file over HTTP: resumed, limited in time, and checked before it is renamed."""

from __future__ import annotations

import logging
import math
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gains.fetch.errors import MirrorError, reason
from gains.fetch.folders import Content, content_of, require_space
from gains.fetch.lockfile import Known
from gains.fetch.names import PARTIAL, archive_folder
from gains.fetch.sessions import session
from gains.fetch.unpack import check_archive
from gains.support.file_errors import full_disk_named
from gains.support.files import read_json, write_json
from gains.support.progress import progress

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
MEGABYTE = 1_000_000
PAGE = "a web page came instead of the file (a login, consent or error page); open it in a browser"


@dataclass(frozen=True)
class DownloadLimits:
    """Limits of time and attempts for one download.

    Attributes:
        connect: time to connect, seconds.
        read: time without any data after which the transfer is broken, seconds.
        window: time within which ``least`` bytes must arrive, seconds; a server that sends too
            slowly is given up.
        least: number of bytes for ``window``.
        attempts: number of attempts for one file, including the first.
        pause: time before the second attempt, seconds; twice as long before the third, and so on.
    """

    connect: float = 15
    read: float = 60
    window: float = 120
    least: int = 1 << 16
    attempts: int = 4
    pause: float = 2


class _BrokenError(Exception):
    """The transfer broke; another attempt may succeed."""


@dataclass(frozen=True)
class _Marks:
    """Facts that show whether the server still holds the file that a partial download came from."""

    url: str
    etag: str
    modified: str
    size: int | None

    @property
    def validator(self) -> str:
        """Value for ``If-Range``; a weak tag does not guarantee equal bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


def download(url: str, target: Path, known: Known, limits: DownloadLimits) -> Content:
    """Download a file; ``target`` appears only when it is whole and has the known checksum.

    A broken transfer leaves ``<target>.part``. The next call continues from it if the server
    says that it still holds the same file (ETag or Last-Modified, and the size).

    Returns:
        Size and checksum of the file.

    Raises:
        MirrorError: the download failed; the message gives the reason.
        OSError: the disk is full.
    """
    transfer = _Transfer(url, target, known, limits)
    try:
        transfer.complete()
    except MirrorError:
        transfer.tidy()
        raise
    found = content_of(transfer.part)
    problem = known.problem(found)
    if problem is None and archive_folder(target.name):
        problem = _archive_problem(transfer.part, target.name, known)
    if problem is not None:
        transfer.remove()
        raise MirrorError(problem)
    transfer.part.replace(target)
    transfer.remove()
    return found


def _archive_problem(part: Path, name: str, known: Known) -> str | None:
    """Say why a downloaded file is not the archive that its name promises, or return None."""
    try:
        check_archive(part, name)
    except ValueError as error:
        return f"{str(error).replace(str(part), name)} {known.advice}".strip()
    return None


class _Transfer:
    """The transfer of one file into ``<target>.part``."""

    def __init__(self, url: str, target: Path, known: Known, limits: DownloadLimits) -> None:
        self.url, self.target, self.known, self.limits = url, target, known, limits
        self.part = target.with_name(f"{target.name}{PARTIAL}")
        self.marks = target.with_name(f".{target.name}{PARTIAL}.json")

    def tidy(self) -> None:
        """Remove the partial file if it is empty."""
        if not self.part.is_file() or not self.part.stat().st_size:
            self.remove()

    def remove(self) -> None:
        """Remove the partial file and its marks."""
        self.part.unlink(missing_ok=True)
        self.marks.unlink(missing_ok=True)

    def complete(self) -> None:
        """Repeat the attempts until ``part`` is complete."""
        said = ""
        with session() as connection:
            for attempt in range(self.limits.attempts):
                time.sleep(self.limits.pause * attempt)
                try:
                    return self._attempt(connection)
                except _BrokenError as error:
                    said = f"{error} (attempt {attempt + 1} of {self.limits.attempts})"
                    logger.info("%s: %s", self.url, said)
        kept = self.part.stat().st_size if self.part.exists() else 0
        rest = f"; {self.part} keeps {kept} bytes to continue from" if kept else ""
        raise MirrorError(f"{said}{rest}")

    def _attempt(self, connection: requests.Session) -> None:
        import requests
        import urllib3

        marks = self._kept()
        have = self.part.stat().st_size if marks else 0
        headers = {"Range": f"bytes={have}-", "If-Range": marks.validator} if marks else {}
        timeout = (self.limits.connect, self.limits.read)
        try:
            with connection.get(
                self.url, headers=headers, stream=True, timeout=timeout
            ) as response:
                if marks and not _continues(response, have, marks):
                    self.part.unlink()
                    raise _BrokenError(
                        "the server cannot continue the partial download; it is started again"
                    )
                _refuse(response, self.target.name)
                self._receive(response, have if response.status_code == 206 else 0)
        except requests.exceptions.SSLError as error:
            raise MirrorError(f"no secure connection: {error}") from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            urllib3.exceptions.HTTPError,
        ) as error:
            raise _BrokenError(reason(error)) from error
        except requests.RequestException as error:  # e.g. a loop of redirects
            raise MirrorError(f"{type(error).__name__}: {error}") from error

    def _kept(self) -> _Marks | None:
        """Return the marks of a partial file if it can be continued; otherwise remove the file."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            marks = _Marks(**read_json(self.marks))
            whole = self.part.is_file() and self.part.stat().st_size
            if whole and marks.url == self.url and marks.validator:
                return marks
        self.part.unlink(missing_ok=True)
        return None

    def _receive(self, response: requests.Response, have: int) -> None:
        """Append the body to the ``have`` bytes that exist already, and check the length."""
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        expected = self.known.bytes if total is None else total
        if self.known.bytes not in (None, expected):
            raise MirrorError(
                f"has {total} bytes there, expected {self.known.bytes}. {self.known.advice}"
            )
        require_space(self.part.parent, (total or 0) - have, self.target.name)
        if not have:
            self.part.write_bytes(b"")
            tag = response.headers.get("ETag", "")
            write_json(self.marks, asdict(_Marks(self.url, tag, _modified(response), total)))
        with full_disk_named(self.part), self.part.open("ab") as file:
            self._pour(response, file, have, total)
        size = self.part.stat().st_size
        if expected is not None and size > expected:
            self.part.unlink()
        if expected is not None and size != expected:
            raise _BrokenError(f"the transfer ended after {size} of {expected} bytes")

    def _pour(
        self, response: requests.Response, file: BinaryIO, have: int, total: int | None
    ) -> None:
        done, since, began = have, have, time.monotonic()
        steps = math.ceil((total or 0) / MEGABYTE)
        with progress(f"{self.target.name}, MB", steps, have // MEGABYTE) as advance:
            # read1 returns what has arrived, so that a slow server is noticed; read would wait.
            while chunk := response.raw.read1(CHUNK, decode_content=False):
                if not done and chunk.lstrip().lower().startswith((b"<!doctype html", b"<html")):
                    raise MirrorError(PAGE)
                file.write(chunk)
                if total and done // MEGABYTE != (done + len(chunk)) // MEGABYTE:
                    advance((done + len(chunk)) // MEGABYTE)
                done += len(chunk)
                if time.monotonic() - began > self.limits.window:
                    if done - since < self.limits.least:
                        raise _BrokenError(
                            f"the transfer has stalled: only {done - since} bytes arrived lately"
                        )
                    since, began = done, time.monotonic()


def _continues(response: requests.Response, have: int, marks: _Marks) -> bool:
    """Return whether an answer is the rest of the same file, or a new start."""
    if response.status_code != 206:
        return response.status_code != 416
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != have:
        return False
    same_size = found[2] == "*" or marks.size is None or int(found[2]) == marks.size
    same_tag = response.headers.get("ETag", marks.etag) == marks.etag
    return same_size and same_tag and _modified(response, marks.modified) == marks.modified


def _modified(response: requests.Response, default: str = "") -> str:
    return response.headers.get("Last-Modified", default)


def _refuse(response: requests.Response, name: str) -> None:
    """Raise if an answer is an error, or a web page instead of the file."""
    code = response.status_code
    if code in (408, 425, 429) or code >= 500:
        raise _BrokenError(f"the server is busy or broken ({code} {response.reason})")
    if code in (401, 403):
        raise MirrorError(
            f"the server refuses ({code}): it may require a login or consent; open it in a browser"
        )
    if code not in (200, 206):
        raise MirrorError(f"no such file there ({code} {response.reason})")
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise MirrorError(
            f"the server compresses the file ({encoding}), although it was asked not to"
        )
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind == "text/html" and not name.endswith((".html", ".htm")):
        raise MirrorError(PAGE)
